// SPDX-License-Identifier: MIT
// The heap of timers against a multimap, and stop, arm and fire against one another.
#include <warren/runtime/timer.hpp>
#include <warren/runtime/timer_heap.hpp>

#include <warren/runtime/choice.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using runtime::choice;
using runtime::goroutine_list;
using runtime::never;
using runtime::timer_heap;
using runtime::timer_node;

/// Remembers when it was fired.
struct recording_timer : timer_node {
  recording_timer() : timer_node(recording) {}

  std::vector<std::int64_t> fired_at;

  static void fire(timer_node* node, std::int64_t now, goroutine_list&) noexcept {
    static_cast<recording_timer*>(node)->fired_at.push_back(now);
  }
  static constexpr runtime::timer_kind recording{nullptr, fire};
};

TEST(timer_heap, fires_what_is_due_and_nothing_else) {
  timer_heap heap;
  goroutine_list woken;
  std::vector<recording_timer> timers(5);
  EXPECT_EQ(heap.earliest(), never);
  EXPECT_EQ(heap.fire_due(1000, woken), 0);
  EXPECT_TRUE(heap.insert(timers[0], 50)) << "the first";
  EXPECT_FALSE(heap.insert(timers[1], 70));
  EXPECT_TRUE(heap.insert(timers[2], 30)) << "the earliest";
  EXPECT_FALSE(heap.insert(timers[3], 50));
  EXPECT_EQ(heap.earliest(), 30);
  EXPECT_EQ(heap.size(), 4);
  EXPECT_EQ(heap.fire_due(29, woken), 0);
  EXPECT_EQ(heap.fire_due(50, woken), 3);
  EXPECT_EQ(heap.earliest(), 70);
  for (const int i : {0, 2, 3}) EXPECT_EQ(timers[static_cast<std::size_t>(i)].fired_at, std::vector<std::int64_t>{50});
  EXPECT_TRUE(timers[1].fired_at.empty());
  EXPECT_EQ(timers[0].heap.load(), nullptr);
  EXPECT_TRUE(heap.remove(timers[1]));
  EXPECT_FALSE(heap.remove(timers[1]));
  EXPECT_FALSE(heap.remove(timers[0])) << "it has been fired";
  EXPECT_FALSE(heap.remove(timers[4])) << "it was never armed";
  EXPECT_EQ(heap.earliest(), never);
  EXPECT_EQ(heap.size(), 0);
}

TEST(timer_heap, agrees_with_a_multimap) {
  choice random(4711);
  constexpr std::size_t n = 500;
  std::vector<recording_timer> timers(n);
  std::vector<std::size_t> expected_fires(n, 0);
  std::multimap<std::int64_t, recording_timer*> model;
  std::map<recording_timer*, std::multimap<std::int64_t, recording_timer*>::iterator> where;
  timer_heap heap;
  goroutine_list woken;
  std::int64_t now = 0;
  const std::int64_t steps = scaled(1'000'000);
  for (std::int64_t step = 0; step < steps; ++step) {
    recording_timer* t = &timers[random.below(n)];
    const auto found = where.find(t);
    const bool armed = found != where.end();
    switch (random.below(8)) {
      case 0: case 1: case 2: case 3:
        if (!armed) {
          // Few different times, so that many are equal; now and then one far away.
          const std::int64_t when = now + (random.below(50) == 0 ? 1'000'000 : random.below(200));
          const bool first = model.empty() || when < model.begin()->first;
          const bool said_first = heap.insert(*t, when);
          if (first) {
            ASSERT_TRUE(said_first);
          }
          where[t] = model.emplace(when, t);
        }
        break;
      case 4: case 5: case 6:
        ASSERT_EQ(heap.remove(*t), armed);
        if (armed) {
          model.erase(found->second);
          where.erase(found);
        }
        break;
      default: {
        now += random.below(30);
        int due = 0;
        while (!model.empty() && model.begin()->first <= now) {
          recording_timer* one = model.begin()->second;
          ++expected_fires[static_cast<std::size_t>(one - timers.data())];
          where.erase(one);
          model.erase(model.begin());
          ++due;
        }
        ASSERT_EQ(heap.fire_due(now, woken), due);
      }
    }
    ASSERT_EQ(heap.size(), static_cast<std::int64_t>(model.size()));
    ASSERT_EQ(heap.earliest(), model.empty() ? never : model.begin()->first);
  }
  for (std::size_t i = 0; i < n; ++i) EXPECT_EQ(timers[i].fired_at.size(), expected_fires[i]);
}

TEST(timer_heap, fires_more_than_a_batch_in_order) {
  struct ordered_timer : timer_node {
    explicit ordered_timer(const runtime::timer_kind& k) : timer_node(k) {}
  };
  static std::vector<std::int64_t> order;
  static constexpr runtime::timer_kind ordering{
      nullptr, [](timer_node* node, std::int64_t, goroutine_list&) noexcept { order.push_back(node->when); }};
  order.clear();
  timer_heap heap;
  std::vector<std::unique_ptr<ordered_timer>> timers;
  choice random(5);
  for (int i = 0; i < 1000; ++i) {
    timers.push_back(std::make_unique<ordered_timer>(ordering));
    heap.insert(*timers.back(), random.below(100'000));
  }
  goroutine_list woken;
  EXPECT_EQ(heap.fire_due(100'000, woken), 1000);
  EXPECT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(timer_heap, leaves_an_owner_alone_that_is_on_its_way_out) {
  struct mortal_timer : timer_node {
    mortal_timer() : timer_node(mortal) {}
    bool alive = true;
    int pins = 0;
    int fires = 0;
    static bool pin(timer_node* node) noexcept {
      auto* self = static_cast<mortal_timer*>(node);
      ++self->pins;
      // An owner that finds it in no heap does not come for the lock, and may be gone.
      EXPECT_NE(self->heap.load(), nullptr);
      return self->alive;
    }
    static void fire(timer_node* node, std::int64_t, goroutine_list&) noexcept {
      ++static_cast<mortal_timer*>(node)->fires;
    }
    const runtime::timer_kind mortal{pin, fire};
  };
  mortal_timer living;
  mortal_timer dying;
  dying.alive = false;
  timer_heap heap;
  heap.insert(living, 1);
  heap.insert(dying, 1);
  goroutine_list woken;
  EXPECT_EQ(heap.fire_due(1, woken), 1);
  EXPECT_EQ(living.pins, 1);
  EXPECT_EQ(living.fires, 1);
  EXPECT_EQ(dying.pins, 1);
  EXPECT_EQ(dying.fires, 0);
  EXPECT_EQ(heap.size(), 0);
}

TEST(timer_heap, moves_all_to_another) {
  timer_heap from;
  timer_heap to;
  std::vector<recording_timer> timers(100);
  for (std::size_t i = 0; i < 100; ++i) (i % 2 == 0 ? from : to).insert(timers[i], static_cast<std::int64_t>(100 - i));
  from.move_all_to(to);
  EXPECT_EQ(from.size(), 0);
  EXPECT_EQ(from.earliest(), never);
  EXPECT_EQ(to.size(), 100);
  EXPECT_EQ(to.earliest(), 1);
  EXPECT_FALSE(from.remove(timers[98]));
  EXPECT_TRUE(to.remove(timers[98]));
  EXPECT_TRUE(disarm(timers[99]));
  goroutine_list woken;
  EXPECT_EQ(to.fire_due(1000, woken), 98);
}

/// A timer as its owners use it: armed and stopped under the owner's lock, and fire() finds out there whether it is
/// still wanted.
struct owned_timer : timer_node {
  owned_timer() : timer_node(of_owner) {}

  std::mutex owner;
  std::uint64_t armings = 0;      ///< under `owner`
  std::uint64_t stops = 0;        ///< disarm() said true
  std::uint64_t expected = 0;     ///< disarm() said false for an arming: fire() is on its way
  std::uint64_t fires = 0;
  bool armed = false;             ///< as far as the owner knows

  static void fire(timer_node* node, std::int64_t, goroutine_list&) noexcept {
    auto* self = static_cast<owned_timer*>(node);
    std::lock_guard hold(self->owner);
    ++self->fires;
    if (self->armings == self->stops + self->fires) self->armed = false;
  }
  static constexpr runtime::timer_kind of_owner{nullptr, fire};
};

TEST(timer_heap, ends_each_arming_by_a_stop_or_a_fire) {
  constexpr std::size_t n = 16;
  std::vector<owned_timer> timers(n);
  timer_heap heaps[2];
  std::atomic<bool> over{false};
  std::atomic<std::int64_t> now{0};
  std::vector<std::thread> threads;
  for (timer_heap& heap : heaps) {
    threads.emplace_back([&] {
      goroutine_list woken;
      while (!over) {
        heap.fire_due(now.fetch_add(1), woken);
        if (now % 64 == 0) std::this_thread::yield();
      }
    });
  }
  for (std::uint64_t me = 0; me < 2; ++me) {
    threads.emplace_back([&, me] {
      choice random(me + 77);
      for (std::int64_t i = 0; i < scaled(200'000); ++i) {
        owned_timer& t = timers[random.below(n)];
        std::lock_guard hold(t.owner);
        if (t.armed) {
          if (disarm(t)) {
            ++t.stops;
            t.armed = false;
          }
          continue;
        }
        ++t.armings;
        t.armed = true;
        heaps[random.below(2)].insert(t, now + random.below(20));
      }
    });
  }
  threads[2].join();
  threads[3].join();
  // What is still armed comes due.
  const bool settled = eventually([&] { return heaps[0].size() == 0 && heaps[1].size() == 0; });
  over = true;
  threads[0].join();
  threads[1].join();
  EXPECT_TRUE(settled);
  std::uint64_t fires = 0;
  std::uint64_t stops = 0;
  for (owned_timer& t : timers) {
    EXPECT_EQ(t.armings, t.stops + t.fires);
    EXPECT_FALSE(t.armed);
    fires += t.fires;
    stops += t.stops;
  }
  EXPECT_GT(fires, 0u);
  EXPECT_GT(stops, 0u);
}

// The same through the scheduler: goroutines and a thread arm and disarm, workers fire.
WARREN_TEST(timers, end_each_arming_by_a_stop_or_a_fire) {
  watchdog dog("timers that are armed and stopped", 120s);
  constexpr std::size_t n = 8;
  std::vector<owned_timer> timers(n);
  const auto work = [&](std::uint64_t seed) {
    choice random(seed);
    for (std::int64_t i = 0; i < scaled(30'000); ++i) {
      owned_timer& t = timers[random.below(n)];
      {
        std::lock_guard hold(t.owner);
        if (!t.armed) {
          ++t.armings;
          t.armed = true;
          arm(t, runtime::now_ns() + random.below(100'000));
        } else if (disarm(t)) {
          ++t.stops;
          t.armed = false;
        }
      }
      if (random.below(64) == 0) gosched();
    }
  };
  std::atomic<int> left{3};
  for (std::uint64_t i = 0; i < 2; ++i) {
    go([&, i] {
      work(i + 1);
      left.fetch_sub(1);
    });
  }
  std::thread stranger([&] {
    work(9);
    left.fetch_sub(1);
  });
  EXPECT_TRUE(eventually([&] { return left == 0; }, 100s));
  stranger.join();
  EXPECT_TRUE(eventually([&] {
    for (owned_timer& t : timers) {
      std::lock_guard hold(t.owner);
      if (t.armings != t.stops + t.fires) return false;
    }
    return true;
  }));
}

WARREN_TEST(timers, wake_sleepers_in_time) {
  constexpr int n = 200;
  std::atomic<int> early{0};
  std::atomic<std::int64_t> latest{0};
  std::atomic<int> left{n};
  for (int i = 0; i < n; ++i) {
    go([&, i] {
      const std::int64_t begin = runtime::now_ns();
      const std::int64_t d = 1'000'000 * (1 + i % 50);
      pause(std::chrono::nanoseconds(d));
      const std::int64_t over = runtime::now_ns() - begin - d;
      if (over < 0) early.fetch_add(1);
      std::int64_t before = latest;
      while (before < over && !latest.compare_exchange_weak(before, over)) {
      }
      left.fetch_sub(1);
    });
  }
  EXPECT_TRUE(eventually([&] { return left == 0; }));
  EXPECT_EQ(early, 0);
  EXPECT_LT(latest, 1'000'000'000);
}

WARREN_TEST(timers, wake_sleepers_of_no_or_negative_time_at_once) {
  const stopwatch watch;
  for (int i = 0; i < 100; ++i) {
    pause(0ms);
    pause(-5s);
    runtime::sleep_until_ns(INT64_MIN);
    runtime::sleep_until_ns(0);
  }
  EXPECT_LT(watch.ms(), 2000);
}

}  // namespace
