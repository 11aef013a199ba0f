// SPDX-License-Identifier: MIT
// Explored schedules: what they find, and that a seed is a schedule.
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "../test.hpp"
#include "everything.hpp"
#include "finding.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using synctest::explore;
using tests::everything;
using tests::failure_of;

/// Two read, give way, and write.
void lose_an_update() {
  std::atomic<int> n = 0;
  sync::wait_group g;
  for (int i = 0; i < 2; ++i) {
    g.go([&] {
      const int before = n.load(std::memory_order_relaxed);
      gosched();
      n.store(before + 1, std::memory_order_relaxed);
    });
  }
  g.wait();
  if (n != 2) throw std::runtime_error("an update is lost");
}

/// The flag is looked at before the waiter is in line: a signal in between is lost.
void lose_a_wake_up() {
  sync::mutex m;
  sync::cond c;
  std::atomic<bool> ready = false;
  go([&] {
    ready = true;
    c.signal();
  });
  if (ready) return;
  m.lock();
  c.wait(m);
  m.unlock();
}

/// Takes both in the order in which it finds them.
void lock_in_two_orders() {
  sync::mutex a;
  sync::mutex b;
  sync::wait_group g;
  g.go([&] {
    std::lock_guard first(a);
    std::lock_guard second(b);
  });
  g.go([&] {
    std::lock_guard first(b);
    std::lock_guard second(a);
  });
  g.wait();
}

/// Forgets that the result may come after the time.
void leave_a_sender_behind() {
  chan<int> result = make_chan<int>();  // a place in it would do
  go([=] {
    sleep(1s);
    result.send(1);
  });
  select(recv(result), recv(time_after(1s)));
}

TEST(explore, finds_a_lost_update) {
  const auto f = failure_of({.seeds = 1'000}, lose_an_update);
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("an update is lost\nsynctest: seed ", 0), 0U) << f->what();
  EXPECT_NE(std::string(f->what()).find("WARREN_SEED=" + std::to_string(f->seed()) + " "), std::string::npos) << f->what();
  EXPECT_NE(std::string(f->what()).find("goroutine 2 begins\n"), std::string::npos) << f->what();
}

TEST(explore, finds_a_lost_wake_up) {
  const auto f = failure_of({.seeds = 1'000}, lose_a_wake_up);
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("deadlock: all goroutines in bubble are blocked\n", 0), 0U) << f->what();
}

TEST(explore, finds_locks_in_two_orders) { EXPECT_TRUE(failure_of({.seeds = 1'000}, lock_in_two_orders).has_value()); }

TEST(explore, finds_a_sender_left_behind) {
  const auto f = failure_of({.seeds = 1'000}, leave_a_sender_behind);
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("deadlock: main bubble goroutine has exited but blocked goroutines remain", 0), 0U)
      << f->what();
}

TEST(explore, finds_what_has_no_end) {
  const auto f = failure_of({.seeds = 4, .max_steps = 1'000}, [] {
    for (;;) gosched();
  });
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("did not end within the steps it was given\n", 0), 0U) << f->what();
  EXPECT_NE(std::string(f->what()).find("the last of its 1000 steps:\n"), std::string::npos) << f->what();
}

TEST(explore, finds_what_a_check_says) {
  bool bad = false;
  const auto f = failure_of({.seeds = 100, .has_failed = [&] { return bad; }}, [&] {
    chan<int> c = make_chan<int>(2);
    go([=] { c.send(1); });
    go([=] { c.send(2); });
    if (c.recv() == 2) bad = true;
    c.recv();
  });
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("a check of the body failed\n", 0), 0U) << f->what();
}

TEST(explore, has_nothing_against_what_is_right) {
  const std::uint64_t seeds = static_cast<std::uint64_t>(tests::scaled(2'000));
  const synctest::exploration done = explore({.seeds = seeds}, [] {
    sync::mutex m;
    int n = 0;
    sync::wait_group g;
    chan<int> c = make_chan<int>(1);
    for (int i = 0; i < 3; ++i) {
      g.go([&] {
        std::lock_guard hold(m);
        const int before = n;
        gosched();
        n = before + 1;
      });
      g.go([=] { c.send(1); });
    }
    int sum = 0;
    for (int i = 0; i < 3; ++i) sum += c.recv();
    g.wait();
    if (n != 3 || sum != 3) panic("wrong");
  });
  EXPECT_EQ(done.runs, seeds);
  EXPECT_GT(done.steps, seeds * 10);
}

/// The orders in which goroutines, one for each letter, come to the same place after `before`.
template <class Before>
std::set<std::string> orders_of(std::string_view letters, std::uint64_t seeds, Before before) {
  std::set<std::string> orders;
  explore({.seeds = seeds}, [&] {
    sync::mutex m;
    std::string order;
    sync::wait_group g;
    for (const char c : letters) {
      g.go([&, c] {
        before();
        std::lock_guard hold(m);
        order += c;
      });
    }
    g.wait();
    orders.insert(order);
  });
  return orders;
}

TEST(explore, tries_every_order) { EXPECT_EQ(orders_of("abcd", 1'000, [] {}).size(), 24U); }

TEST(explore, tries_every_order_of_what_is_due_at_once) {
  EXPECT_EQ(orders_of("abc", 300, [] { sleep(1s); }).size(), 6U);
}

TEST(explore, tries_every_case_of_a_select) {
  std::map<int, int> taken;
  explore({.seeds = 100}, [&] {
    chan<int> a = make_chan<int>(1);
    chan<int> b = make_chan<int>(1);
    a.send(1);
    b.send(1);
    ++taken[select(recv(a), recv(b))];
  });
  EXPECT_GT(taken[0], 10);
  EXPECT_GT(taken[1], 10);
}

TEST(explore, makes_the_same_schedule_of_a_seed) {
  const std::uint64_t seeds = static_cast<std::uint64_t>(tests::scaled(200));
  const auto first = explore({.seeds = seeds, .twice = true}, everything);
  EXPECT_EQ(first.runs, 2 * seeds);
  const auto second = explore({.seeds = seeds}, everything);
  EXPECT_EQ(first.hash, second.hash);
  EXPECT_NE(first.hash, explore({.seeds = seeds, .first_seed = 1'000}, everything).hash);
}

TEST(explore, tells_when_a_seed_is_not_all) {
  int calls = 0;
  const auto f = failure_of({.seeds = 10, .twice = true}, [&] {
    if (++calls % 2 == 0) gosched();
  });
  ASSERT_TRUE(f.has_value());
  EXPECT_EQ(std::string(f->what()).rfind("the same seed made another schedule", 0), 0U) << f->what();
}

TEST(explore, replays_a_seed) {
  const auto f = failure_of({.seeds = 1'000}, lose_an_update);
  ASSERT_TRUE(f.has_value());
  ASSERT_EQ(::setenv("WARREN_SEED", std::to_string(f->seed()).c_str(), 1), 0);
  std::string trace;
  const auto again = failure_of({.seeds = 1'000, .trace = &trace}, lose_an_update);
  ::unsetenv("WARREN_SEED");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->seed(), f->seed());
  const auto steps = [](const std::string& text) { return text.substr(text.find("step 1:")); };
  EXPECT_EQ(steps(again->what()), steps(f->what()));
  EXPECT_EQ(steps(again->what()), trace);
}

TEST(explore, leaves_no_goroutine_and_no_time_behind) {
  explore({.seeds = 50}, everything);
  std::atomic<int> ran = 0;
  const auto before = clock::now();
  run([&] {
    EXPECT_EQ(num_goroutine(), 1);
    sync::wait_group g;
    for (int i = 0; i < 100; ++i) g.go([&] { ++ran; });
    g.wait();
    sleep(1ms);
  });
  EXPECT_EQ(ran.load(), 100);
  EXPECT_LT(clock::now() - before, 1h);
}

}  // namespace
