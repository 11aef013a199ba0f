// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/timer.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

void add_up(sync::mutex& m, std::int64_t& sum, std::int64_t times) {
  for (std::int64_t i = 0; i < times; ++i) {
    if (i % 3 == 0) {
      if (m.try_lock()) {
        ++sum;
        m.unlock();
      } else {
        const std::lock_guard hold(m);
        ++sum;
      }
      continue;
    }
    m.lock();
    ++sum;
    m.unlock();
  }
}

WARREN_TEST(mutex, TestMutex) {
  sync::mutex m;
  m.lock();
  EXPECT_FALSE(m.try_lock());
  m.unlock();
  EXPECT_TRUE(m.try_lock());
  m.unlock();

  const std::int64_t times = tests::scaled(100'000);
  std::int64_t sum = 0;
  sync::wait_group wg;
  for (int i = 0; i < 10; ++i) wg.go([&] { add_up(m, sum, times); });
  wg.wait();
  EXPECT_EQ(sum, 10 * times);
}

WARREN_TEST(mutex, TestMutexFairness) {
  sync::mutex m;
  chan<void> stop = make_chan<void>();
  chan<void> done = make_chan<void>(1);
  sync::wait_group hog;
  hog.go([&] {
    do {
      m.lock();
      sleep(100us);
      m.unlock();
    } while (select(recv(stop), otherwise) == 1);
  });
  sync::wait_group modest;
  modest.go([&] {
    for (int i = 0; i < 10; ++i) {
      sleep(100us);
      m.lock();
      m.unlock();
    }
    done.send();
  });
  EXPECT_EQ(select(recv(done), recv(time_after(10s))), 0) << "ten turns did not come in ten seconds";
  stop.close();
  hog.wait();
  modest.wait();
}

// Go's TestSemaHandoff: who has waited for 1 ms is the holder before unlock() returns.
WARREN_TEST(mutex, unlock_hands_over_to_a_waiter_of_1_ms) {
  for (int round = 0; round < 10; ++round) {
    sync::mutex m;
    bool had_it = false;
    const std::int64_t before = tests::queued();
    m.lock();
    sync::wait_group wg;
    wg.go([&] {
      const std::lock_guard hold(m);
      had_it = true;
    });
    tests::wait_until_queued(before + 1);
    sleep(1500us);
    m.unlock();
    if (m.try_lock()) {
      EXPECT_TRUE(had_it) << "the lock was free";
      m.unlock();
    }
    wg.wait();
    EXPECT_TRUE(had_it);
  }
}

// What keeps a contended mutex fast. A waiter may look, now and then, as if it had waited for 1 ms: hence the
// rounds.
WARREN_TEST(mutex, newcomers_overtake_a_waiter_of_less_than_1_ms) {
  bool overtook = false;
  for (int round = 0; round < 1000 && !overtook; ++round) {
    sync::mutex m;
    const std::int64_t before = tests::queued();
    m.lock();
    sync::wait_group wg;
    wg.go([&] { const std::lock_guard hold(m); });
    tests::wait_until_queued(before + 1);
    m.unlock();
    overtook = m.try_lock();
    if (overtook) m.unlock();
    wg.wait();
  }
  EXPECT_TRUE(overtook);
}

WARREN_TEST(mutex, old_waiters_are_served_in_the_order_in_which_they_came) {
  sync::mutex m;
  std::vector<int> order;
  const std::int64_t before = tests::queued();
  m.lock();
  sync::wait_group wg;
  for (int i = 0; i < 8; ++i) {
    wg.go([&, i] {
      const std::lock_guard hold(m);
      order.push_back(i);
    });
    tests::wait_until_queued(before + i + 1);
  }
  sleep(1500us);
  m.unlock();
  wg.wait();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
}

WARREN_TEST(mutex, anybody_may_unlock_it) {
  sync::mutex m;
  m.lock();
  go([&] { m.unlock(); });
  const std::lock_guard hold(m);
  EXPECT_FALSE(m.try_lock());
}

WARREN_TEST(mutex, meets_the_standards_lockable) {
  sync::mutex a;
  sync::mutex b;
  const std::int64_t times = tests::scaled(10'000);
  std::int64_t sum = 0;
  sync::wait_group wg;
  wg.go([&] {
    for (std::int64_t i = 0; i < times; ++i) {
      const std::scoped_lock both(a, b);
      ++sum;
    }
  });
  wg.go([&] {
    for (std::int64_t i = 0; i < times; ++i) {
      const std::scoped_lock both(b, a);
      ++sum;
    }
  });
  wg.wait();
  EXPECT_EQ(sum, 2 * times);
  std::unique_lock<sync::mutex> held(a);
  EXPECT_TRUE(held.owns_lock());
  EXPECT_FALSE((std::unique_lock<sync::mutex>(a, std::try_to_lock).owns_lock()));
}

// The last one out destroys the mutex while the unlock() of the one before may not have returned yet.
WARREN_TEST(mutex, may_be_destroyed_after_the_last_unlock) {
  struct shared {
    sync::mutex m;
    int users = 3;
  };
  const std::int64_t rounds = tests::scaled(30'000);
  sync::wait_group wg;
  for (std::int64_t i = 0; i < rounds; ++i) {
    auto* s = new shared;
    for (int user = 0; user < 3; ++user) {
      wg.go([s] {
        s->m.lock();
        const bool last = --s->users == 0;
        s->m.unlock();
        if (last) delete s;
      });
    }
    if (i % 8 == 0) wg.wait();
  }
  wg.wait();
}

WARREN_TEST(mutex, goroutines_and_threads_share_one) {
  sync::mutex m;
  const std::int64_t times = tests::scaled(50'000);
  std::int64_t sum = 0;
  sync::wait_group wg;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    wg.add(1);
    threads.emplace_back([&] {
      add_up(m, sum, times);
      wg.done();
    });
    wg.go([&] { add_up(m, sum, times); });
  }
  wg.wait();
  EXPECT_EQ(sum, 6 * times);
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
}

TEST(mutex, serves_threads_alone) {
  sync::mutex m;
  const std::int64_t times = tests::scaled(100'000);
  std::int64_t sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { add_up(m, sum, times); });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(sum, 4 * times);
}

TEST(mutex, is_not_handed_to_a_goroutine_left_over_by_its_run) {
  static sync::mutex m;
  run(run_options{.max_procs = 2}, [] {
    const std::int64_t before = tests::queued();
    m.lock();
    for (int i = 0; i < 3; ++i) go([] { m.lock(); });
    tests::wait_until_queued(before + 3);
  });
  m.unlock();
  EXPECT_TRUE(m.try_lock());
  m.unlock();
  run([] {
    m.lock();
    sync::wait_group wg;
    const std::int64_t before = tests::queued();
    wg.go([] { const std::lock_guard hold(m); });
    tests::wait_until_queued(before + 1);
    m.unlock();
    wg.wait();
  });
  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

TEST(mutex, may_be_gone_before_those_who_wait_are_taken_out) {
  run(run_options{.max_procs = 2}, [] {
    auto m = std::make_unique<sync::mutex>();
    const std::int64_t before = tests::queued();
    m->lock();
    for (int i = 0; i < 3; ++i) go([&m = *m] { m.lock(); });
    tests::wait_until_queued(before + 3);
  });
}

// Go's TestMutexMisuse: what no recover can catch.
template <class Misuse>
[[noreturn]] void survive(Misuse misuse) {
  run([&] {
    try {
      misuse();
    } catch (...) {
      std::fputs("caught\n", stderr);
    }
  });
  std::exit(0);
}

TEST(mutex, TestMutexMisuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  constexpr const char* text = "fatal error: sync: unlock of unlocked mutex";
  EXPECT_EXIT(survive([] {
                sync::mutex m;
                m.unlock();
              }),
              ::testing::ExitedWithCode(2), text);
  EXPECT_EXIT(survive([] {
                sync::mutex m;
                m.lock();
                m.unlock();
                m.unlock();
              }),
              ::testing::ExitedWithCode(2), text);
}

}  // namespace
