// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/rw_mutex.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

void hold_together(int readers) {
  sync::rw_mutex m;
  chan<void> holding = make_chan<void>();
  chan<void> let_go = make_chan<void>();
  sync::wait_group wg;
  for (int i = 0; i < readers; ++i) {
    wg.go([&] {
      m.rlock();
      holding.send();
      let_go.recv();
      m.runlock();
    });
  }
  for (int i = 0; i < readers; ++i) holding.recv();  // all of them at once
  for (int i = 0; i < readers; ++i) let_go.send();
  wg.wait();
  EXPECT_TRUE(m.try_lock());
  m.unlock();
}

WARREN_TEST(rw_mutex, TestParallelReaders) {
  hold_together(1);
  hold_together(3);
  hold_together(4);
}

/// Readers inside count 1 each, a writer 10000.
struct activity {
  sync::rw_mutex m;
  std::atomic<int> inside{0};
  std::atomic<int> wrong{0};
  std::int64_t written = 0;  ///< guarded by m

  void read(std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
      m.rlock();
      const int now = inside.fetch_add(1, std::memory_order_relaxed) + 1;
      if (now < 1 || now >= 10'000 || written < 0) wrong.fetch_add(1, std::memory_order_relaxed);
      inside.fetch_sub(1, std::memory_order_relaxed);
      m.runlock();
    }
  }

  void write(std::int64_t times) {
    for (std::int64_t i = 0; i < times; ++i) {
      m.lock();
      const int now = inside.fetch_add(10'000, std::memory_order_relaxed) + 10'000;
      if (now != 10'000) wrong.fetch_add(1, std::memory_order_relaxed);
      ++written;
      inside.fetch_sub(10'000, std::memory_order_relaxed);
      m.unlock();
    }
  }
};

void hammer(int readers, std::int64_t times) {
  activity a;
  sync::wait_group wg;
  wg.go([&] { a.write(times); });
  for (int i = 0; i < readers / 2; ++i) wg.go([&] { a.read(times); });
  wg.go([&] { a.write(times); });
  for (int i = readers / 2; i < readers; ++i) wg.go([&] { a.read(times); });
  wg.wait();
  EXPECT_EQ(a.wrong.load(), 0);
  EXPECT_EQ(a.written, 2 * times);
  EXPECT_TRUE(a.m.try_lock());
  a.m.unlock();
}

WARREN_TEST(rw_mutex, TestRWMutex) {
  sync::rw_mutex m;
  m.lock();
  EXPECT_FALSE(m.try_lock());
  EXPECT_FALSE(m.try_rlock());
  m.unlock();
  EXPECT_TRUE(m.try_lock());
  m.unlock();
  EXPECT_TRUE(m.try_rlock());
  EXPECT_TRUE(m.try_rlock());
  EXPECT_FALSE(m.try_lock());
  m.runlock();
  m.runlock();

  for (const int readers : {1, 3, 5, 10}) hammer(readers, tests::scaled(20'000));
}

WARREN_TEST(rw_mutex, TestRLocker) {
  sync::rw_mutex m;
  chan<void> write_locked = make_chan<void>(1);
  chan<void> read_locked = make_chan<void>(1);
  auto reader = m.rlocker();
  constexpr int n = 10;
  sync::wait_group wg;
  wg.go([&] {
    for (int i = 0; i < n; ++i) {
      reader.lock();
      reader.lock();
      read_locked.send();
      m.lock();
      write_locked.send();
    }
  });
  for (int i = 0; i < n; ++i) {
    read_locked.recv();
    reader.unlock();
    EXPECT_EQ(write_locked.try_recv(), recv_status::empty) << "a reader did not keep the writer out";
    reader.unlock();
    write_locked.recv();
    EXPECT_EQ(read_locked.try_recv(), recv_status::empty) << "the writer did not keep a reader out";
    m.unlock();
  }
  wg.wait();
}

WARREN_TEST(rw_mutex, a_writer_that_waits_keeps_new_readers_out) {
  sync::rw_mutex m;
  m.rlock();
  sync::wait_group wg;
  wg.go([&] { const std::lock_guard hold(m); });
  while (m.try_rlock()) {
    m.runlock();
    sleep(100us);
  }
  std::atomic<bool> entered{false};
  wg.go([&] {
    m.rlock();
    entered = true;
    m.runlock();
  });
  sleep(2ms);
  EXPECT_FALSE(entered);
  m.runlock();
  wg.wait();
  EXPECT_TRUE(entered);
}

WARREN_TEST(rw_mutex, unlock_lets_all_waiting_readers_in_before_the_next_writer) {
  sync::rw_mutex m;
  constexpr int readers = 6;
  std::atomic<int> inside{0};
  std::atomic<int> seen_by_writer{-1};
  chan<void> let_go = make_chan<void>();
  const std::int64_t before = tests::queued();
  sync::wait_group wg;
  m.lock();
  wg.go([&] {
    const std::lock_guard hold(m);
    seen_by_writer = inside.load();
  });
  tests::wait_until_queued(before + 1);
  for (int i = 0; i < readers; ++i) {
    wg.go([&] {
      m.rlock();
      ++inside;
      let_go.recv();
      m.runlock();
    });
  }
  tests::wait_until_queued(before + 1 + readers);
  sleep(1500us);  // the writer is old enough to be handed the lock
  m.unlock();
  for (int i = 0; i < readers; ++i) let_go.send();
  wg.wait();
  EXPECT_EQ(seen_by_writer, readers);
}

WARREN_TEST(rw_mutex, an_old_writer_is_handed_the_lock) {
  for (int round = 0; round < 5; ++round) {
    sync::rw_mutex m;
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

WARREN_TEST(rw_mutex, writers_among_themselves) {
  sync::rw_mutex m;
  const std::int64_t times = tests::scaled(50'000);
  std::int64_t sum = 0;
  sync::wait_group wg;
  for (int i = 0; i < 8; ++i) {
    wg.go([&] {
      for (std::int64_t n = 0; n < times; ++n) {
        const std::lock_guard hold(m);
        ++sum;
      }
    });
  }
  wg.wait();
  EXPECT_EQ(sum, 8 * times);
}

WARREN_TEST(rw_mutex, meets_the_standards_shared_lockable) {
  sync::rw_mutex m;
  {
    const std::shared_lock one(m);
    const std::shared_lock two(m, std::try_to_lock);
    EXPECT_TRUE(two.owns_lock());
    EXPECT_FALSE(std::unique_lock(m, std::try_to_lock).owns_lock());
  }
  const std::unique_lock alone(m, std::try_to_lock);
  EXPECT_TRUE(alone.owns_lock());
  EXPECT_FALSE(std::shared_lock(m, std::try_to_lock).owns_lock());
}

// Go's issue 79186: what a reader sees is what the last writer left.
WARREN_TEST(rw_mutex, readers_see_a_map_as_the_writer_left_it) {
  sync::rw_mutex m;
  std::unordered_map<int, std::int64_t> map;
  std::int64_t version = 0;
  std::atomic<int> wrong{0};
  const std::int64_t times = tests::scaled(2'000);
  sync::wait_group wg;
  for (int i = 0; i < 64; ++i) {
    wg.go([&, i] {
      for (std::int64_t n = 0; n < times; ++n) {
        if ((n + i) % 16 == 0) {
          const std::lock_guard hold(m);
          ++version;
          map[i] = version;
          map[-1] = version;
        } else {
          const std::shared_lock hold(m);
          const auto last = map.find(-1);
          if (last != map.end() && last->second != version) ++wrong;
        }
      }
    });
  }
  wg.wait();
  EXPECT_EQ(wrong, 0);
}

WARREN_TEST(rw_mutex, may_be_destroyed_after_the_last_unlock) {
  struct shared {
    sync::rw_mutex m;
    std::atomic<int> users{4};
    bool drop() { return users.fetch_sub(1, std::memory_order_acq_rel) == 1; }
  };
  const std::int64_t rounds = tests::scaled(20'000);
  sync::wait_group wg;
  for (std::int64_t i = 0; i < rounds; ++i) {
    auto* s = new shared;
    for (int user = 0; user < 4; ++user) {
      wg.go([s, user] {
        bool last = false;
        if (user % 2 == 0) {
          s->m.rlock();
          last = s->drop();
          s->m.runlock();
        } else {
          s->m.lock();
          last = s->drop();
          s->m.unlock();
        }
        if (!last) return;
        s->m.lock();  // whoever was inside has left
        s->m.unlock();
        delete s;
      });
    }
    if (i % 8 == 0) wg.wait();
  }
  wg.wait();
}

WARREN_TEST(rw_mutex, goroutines_and_threads_share_one) {
  activity a;
  const std::int64_t times = tests::scaled(20'000);
  sync::wait_group wg;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    wg.add(2);
    threads.emplace_back([&] {
      a.write(times);
      wg.done();
    });
    threads.emplace_back([&] {
      a.read(times);
      wg.done();
    });
    wg.go([&] { a.write(times); });
    wg.go([&] { a.read(times); });
  }
  wg.wait();
  EXPECT_EQ(a.wrong, 0);
  EXPECT_EQ(a.written, 4 * times);
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
}

TEST(rw_mutex, is_not_handed_to_goroutines_left_over_by_their_run) {
  static sync::rw_mutex m;
  run(run_options{.max_procs = 2}, [] {
    const std::int64_t before = tests::queued();
    m.rlock();
    for (int i = 0; i < 2; ++i) go([] { m.lock(); });
    tests::wait_until_queued(before + 2);
    for (int i = 0; i < 2; ++i) go([] { m.rlock(); });
    tests::wait_until_queued(before + 4);
  });
  m.runlock();
  EXPECT_TRUE(m.try_rlock());
  m.runlock();
  EXPECT_TRUE(m.try_lock());
  m.unlock();
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

using misuse = void (*)(sync::rw_mutex&);

void expect_end(misuse f, const char* text) {
  EXPECT_EXIT(survive([&] {
                sync::rw_mutex m;
                f(m);
              }),
              ::testing::ExitedWithCode(2), text);
}

TEST(rw_mutex, TestMutexMisuse) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  constexpr const char* unlock = "fatal error: sync: Unlock of unlocked RWMutex";
  constexpr const char* runlock = "fatal error: sync: RUnlock of unlocked RWMutex";
  expect_end([](sync::rw_mutex& m) { m.unlock(); }, unlock);
  expect_end([](sync::rw_mutex& m) { m.rlock(), m.unlock(); }, unlock);
  expect_end([](sync::rw_mutex& m) { m.lock(), m.unlock(), m.unlock(); }, unlock);
  expect_end([](sync::rw_mutex& m) { m.runlock(); }, runlock);
  expect_end([](sync::rw_mutex& m) { m.lock(), m.runlock(); }, runlock);
  expect_end([](sync::rw_mutex& m) { m.rlock(), m.runlock(), m.runlock(); }, runlock);
}

}  // namespace
