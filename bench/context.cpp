// SPDX-License-Identifier: MIT
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;
using namespace std::chrono_literals;

namespace {

void with_cancel(std::int64_t n) {
  std::int64_t canceled = 0;
  for (std::int64_t i = 0; i < n; i++) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    cancel();
    if (ctx.err() == context::canceled) canceled++;
  }
  verify(canceled == n, "with_cancel");
}

void with_timeout(std::int64_t n) {
  std::int64_t canceled = 0;
  for (std::int64_t i = 0; i < n; i++) {
    auto [ctx, cancel] = context::with_timeout(context::background(), 1h);
    cancel();
    if (ctx.err() == context::canceled) canceled++;
  }
  verify(canceled == n, "with_timeout");
}

struct layer_key {
  int layer;
  bool operator==(const layer_key&) const = default;
};

// The value at the root, asked of a context ten layers above it.
void value_depth(std::int64_t n) {
  constexpr int depth = 10;
  context ctx = context::background();
  for (int layer = 0; layer < depth; layer++) ctx = context::with_value(ctx, layer_key{layer}, layer + 1);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    const auto v = ctx.value(layer_key{0});
    sum += v.as<int>();
  }
  verify(sum == n, "value_depth_10");
}

constexpr std::size_t children = 10'000;

using context_and_end = std::pair<context, cancel_func>;

// The cancel alone is measured, not the making and the end of the children. Each child's done channel
// exists, as for a context that somebody waits on.
void cancel_children(std::int64_t n, benchmark::State& clock) {
  for (std::int64_t i = 0; i < n; i++) {
    clock.PauseTiming();
    auto [parent, cancel] = context::with_cancel(context::background());
    std::vector<context_and_end> family;
    family.reserve(children);
    for (std::size_t k = 0; k < children; k++) {
      family.push_back(context::with_cancel(parent));
      verify(family.back().first.done() != nil, "cancel_10000");
    }
    clock.ResumeTiming();
    cancel();
    clock.PauseTiming();
    for (context_and_end& child : family) {
      verify(child.first.err() == context::canceled, "cancel_10000");
      child.second();
    }
    family.clear();
    clock.ResumeTiming();
  }
}

const bool measured[] = {
    measure("with_cancel", 1, with_cancel),
    measure("with_timeout", 1, with_timeout),
    measure("value_depth_10", 1, value_depth),
    measure("cancel_10000", 1, cancel_children),
};

}  // namespace
