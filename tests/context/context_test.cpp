// SPDX-License-Identifier: MIT
#include <warren/context/context.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <regex>
#include <sstream>
#include <string>
#include <thread>
#include <tuple>
#include <unordered_set>
#include <utility>
#include <vector>

#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/defer.hpp>
#include <warren/runtime/go.hpp>

#include "channels/crew.hpp"
#include "family.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using tests::children_of;
using tests::comes;
using tests::is_done;
using tests::short_time;
using tests::very_long_time;

template <class F>
std::string panic_of(F f) {
  try {
    f();
  } catch (const panic_error& e) {
    return e.what();
  }
  return "no panic";
}

static_assert(std::is_same_v<decltype(context::with_cancel(context())), std::pair<context, cancel_func>>);
static_assert(std::is_same_v<decltype(context::with_cancel_cause(context())), std::pair<context, cancel_cause_func>>);
static_assert(std::is_same_v<decltype(context::with_timeout(context(), 1s)), std::pair<context, cancel_func>>);
static_assert(std::is_same_v<decltype(context().done()), recv_chan<void>>);
static_assert(std::is_convertible_v<cancel_func, std::function<void()>>);
static_assert(std::is_nothrow_move_constructible_v<context> && std::is_nothrow_move_constructible_v<cancel_func>);

WARREN_TEST(context, TestBackground) {
  const context c = context::background();
  EXPECT_TRUE(c != nil);
  EXPECT_TRUE(c.done() == nil);
  EXPECT_EQ(select(recv(c.done()), otherwise), 1);
  EXPECT_TRUE(c.err() == nil);
  EXPECT_FALSE(c.deadline().has_value());
  EXPECT_EQ(to_string(c), "context.Background");
  EXPECT_TRUE(c == context::background());
}

WARREN_TEST(context, TestTODO) {
  const context c = context::todo();
  EXPECT_TRUE(c != nil && !(c == context::background()));
  EXPECT_FALSE(is_done(c));
  EXPECT_EQ(to_string(c), "context.TODO");
}

WARREN_TEST(context, Handles) {
  context a;
  EXPECT_TRUE(a == nil);
  EXPECT_EQ(to_string(a), "<nil>");
  cancel_func none;
  EXPECT_TRUE(none == nil);
  EXPECT_NE(panic_of(none), "no panic");
  EXPECT_NE(panic_of([&] { a.done(); }), "no panic");
  EXPECT_NE(panic_of([&] { (void)a.err(); }), "no panic");

  cancel_func cancel;
  std::tie(a, cancel) = context::with_cancel(context::background());
  std::tie(a, cancel) = context::with_timeout(a, very_long_time);  // the first cancel is forgotten
  std::tie(a, std::ignore) = context::with_cancel(a);
  const context b = a;
  const cancel_func copy = cancel;
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(copy == cancel);
  EXPECT_EQ(std::unordered_set<context>({a, b, context::background()}).size(), 2u);
  const std::function<void()> f = cancel;
  f();
  EXPECT_TRUE(b.err() == context::canceled);
  cancel = nil;
  EXPECT_TRUE(cancel == nil);

  std::ostringstream out;
  out << context::background();
  EXPECT_EQ(out.str(), "context.Background");
}

WARREN_TEST(context, CancelIsDeferred) {
  context kept;
  {
    auto [ctx, cancel] = context::with_cancel(context::background());
    defer _ = cancel;
    kept = ctx;
    EXPECT_FALSE(is_done(kept));
  }
  EXPECT_TRUE(is_done(kept));
}

// Go: TestWithCancel. The cancel has reached all below when it returns.
WARREN_TEST(context, TestWithCancel) {
  auto [c1, cancel] = context::with_cancel(context::background());
  EXPECT_EQ(to_string(c1), "context.Background.WithCancel");
  const context o = context::with_value(c1, "other", 1);
  auto [c2, cancel2] = context::with_cancel(o);
  const context all[] = {c1, o, c2};
  for (const context& c : all) {
    EXPECT_TRUE(c.done() != nil);
    EXPECT_TRUE(c.err() == nil);
    EXPECT_FALSE(is_done(c));
  }
  cancel();
  for (const context& c : all) {
    EXPECT_TRUE(is_done(c));
    EXPECT_TRUE(c.err() == context::canceled);
  }
  EXPECT_EQ(context::canceled.message(), "context canceled");
  cancel();
  cancel2();
}

WARREN_TEST(context, CancelWakesAllWhoWait) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto [child, _] = context::with_timeout(ctx, very_long_time);
  tests::crew crew;
  for (int i = 0; i < 100; i++) {
    crew.go([c = i % 2 == 0 ? ctx : child] {
      if (c.done().recv()) ADD_FAILURE() << "a value came from a done channel";
    });
    crew.go([c = i % 2 == 0 ? ctx : child] { select(recv(c.done()), recv(time_after(1h))); });
  }
  sleep(short_time);
  cancel();
  crew.wait();
}

void expect_deadline(const context& c, const char* name) {
  EXPECT_EQ(select(recv(c.done()), recv(time_after(20s))), 0) << name << ": context not timed out";
  EXPECT_TRUE(c.err() == context::deadline_exceeded) << name;
}

WARREN_TEST(context, TestDeadline) {
  const context bg = context::background();
  auto [c, _] = context::with_deadline(bg, clock::now() + short_time);
  EXPECT_EQ(to_string(c).rfind("context.Background.WithDeadline(", 0), 0u) << to_string(c);
  expect_deadline(c, "WithDeadline");

  expect_deadline(context::with_deadline(bg, std::chrono::system_clock::now() + short_time).first, "system_clock");
  expect_deadline(context::with_value(context::with_deadline(bg, clock::now() + short_time).first, 1, 1), "otherContext");
  const context o = context::with_value(context::with_deadline(bg, clock::now() + short_time).first, 1, 1);
  expect_deadline(context::with_deadline(o, clock::now() + very_long_time).first, "otherContext+WithDeadline");
  expect_deadline(context::with_deadline(bg, clock::now() - short_time).first, "inthepast");
  EXPECT_TRUE(is_done(context::with_deadline(bg, clock::now()).first)) << "now";
}

WARREN_TEST(context, TestTimeout) {
  const context bg = context::background();
  auto [c, _] = context::with_timeout(bg, short_time);
  EXPECT_EQ(to_string(c).rfind("context.Background.WithDeadline(", 0), 0u) << to_string(c);
  expect_deadline(c, "WithTimeout");
  const context o = context::with_value(context::with_timeout(bg, short_time).first, 1, 1);
  expect_deadline(context::with_timeout(o, very_long_time).first, "otherContext+WithTimeout");
  EXPECT_TRUE(is_done(context::with_timeout(bg, std::chrono::hours::min()).first));
  EXPECT_FALSE(is_done(context::with_timeout(bg, std::chrono::hours::max()).first));
}

WARREN_TEST(context, TestCanceledTimeout) {
  auto [c, _] = context::with_timeout(context::background(), 1s);
  auto [d, cancel] = context::with_timeout(context::with_value(c, 1, 1), very_long_time);
  cancel();
  EXPECT_TRUE(is_done(d));
  EXPECT_TRUE(d.err() == context::canceled);
}

WARREN_TEST(context, DeadlinesOfChildren) {
  const auto near = clock::now() + 1h;
  const auto far = near + 1h;
  auto [parent, c1] = context::with_deadline(context::background(), near);
  auto [later, c2] = context::with_deadline(parent, far);
  auto [sooner, c3] = context::with_deadline(parent, near - 1s);
  auto [plain, c4] = context::with_cancel(parent);
  EXPECT_EQ(parent.deadline(), near);
  EXPECT_EQ(later.deadline(), near);
  EXPECT_EQ(plain.deadline(), near);
  EXPECT_EQ(sooner.deadline(), near - 1s);
  EXPECT_EQ(context::with_value(sooner, 1, 1).deadline(), near - 1s);
  EXPECT_FALSE(context::without_cancel(parent).deadline().has_value());
  // A later deadline than the parent's makes a plain context.
  const std::string text = to_string(later);
  EXPECT_EQ(text.substr(text.rfind(')') + 1), ".WithCancel") << text;
}

// `context.Background.WithDeadline(2026-11-22 11:26:36.589145761 +0000 UTC m=+3600.000063228 [59m59.999720267s])`
WARREN_TEST(context, DeadlineText) {
  auto [c, _] = context::with_timeout(context::background(), 1h);
  const std::string text = to_string(c);
  const std::regex expected(
      R"(context\.Background\.WithDeadline\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,9})? [+-]\d{4} \S+ )"
      R"(m=\+\d+\.\d{9} \[59m59\.\d+s\]\))");
  EXPECT_TRUE(std::regex_match(text, expected)) << text;
}

WARREN_TEST(context, TestParentFinishesChild) {
  auto [parent, cancel] = context::with_cancel(context::background());
  auto [cancel_child, stop1] = context::with_cancel(parent);
  const context value_child = context::with_value(parent, "key", "value");
  auto [timer_child, stop2] = context::with_timeout(value_child, very_long_time);
  static std::atomic<int> called;
  called = 0;
  const auto after_stop = context::after_func(parent, [] { called++; });
  EXPECT_EQ(select(recv(parent.done()), recv(cancel_child.done()), recv(timer_child.done()), recv(value_child.done()),
                   otherwise),
            4);
  EXPECT_EQ(children_of(parent), 3u);

  cancel();
  EXPECT_EQ(children_of(parent), 0u);
  for (const context& c : {parent, cancel_child, value_child, timer_child}) {
    EXPECT_TRUE(is_done(c));
    EXPECT_TRUE(c.err() == context::canceled);
  }
  EXPECT_TRUE(comes([] { return called == 1; }));
  EXPECT_FALSE(after_stop());

  const context precanceled = context::with_value(parent, "key", "value");
  EXPECT_TRUE(is_done(precanceled));
  EXPECT_TRUE(precanceled.err() == context::canceled);
}

WARREN_TEST(context, TestChildFinishesFirst) {
  auto [cancelable, stop] = context::with_cancel(context::background());
  for (const context& parent : {context::background(), cancelable}) {
    auto [child, cancel] = context::with_cancel(parent);
    EXPECT_EQ(select(recv(parent.done()), recv(child.done()), otherwise), 2);
    EXPECT_EQ(children_of(parent), parent == cancelable ? 1u : 0u);
    cancel();
    EXPECT_EQ(children_of(parent), 0u);
    EXPECT_TRUE(is_done(child));
    EXPECT_TRUE(child.err() == context::canceled);
    EXPECT_FALSE(is_done(parent));
    EXPECT_TRUE(parent.err() == nil);
  }
}

WARREN_TEST(context, TestCancelRemoves) {
  auto [ctx, _] = context::with_cancel(context::background());
  EXPECT_EQ(children_of(ctx), 0u);
  {
    auto [child, cancel] = context::with_cancel(ctx);
    EXPECT_EQ(children_of(ctx), 1u);
    cancel();
    EXPECT_EQ(children_of(ctx), 0u);
  }
  {
    auto [child, cancel] = context::with_timeout(ctx, 1h);
    EXPECT_EQ(children_of(ctx), 1u);
    cancel();
    EXPECT_EQ(children_of(ctx), 0u);
  }
  const auto stop = context::after_func(ctx, [] {});
  EXPECT_EQ(children_of(ctx), 1u);
  EXPECT_TRUE(stop());
  EXPECT_EQ(children_of(ctx), 0u);
}

WARREN_TEST(context, TestSimultaneousCancels) {
  std::vector<std::pair<context, cancel_func>> all{context::with_cancel(context::background())};
  for (std::size_t i = 0; all.size() < 100; i++) {
    for (int k = 0; k < 4; k++) all.push_back(context::with_cancel(all[i].first));
  }
  std::shuffle(all.begin(), all.end(), std::mt19937(static_cast<unsigned>(all.size())));
  tests::crew crew;
  for (const auto& [ctx, cancel] : all) {
    crew.go([ctx = ctx, cancel = cancel] {
      cancel();
      if (!is_done(ctx)) ADD_FAILURE() << "not done when its cancel had returned";
    });
  }
  for (const auto& [ctx, cancel] : all) {
    ASSERT_EQ(select(recv(ctx.done()), recv(time_after(20s))), 0) << "timed out waiting for done";
  }
  crew.wait();
}

WARREN_TEST(context, TestInterlockedCancels) {
  auto [parent, cancel_parent] = context::with_cancel(context::background());
  auto [child, cancel_child] = context::with_cancel(parent);
  tests::crew crew;
  crew.go([parent = parent, cancel_child = cancel_child] {
    parent.done().recv();
    cancel_child();
  });
  cancel_parent();
  EXPECT_EQ(select(recv(child.done()), recv(time_after(20s))), 0);
  crew.wait();
}

// Go: TestLayersCancel, TestLayersTimeout.
void layers(unsigned seed, bool by_timeout) {
  std::mt19937 random(seed);
  std::vector<int*> values;
  std::vector<cancel_func> cancels;
  std::vector<std::unique_ptr<int>> memory;
  int timers = 0;
  context ctx = context::background();
  for (int i = 0; i < 30 || timers == 0 || cancels.empty() || values.empty(); i++) {
    switch (random() % 3) {
      case 0:
        memory.push_back(std::make_unique<int>(i));
        values.push_back(memory.back().get());
        ctx = context::with_value(ctx, values.back(), values.back());
        break;
      case 1:
        cancels.emplace_back();
        std::tie(ctx, cancels.back()) = context::with_cancel(ctx);
        break;
      case 2:
        cancels.emplace_back();
        std::tie(ctx, cancels.back()) =
            context::with_timeout(ctx, by_timeout ? std::chrono::nanoseconds(short_time) : very_long_time);
        timers++;
    }
  }
  const auto check_values = [&] {
    for (int* v : values) EXPECT_EQ(ctx.value(v).as<int*>(), v) << "seed " << seed;
  };
  if (!by_timeout) {
    EXPECT_FALSE(is_done(ctx)) << "seed " << seed;
  }
  EXPECT_EQ(to_string(ctx).rfind("context.Background.", 0), 0u);
  check_values();
  if (by_timeout) {
    EXPECT_EQ(select(recv(ctx.done()), recv(time_after(20s))), 0) << "seed " << seed;
  } else {
    cancels[random() % cancels.size()]();
    EXPECT_TRUE(is_done(ctx)) << "seed " << seed;
  }
  check_values();
}

WARREN_TEST(context, TestLayersCancel) {
  for (unsigned seed = 0; seed < 20; seed++) layers(seed, false);
}
WARREN_TEST(context, TestLayersTimeout) {
  for (unsigned seed = 0; seed < 20; seed++) layers(seed, true);
}

// Go: TestInvalidDerivedFail, TestWithValueChecksKey.
WARREN_TEST(context, TestInvalidDerivedFail) {
  const std::string text = "cannot create context from nil parent";
  EXPECT_EQ(panic_of([] { context::with_cancel(nil); }), text);
  EXPECT_EQ(panic_of([] { context::with_cancel_cause(nil); }), text);
  EXPECT_EQ(panic_of([] { context::with_timeout(nil, 1s); }), text);
  EXPECT_EQ(panic_of([] { context::with_timeout_cause(nil, 1s, errors::make("late")); }), text);
  EXPECT_EQ(panic_of([] { context::with_deadline(nil, clock::now()); }), text);
  EXPECT_EQ(panic_of([] { context::with_deadline_cause(nil, clock::now(), nil); }), text);
  EXPECT_EQ(panic_of([] { context::with_value(nil, "foo", "bar"); }), text);
  EXPECT_EQ(panic_of([] { context::without_cancel(nil); }), text);
  EXPECT_EQ(panic_of([] { context::after_func(nil, [] {}); }), text);
  EXPECT_EQ(panic_of([] { context::with_value(context::background(), nil, "bar"); }), "nil key");
  EXPECT_EQ(panic_of([] { context::with_value(context::background(), static_cast<const char*>(nullptr), 1); }), "nil key");
}

// Go: TestDeadlineExceededSupportsTimeout, TestDeadlineExceededIsNetError.
WARREN_TEST(context, DeadlineExceededIsTimeout) {
  EXPECT_TRUE(errors::is_timeout(context::deadline_exceeded));
  EXPECT_TRUE(errors::is_timeout(errors::wrap("dial", context::deadline_exceeded)));
  EXPECT_FALSE(errors::is_timeout(context::canceled));
  EXPECT_EQ(context::deadline_exceeded.message(), "context deadline exceeded");
}

WARREN_TEST(context, TestWithoutCancel) {
  auto [parent, cancel] = context::with_cancel(context::with_value(context::background(), "key", "value"));
  const context ctx = context::without_cancel(parent);
  cancel();
  EXPECT_FALSE(ctx.deadline().has_value());
  EXPECT_TRUE(ctx.done() == nil);
  EXPECT_TRUE(ctx.err() == nil);
  EXPECT_EQ(ctx.value("key").as<std::string>(), "value");
  EXPECT_EQ(to_string(ctx), "context.Background.WithValue(key, value).WithCancel.WithoutCancel");
  auto [below, cancel_below] = context::with_cancel(ctx);
  EXPECT_TRUE(below.err() == nil);
  cancel_below();
  EXPECT_TRUE(below.err() == context::canceled);
}

// Go: TestContextErrDoneRace (issue 75533). err() says something only once done() is closed, and the other way round.
WARREN_TEST(context, TestContextErrDoneRace) {
  const auto n = tests::scaled(2000);
  for (int i = 0; i < n; i++) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    auto done = ctx.done();
    tests::crew crew;
    crew.go([cancel = cancel] { cancel(); });
    if (i % 2 == 0) {
      while (ctx.err() == nil) gosched();
      ASSERT_EQ(select(recv(done), otherwise), 0) << "err() is not nil, but done() is not closed";
    } else {
      while (select(recv(done), otherwise) != 0) gosched();
      ASSERT_TRUE(ctx.err() == context::canceled) << "done() is closed, but err() is nil";
    }
    crew.wait();
  }
}

// A chain of a hundred thousand is made, canceled and dropped without recursion.
WARREN_TEST(context, DeepChains) {
  const auto depth = tests::scaled(100'000);
  auto [root, cancel_root] = context::with_cancel(context::background());
  context ctx = root;
  for (int i = 0; i < depth; i++) {
    ctx = context::with_value(ctx, i, i);
    std::tie(ctx, std::ignore) = context::with_cancel(ctx);
    ctx = context::without_cancel(context::with_value(ctx, -1, i));
    ctx = i % 2 == 0 ? ctx : context::with_timeout(root, very_long_time).first;
  }
  ctx = root;
  for (int i = 0; i < depth; i++) std::tie(ctx, std::ignore) = context::with_cancel(ctx);
  EXPECT_FALSE(is_done(ctx));
  cancel_root();
  EXPECT_TRUE(is_done(ctx));
}

WARREN_TEST(context, WideTrees) {
  const auto width = tests::scaled(100'000);
  auto [root, cancel] = context::with_cancel(context::background());
  std::vector<context> children;
  for (int i = 0; i < width; i++) children.push_back(context::with_cancel(root).first);
  EXPECT_EQ(children_of(root), static_cast<std::size_t>(width));
  cancel();
  EXPECT_EQ(children_of(root), 0u);
  for (const context& c : children) ASSERT_TRUE(c.err() == context::canceled);
}

WARREN_TEST(context, ForeignThreads) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto [child, cancel_child] = context::with_timeout(ctx, very_long_time);
  std::thread waits([c = child] {
    c.done().recv();
    EXPECT_TRUE(c.err() == context::canceled);
  });
  std::thread cancels([cancel = cancel] { cancel(); });
  std::thread times_out([] {
    auto [c, _] = context::with_timeout(context::background(), short_time);
    c.done().recv();
    EXPECT_TRUE(c.err() == context::deadline_exceeded);
  });
  blocking([&] {
    waits.join();
    cancels.join();
    times_out.join();
  });
}

}  // namespace
}  // namespace warren
