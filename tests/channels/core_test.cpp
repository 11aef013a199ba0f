// SPDX-License-Identifier: MIT
#include <warren/channels/core.hpp>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/park.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <new>
#include <vector>

#include "crew.hpp"
#include "test.hpp"

namespace warren::channels {
namespace {

using tests::crew;
using tests::queue_watch;

/// A channel fed as by a timer: the test says when its time has come.
struct fed_channel : core {
  static inline std::vector<fed_channel*> freed;
  static inline int freed_while_locked = 0;
  static const clock_feed feed;

  fed_channel()
      : core(
            element_of<int>, 1, &slot, [](counted* c) noexcept { of(c).dispose(); }, &feed) {}

  static fed_channel& of(counted* c) noexcept { return *static_cast<fed_channel*>(c); }

  void dispose() noexcept {
    freed.push_back(this);
    if (!lock.try_lock()) return void(++freed_while_locked);
    lock.unlock();
  }

  /// What the timer does when it fires.
  bool fire(int v) {
    runtime::goroutine_list woken;
    bool took = false;
    {
      const runtime::spin_guard guard(lock);
      took = deliver(&v, woken);
    }
    runtime::ready(std::move(woken));
    return took;
  }

  recv_chan<int> receiver() {
    retain();
    return recv_chan<int>(any_channel(this));
  }

  int slot = 0;
  bool due = false;
  std::atomic<int> polls{0};
  std::atomic<int> arms{0};
  std::atomic<int> disarms{0};
};

const clock_feed fed_channel::feed{
    [](core* ch) noexcept {
      fed_channel& self = of(ch);
      ++self.polls;
      if (!self.due) return;
      self.due = false;
      runtime::goroutine_list nobody;
      int v = 42;
      EXPECT_TRUE(ch->deliver(&v, nobody));
      EXPECT_TRUE(nobody.empty());
    },
    [](core* ch) noexcept { ++of(ch).arms; },
    [](core* ch) noexcept { ++of(ch).disarms; },
};

WARREN_TEST(core, a_feed_is_polled_where_nobody_waits) {
  fed_channel fed;
  const recv_chan<int> c = fed.receiver();
  EXPECT_EQ(c.len(), 0u);
  EXPECT_EQ(c.cap(), 0u);
  int v = 0;
  EXPECT_EQ(c.try_recv(v), recv_status::empty);
  EXPECT_EQ(fed.polls, 1);
  fed.due = true;
  EXPECT_EQ(c.len(), 0u);
  EXPECT_EQ(c.try_recv(v), recv_status::value);
  EXPECT_EQ(v, 42);
  fed.due = true;
  EXPECT_EQ(select(recv(c, v), otherwise), 0);
  EXPECT_EQ(select(recv(c, v), recv(c), otherwise), 2);
  EXPECT_EQ(fed.arms, 0) << "nobody waited";
}

WARREN_TEST(core, a_feed_is_armed_while_somebody_waits) {
  fed_channel fed;
  const recv_chan<int> c = fed.receiver();
  crew waiting;
  const queue_watch watch;
  std::array<int, 2> got{};
  for (int& g : got) waiting.go([&] { g = c.recv(); });
  watch.wait_for(2);
  EXPECT_EQ(fed.arms, 1) << "the first one arms";
  EXPECT_EQ(fed.disarms, 0);
  EXPECT_TRUE(fed.fire(1));
  EXPECT_EQ(fed.disarms, 0) << "one still waits";
  EXPECT_TRUE(fed.fire(2));
  EXPECT_EQ(fed.disarms, 1);
  waiting.wait();
  EXPECT_EQ(got[0] + got[1], 3);
  EXPECT_TRUE(fed.fire(3)) << "into the ring";
  EXPECT_FALSE(fed.fire(4)) << "which is full";
  EXPECT_EQ(c.recv(), 3);
}

WARREN_TEST(core, a_select_that_leaves_disarms) {
  fed_channel fed;
  const recv_chan<int> c = fed.receiver();
  const auto other = make_chan<int>();
  crew waiting;
  const queue_watch watch;
  waiting.go([&] { EXPECT_EQ(select(recv(c), recv(other)), 1); });
  watch.wait_for(2);
  EXPECT_EQ(fed.arms, 1);
  other.send(1);
  waiting.wait();
  EXPECT_EQ(fed.disarms, 1);
}

WARREN_TEST(core, what_is_in_the_ring_can_be_dropped) {
  const auto value = std::make_shared<int>(1);
  const auto c = make_chan<std::shared_ptr<int>>(3);
  c.send(value);
  (void)c.recv();
  c << value << value << value;
  EXPECT_EQ(value.use_count(), 4);
  core* ch = c.untyped().get();
  {
    const runtime::spin_guard guard(ch->lock);
    ch->clear_ring();
  }
  EXPECT_EQ(value.use_count(), 1);
  EXPECT_EQ(c.len(), 0u);
  c << value << value;
  EXPECT_EQ(c.len(), 2u);
}

WARREN_TEST(core, the_last_handle_disposes) {
  fed_channel::freed.clear();
  fed_channel fed;
  recv_chan<int> c = fed.receiver();
  recv_chan<int> copy = c;
  fed.release();
  c = nil;
  EXPECT_TRUE(fed_channel::freed.empty());
  copy = nil;
  EXPECT_EQ(fed_channel::freed, std::vector<fed_channel*>{&fed});
  EXPECT_FALSE(fed.try_retain()) << "too late";
}

WARREN_TEST(core, a_select_lets_go_of_all_before_anybody_can_know) {
  // Whoever sees that a case went ahead may drop the last handles of the other channels.
  fed_channel::freed_while_locked = 0;
  for (std::int64_t i = tests::scaled(1000); i > 0; --i) {
    fed_channel::freed.clear();
    fed_channel fed;
    recv_chan<int> other = fed.receiver();
    fed.release();
    const auto told = make_chan<int>(1);
    std::atomic<bool> there{false};
    crew selecting;
    selecting.go([&] {
      there = true;
      EXPECT_EQ(select(send(told, 1), recv(other)), 0);
    });
    while (!there) gosched();
    for (int v = 0; told.try_recv(v) != recv_status::value;) gosched();
    other = nil;
    selecting.wait();
    EXPECT_EQ(fed_channel::freed.size(), 1u);
  }
  EXPECT_EQ(fed_channel::freed_while_locked, 0);
}

WARREN_TEST(core, a_close_hands_out_who_waited) {
  const auto c = make_chan<int>();
  core* ch = c.untyped().get();
  crew waiting;
  const queue_watch watch;
  for (int i = 0; i != 5; ++i) waiting.go([=] { EXPECT_EQ(c.recv_opt(), std::nullopt); });
  watch.wait_for(5);
  EXPECT_FALSE(ch->is_closed());
  runtime::goroutine_list woken;
  EXPECT_TRUE(ch->close_collecting(woken));
  EXPECT_TRUE(ch->is_closed());
  EXPECT_EQ(woken.size(), 5u);
  runtime::ready(std::move(woken));
  runtime::goroutine_list nobody;
  EXPECT_FALSE(ch->close_collecting(nobody));
  EXPECT_TRUE(nobody.empty());
  waiting.wait();
}

WARREN_TEST(core, waiters_are_counted) {
  const queue_watch watch;
  const auto a = make_chan<int>();
  const auto b = make_chan<int>();
  crew waiting;
  for (int i = 0; i != 3; ++i) waiting.go([=] { select(recv(a), recv(b), recv(a)); });
  waiting.go([=] { a.recv(); });
  watch.wait_for(10);
  b.close();
  watch.wait_for(4);  // three that say that they have ended
  a.close();
  waiting.wait();
  watch.wait_for(0);
}

TEST(core, sizes_that_cannot_be_are_refused) {
  EXPECT_THROW(make_chan<int>(std::ptrdiff_t(1) << 62), channel_error);
  EXPECT_THROW(make_chan<int>(PTRDIFF_MAX), channel_error);
  EXPECT_THROW(make_chan<int>(PTRDIFF_MIN), channel_error);
  EXPECT_EQ(make_chan<void>(PTRDIFF_MAX).cap(), std::size_t(PTRDIFF_MAX));
  struct empty {};
  EXPECT_EQ(make_chan<empty>(PTRDIFF_MAX).cap(), std::size_t(PTRDIFF_MAX));
}

TEST(core, a_channel_and_its_lock_fit_two_cache_lines) { EXPECT_LE(sizeof(core), 128u); }

}  // namespace
}  // namespace warren::channels
