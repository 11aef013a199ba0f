// SPDX-License-Identifier: MIT
#include <atomic>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <warren/context/context.hpp>
#include <warren/runtime/go.hpp>

#include "channels/crew.hpp"
#include "family.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using tests::children_of;
using tests::comes;
using tests::short_time;
using tests::very_long_time;

/// A function that counts its runs and its objects that are alive.
struct counted_function {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> runs{0};
  static void reset() { alive = runs = 0; }

  counted_function() { alive++; }
  counted_function(const counted_function&) { alive++; }
  counted_function(counted_function&&) noexcept { alive++; }
  ~counted_function() { alive--; }
  void operator()() { runs++; }
};

bool all_gone() {
  return comes([] { return counted_function::alive == 0; });
}

WARREN_TEST(context_after_func, TestAfterFuncCalledAfterCancel) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto done = make_chan<void>();
  const auto stop = context::after_func(ctx, [done] { done.close(); });
  EXPECT_EQ(select(recv(done), recv(time_after(short_time))), 1) << "called before the context is done";
  cancel();
  EXPECT_EQ(select(recv(done), recv(time_after(very_long_time))), 0);
  EXPECT_FALSE(stop());
}

WARREN_TEST(context_after_func, TestAfterFuncCalledAfterTimeout) {
  auto [ctx, cancel] = context::with_timeout(context::background(), short_time);
  auto done = make_chan<void>();
  context::after_func(ctx, [done] { done.close(); });
  EXPECT_EQ(select(recv(done), recv(time_after(20s))), 0);
}

WARREN_TEST(context_after_func, TestAfterFuncCalledImmediately) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  cancel();
  auto done = make_chan<void>();
  const auto stop = context::after_func(ctx, [done] { done.close(); });
  EXPECT_EQ(select(recv(done), recv(time_after(20s))), 0);
  EXPECT_FALSE(stop());
}

WARREN_TEST(context_after_func, TestAfterFuncNotCalledAfterStop) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto done = make_chan<void>();
  const auto stop = context::after_func(ctx, [done] { done.close(); });
  const auto same = stop;
  EXPECT_TRUE(stop());
  cancel();
  EXPECT_EQ(select(recv(done), recv(time_after(short_time))), 1);
  EXPECT_FALSE(stop());
  EXPECT_FALSE(same());
}

// Go: TestAfterFuncCalledAsynchronously. A cancel does not wait for the function.
WARREN_TEST(context_after_func, TestAfterFuncCalledAsynchronously) {
  auto [ctx, cancel] = context::with_cancel(context::background());
  auto done = make_chan<void>();
  const auto stop = context::after_func(ctx, [done] { done.send(); });
  cancel();
  EXPECT_EQ(select(recv(done), recv(time_after(20s))), 0);
}

WARREN_TEST(context_after_func, SeveralAreIndependent) {
  counted_function::reset();
  auto [ctx, cancel] = context::with_cancel(context::background());
  const context below = context::with_value(ctx, 1, 1);
  std::vector<context::stop_func> stops;
  for (int i = 0; i < 100; i++) stops.push_back(context::after_func(i % 2 == 0 ? ctx : below, counted_function()));
  EXPECT_EQ(children_of(ctx), 100u);
  for (std::size_t i = 0; i < 100; i += 4) EXPECT_TRUE(stops[i]());
  EXPECT_EQ(counted_function::alive, 75);
  cancel();
  for (const auto& stop : stops) EXPECT_FALSE(stop());
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(counted_function::runs, 75);
}

WARREN_TEST(context_after_func, Handles) {
  context::stop_func stop;
  EXPECT_TRUE(stop == nil);
  EXPECT_ANY_THROW(stop());
  stop = context::after_func(context::background(), [p = std::make_unique<int>(1)] { return *p; });
  EXPECT_TRUE(stop != nil);
  EXPECT_TRUE(stop());
  EXPECT_FALSE(stop());
  stop = nil;
}

// What waits for a context that can never be done is destroyed with its last handle.
WARREN_TEST(context_after_func, NeverDone) {
  counted_function::reset();
  {
    const auto stop = context::after_func(context::without_cancel(context::todo()), counted_function());
    EXPECT_EQ(counted_function::alive, 1);
  }
  EXPECT_EQ(counted_function::alive, 0);
  context::after_func(context::background(), counted_function());
  EXPECT_EQ(counted_function::alive, 0);
  EXPECT_EQ(counted_function::runs, 0);
}

// The function runs though the program keeps neither the context nor the handle that stops it.
WARREN_TEST(context_after_func, RunsWithoutHandles) {
  counted_function::reset();
  auto [root, cancel] = context::with_cancel(context::background());
  context::after_func(context::with_cancel(root).first, counted_function());
  context::after_func(context::with_timeout(context::with_value(root, 1, 1), very_long_time).first, counted_function());
  context::after_func(context::with_timeout(context::background(), 10ms).first, counted_function());
  EXPECT_TRUE(comes([] { return counted_function::runs == 1; }));
  EXPECT_EQ(counted_function::alive, 2);
  EXPECT_EQ(children_of(root), 2u);
  cancel();
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(counted_function::runs, 3);
}

// When nothing can cancel the context any more the function goes; it and the context do not keep each other.
WARREN_TEST(context_after_func, ForsakenWithTheLastCancel) {
  counted_function::reset();
  auto [ctx, cancel] = context::with_cancel(context::background());
  context kept = ctx;
  const auto stop = context::after_func(ctx, counted_function());
  cancel_func other = cancel;
  cancel = nil;
  EXPECT_EQ(counted_function::alive, 1);
  other = nil;
  EXPECT_EQ(counted_function::alive, 0);
  EXPECT_TRUE(stop());  // it was kept from running
  EXPECT_FALSE(stop());
  const auto late = context::after_func(kept, counted_function());
  EXPECT_EQ(counted_function::alive, 0);
  EXPECT_TRUE(late());
  EXPECT_EQ(counted_function::runs, 0);
  EXPECT_FALSE(tests::is_done(kept));
}

WARREN_TEST(context_after_func, ForsakenThroughGenerations) {
  // Which of the three cancels is the last to go makes no difference.
  for (int last = 0; last < 3; last++) {
    counted_function::reset();
    cancel_func cancels[3];
    context ctx = context::background();
    for (cancel_func& cancel : cancels) {
      std::tie(ctx, cancel) = context::with_cancel(context::with_value(ctx, "key", 1));
      context::after_func(ctx, counted_function());
    }
    ctx = nil;
    EXPECT_EQ(counted_function::alive, 3);
    for (int i = 0; i < 3; i++) {
      if (i != last) cancels[i] = nil;
    }
    // Those at and below the last one can still be canceled.
    EXPECT_EQ(counted_function::alive, 3 - last) << last;
    cancels[last] = nil;
    EXPECT_EQ(counted_function::alive, 0) << last;
    EXPECT_EQ(counted_function::runs, 0);
  }
}

WARREN_TEST(context_after_func, NotForsakenBeforeTheDeadline) {
  counted_function::reset();
  {
    auto [ctx, cancel] = context::with_cancel(context::background());
    auto [timed, cancel_timed] = context::with_timeout(ctx, 10ms);
    context::after_func(timed, counted_function());
    context::after_func(ctx, counted_function());
  }
  EXPECT_EQ(counted_function::alive, 1);
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(counted_function::runs, 1);
}

WARREN_TEST(context_after_func, CopyThatThrows) {
  struct bad {
    bad() = default;
    bad(const bad&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  auto [ctx, cancel] = context::with_cancel(context::background());
  const bad b;
  EXPECT_THROW(context::after_func(ctx, b), std::runtime_error);
  EXPECT_EQ(children_of(ctx), 0u);
}

// A function that ends by goexit() is over as well.
WARREN_TEST(context_after_func, Goexit) {
  counted_function::reset();
  auto [ctx, cancel] = context::with_cancel(context::background());
  context::after_func(ctx, [f = counted_function()] { goexit(); });
  cancel();
  EXPECT_TRUE(all_gone());
}

// Exactly one of stop and cancel has the function.
WARREN_TEST(context_after_func, StopRace) {
  counted_function::reset();
  const auto n = tests::scaled(3000);
  std::atomic<int> stopped{0};
  for (int i = 0; i < n; i++) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    auto stop = context::after_func(ctx, counted_function());
    ctx = nil;
    tests::crew crew;
    crew.go([cancel = std::move(cancel)] { cancel(); });
    crew.go([&stopped, stop = std::move(stop)] { stopped += stop() ? 1 : 0; });
    crew.wait();
  }
  EXPECT_TRUE(all_gone());
  EXPECT_EQ(counted_function::runs + stopped, n);
}

}  // namespace
}  // namespace warren
