// SPDX-License-Identifier: MIT

// Who keeps what: contexts that are dropped leave the tree, give up their deadlines, and free their values.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include <warren/context/context.hpp>
#include <warren/runtime/counters.hpp>
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
using tests::very_long_time;

std::int64_t armed() { return runtime::count_all().armed_timers; }

WARREN_TEST(lifetime, DroppedChildrenLeave) {
  auto [root, cancel] = context::with_cancel(context::background());
  const std::int64_t before = armed();
  {
    const auto a = context::with_cancel(root);
    const auto b = context::with_timeout(a.first, very_long_time);
    const auto c = context::with_cancel(context::with_value(root, 1, 1));
    EXPECT_EQ(children_of(root), 2u);
    EXPECT_EQ(children_of(a.first), 1u);
    EXPECT_EQ(armed(), before + 1);
  }
  EXPECT_EQ(children_of(root), 0u);
  EXPECT_EQ(armed(), before);
}

// A cancel that is kept keeps neither the timer nor the place in the tree nor a value.
WARREN_TEST(lifetime, ForgottenCancel) {
  auto [root, cancel_root] = context::with_cancel(context::background());
  const std::int64_t before = armed();
  auto token = std::make_shared<int>(1);
  std::vector<cancel_func> kept;
  for (int i = 0; i < 100; i++) {
    kept.push_back(context::with_timeout(context::with_value(root, 1, token), very_long_time).second);
    kept.push_back(context::with_cancel(root).second);
  }
  EXPECT_EQ(children_of(root), 0u);
  EXPECT_EQ(armed(), before);
  EXPECT_EQ(token.use_count(), 1);
  for (const cancel_func& cancel : kept) cancel();
  cancel_root();
  for (const cancel_func& cancel : kept) cancel();
}

WARREN_TEST(lifetime, ChildHoldsItsParents) {
  auto token = std::make_shared<int>(1);
  context child;
  cancel_func cancel_root;
  {
    context root;
    std::tie(root, cancel_root) = context::with_cancel(context::with_value(context::background(), 1, token));
    child = context::with_value(context::with_cancel(context::without_cancel(root)).first, 2, token);
    EXPECT_TRUE(child.value(1));
    child = context::with_value(context::with_cancel(root).first, 2, token);
  }
  EXPECT_TRUE(child.value(1));
  EXPECT_FALSE(is_done(child));
  cancel_root();
  EXPECT_TRUE(is_done(child));
  child = nil;
  EXPECT_EQ(token.use_count(), 1);
}

// A done channel keeps its context going.
WARREN_TEST(lifetime, DoneChannelIsEnough) {
  const recv_chan<void> timed = context::with_timeout(context::background(), 5ms).first.done();
  auto [root, cancel] = context::with_cancel(context::background());
  const recv_chan<void> below = context::with_cancel(root).first.done();
  EXPECT_EQ(select(recv(timed), recv(time_after(20s))), 0);
  EXPECT_EQ(select(recv(below), otherwise), 1);
  EXPECT_EQ(children_of(root), 1u);
  cancel();
  EXPECT_EQ(select(recv(below), otherwise), 0);
}

// Destructors of values run where the last handle is dropped or in a goroutine, so that they may do anything.
WARREN_TEST(lifetime, ValuesThatParkWhenDestroyed) {
  static std::atomic<int> destroyed;
  destroyed = 0;
  struct parks {
    explicit parks(chan<void> to) : c(std::move(to)) {}
    parks(parks&&) noexcept = default;
    ~parks() {
      if (c == nil) return;
      sleep(1us);
      c.send();
      destroyed++;
    }
    chan<void> c;
  };
  auto c = make_chan<void>();
  // The deadline has the last reference: nobody waits for the context but the function.
  context::after_func(context::with_timeout(context::with_value(context::background(), 1, parks(c)), 1ms).first, [] {});
  c.recv();
  EXPECT_TRUE(comes([] { return destroyed == 1; }));
  // The cancel of a parent has it.
  {
    auto [root, cancel] = context::with_cancel(context::background());
    context::after_func(context::with_cancel(context::with_value(root, 1, parks(c))).first, [] {});
    tests::crew crew;
    crew.go([cancel = cancel] { cancel(); });
    c.recv();
    crew.wait();
  }
  EXPECT_TRUE(comes([] { return destroyed == 2; }));
}

// Destroying the handle of cancel while its call is under way, as whoever waits for the context may do.
WARREN_TEST(lifetime, HandleDestroyedByWhoWaits) {
  struct server {
    context ctx;
    cancel_func cancel;
  };
  const auto n = tests::scaled(5000);
  for (int i = 0; i < n; i++) {
    auto* s = new server;
    std::tie(s->ctx, s->cancel) = context::with_cancel(context::background());
    context child;
    if (i % 2 == 0) child = context::with_cancel(s->ctx).first;
    tests::crew crew;
    crew.go([s] { s->cancel(); });
    crew.go([s, done = s->ctx.done(), polls = i % 3 == 0]() mutable {
      if (polls) {
        while (select(recv(done), otherwise) != 0) gosched();
      } else {
        done.recv();
      }
      done = nil;
      delete s;
    });
    crew.wait();
  }
}

}  // namespace
}  // namespace warren
