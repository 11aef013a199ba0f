// SPDX-License-Identifier: MIT
#include "shuttle.hpp"

#include <warren/runtime/park.hpp>
#include <warren/runtime/system.hpp>

namespace warren::tests {

namespace {

constexpr int looks_before_yield = 20;

}  // namespace

shuttle::shuttle() : thread_([this] { carry(); }) {}

shuttle::~shuttle() {
  over_ = true;
  thread_.join();
}

bool shuttle::take_aboard(runtime::goroutine* g, void* self) noexcept {
  auto* s = static_cast<shuttle*>(self);
  g->next = s->aboard_.load();
  while (!s->aboard_.compare_exchange_weak(g->next, g)) {
  }
  return true;
}

void shuttle::carry() {
  for (int looks = 0; !over_; ++looks) {
    runtime::goroutine* chain = aboard_.exchange(nullptr);
    if (chain == nullptr && looks % looks_before_yield == 0) runtime::sys::yield_thread();
    while (chain != nullptr) {
      runtime::goroutine* g = chain;
      chain = g->next;
      runtime::ready(g);
    }
  }
}

void shuttle::hop() {
  static constexpr runtime::park_kind hopping{runtime::wait_reason::semacquire, take_aboard, nullptr};
  const int before = runtime::sys::thread_id();
  runtime::park(hopping, this);
  if (runtime::sys::thread_id() != before) migrations_.fetch_add(1);
}

}  // namespace warren::tests
