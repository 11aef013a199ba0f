// SPDX-License-Identifier: MIT
// The queue that everything in sync/ waits in: order, hand-over, and no waiter lost or woken twice.
#include <warren/runtime/wait_queue.hpp>

#include <warren/runtime/choice.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/goroutine.hpp>
#include <warren/runtime/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using runtime::queue_waiter;
using runtime::wait_queue;
using runtime::wait_reason;

/// Goroutines that wait in line, and write down in which order they came out.
struct line {
  wait_queue queue;
  std::string order;
  std::atomic<int> waiting{0};

  bool all_out() {
    return eventually([&] { return waiting == 0; });
  }
  void serve_front(std::uint32_t answer) {
    queue.lock();
    queue_waiter* w = queue.pop_front();
    queue.unlock();
    w->answer = answer;
    runtime::wake(w);
  }
};

/// Starts them one after the other, so that their order is known.
void stand_in_line(line& l, const std::string& names) {
  for (const char name : names) {
    const int before = l.waiting;
    go([&l, name] {
      queue_waiter w;
      l.queue.lock();
      l.waiting.fetch_add(1);
      l.queue.wait(w, wait_reason::semacquire);
      l.queue.lock();
      l.order += name + std::to_string(w.answer);
      l.queue.unlock();
      l.waiting.fetch_sub(1);
    });
    ASSERT_TRUE(eventually([&] { return l.waiting == before + 1; }));
  }
}

WARREN_TEST(wait_queue, serves_first_come_first) {
  line l;
  stand_in_line(l, "abc");
  for (std::uint32_t i = 1; i <= 3; ++i) {
    l.serve_front(i);
    EXPECT_TRUE(eventually([&] { return l.waiting == 3 - static_cast<int>(i); }));
  }
  EXPECT_EQ(l.order, "a1b2c3");
  EXPECT_TRUE(l.queue.empty());
}

WARREN_TEST(wait_queue, lets_somebody_stand_in_front) {
  line l;
  stand_in_line(l, "ab");
  go([&] {
    queue_waiter w;
    l.queue.lock();
    l.waiting.fetch_add(1);
    l.queue.wait(w, wait_reason::semacquire, true);
    l.queue.lock();
    l.order += "z" + std::to_string(w.answer);
    l.queue.unlock();
    l.waiting.fetch_sub(1);
  });
  EXPECT_TRUE(eventually([&] { return l.waiting == 3; }));
  for (std::uint32_t i = 1; i <= 3; ++i) {
    l.serve_front(i);
    EXPECT_TRUE(eventually([&] { return l.waiting == 3 - static_cast<int>(i); }));
  }
  EXPECT_EQ(l.order, "z1a2b3");
}

WARREN_TEST(wait_queue, lets_any_waiter_be_taken_out) {
  for (const std::size_t which : {std::size_t{0}, std::size_t{1}, std::size_t{2}}) {
    line l;
    stand_in_line(l, "abc");
    l.queue.lock();
    queue_waiter* w = l.queue.front();
    for (std::size_t i = 0; i < which; ++i) w = w->next;
    l.queue.remove(w);
    l.queue.unlock();
    w->answer = 9;
    runtime::wake(w);
    EXPECT_TRUE(eventually([&] { return l.waiting == 2; }));
    EXPECT_EQ(l.order, std::string(1, "abc"[which]) + "9");
    l.serve_front(1);
    EXPECT_TRUE(eventually([&] { return l.waiting == 1; }));
    l.serve_front(2);
    EXPECT_TRUE(l.all_out());
    EXPECT_EQ(l.order.size(), 6u);
  }
}

WARREN_TEST(wait_queue, releases_all_at_once) {
  line l;
  stand_in_line(l, "abcdefgh");
  l.queue.lock();
  queue_waiter* chain = l.queue.take_all();
  EXPECT_TRUE(l.queue.empty());
  l.queue.unlock();
  runtime::wake_all(chain);
  EXPECT_TRUE(l.all_out());
  EXPECT_EQ(l.order.size(), 16u);
  l.queue.lock();
  EXPECT_EQ(l.queue.take_all(), nullptr);
  l.queue.unlock();
  runtime::wake_all(nullptr);
}

/// A semaphore made of the queue: the units are never more than there are, and everybody gets through.
struct small_semaphore {
  wait_queue queue;
  int units;

  void acquire() {
    queue.lock();
    if (units > 0) {
      --units;
      return queue.unlock();
    }
    queue_waiter w;
    queue.wait(w, wait_reason::semacquire);
  }
  void release() {
    queue.lock();
    queue_waiter* w = queue.pop_front();
    if (w == nullptr) ++units;
    queue.unlock();
    if (w != nullptr) runtime::wake(w);
  }
};

WARREN_TEST(wait_queue, loses_nobody_among_goroutines_and_threads) {
  watchdog dog("a semaphore made of a wait queue", 240s);
  small_semaphore s{{}, 2};
  const int times = static_cast<int>(scaled(20'000));
  std::atomic<int> inside{0};
  std::atomic<int> too_many{0};
  std::atomic<int> left{0};
  const auto work = [&] {
    for (int i = 0; i < times; ++i) {
      s.acquire();
      if (inside.fetch_add(1) >= 2) too_many.fetch_add(1);
      if (i % 7 == 0) gosched();
      inside.fetch_sub(1);
      s.release();
    }
    left.fetch_sub(1);
  };
  std::vector<std::thread> threads;
  left = 6;
  for (int i = 0; i < 4; ++i) go(work);
  for (int i = 0; i < 2; ++i) threads.emplace_back(work);
  EXPECT_TRUE(eventually([&] { return left == 0; }, 240s));
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(too_many, 0);
  EXPECT_EQ(s.units, 2);
  EXPECT_TRUE(s.queue.empty());
}

WARREN_TEST(wait_queue, may_be_woken_by_all_ways_at_once) {
  // Three goroutines that wait again and again; others wake the front, the last, or all of them.
  watchdog dog("a wait queue that is woken in every way", 240s);
  wait_queue queue;
  std::atomic<bool> over{false};
  std::atomic<std::int64_t> woken{0};
  std::atomic<int> alive{3};
  for (int i = 0; i < 3; ++i) {
    go([&] {
      while (!over) {
        queue_waiter w;
        queue.lock();
        if (over) {
          queue.unlock();
          break;
        }
        queue.wait(w, wait_reason::cond_wait);
        woken.fetch_add(1);
      }
      alive.fetch_sub(1);
    });
  }
  const auto wake_some = [&](std::uint64_t seed) {
    runtime::choice random(seed);
    for (std::int64_t i = 0; i < scaled(50'000); ++i) {
      queue.lock();
      queue_waiter* one = nullptr;
      queue_waiter* chain = nullptr;
      switch (random.below(3)) {
        case 0: one = queue.pop_front(); break;
        case 1:
          one = queue.front();
          while (one != nullptr && one->next != nullptr) one = one->next;
          if (one != nullptr) queue.remove(one);
          break;
        default: chain = queue.take_all();
      }
      queue.unlock();
      if (one != nullptr) runtime::wake(one);
      runtime::wake_all(chain);
      if (i % 16 == 0) gosched();
    }
  };
  std::atomic<int> wakers{2};
  go([&] {
    wake_some(1);
    wakers.fetch_sub(1);
  });
  std::thread stranger([&] {
    wake_some(2);
    wakers.fetch_sub(1);
  });
  EXPECT_TRUE(eventually([&] { return wakers == 0; }, 240s));
  stranger.join();
  queue.lock();
  over = true;
  queue_waiter* rest = queue.take_all();
  queue.unlock();
  runtime::wake_all(rest);
  EXPECT_TRUE(eventually([&] { return alive == 0; }));
  EXPECT_GT(woken, 0);
}

}  // namespace
