// SPDX-License-Identifier: MIT
// Threads that the library did not start use all of it: inside a run, and without any.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/thread.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/wait_group.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Channels, select, sleep and mutexes between threads only.
int threads_alone() {
  constexpr int n = 4;
  constexpr int times = 1000;
  chan<int> c = make_chan<int>();
  chan<int> buffered = make_chan<int>(3);
  chan<void> end = make_chan<void>();
  sync::mutex guard;
  std::int64_t sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([=] {
      for (int v = 1; v <= times; ++v) select(send(c, v), send(buffered, v));
    });
    threads.emplace_back([&, c, buffered, end] {
      for (bool go_on = true; go_on;) {
        int v = 0;
        select(recv(c, v), recv(buffered, v), recv(end, [&] { go_on = false; }));
        guard.lock();
        sum += v;
        guard.unlock();
      }
    });
  }
  for (int i = 0; i < n; ++i) threads[static_cast<std::size_t>(2 * i)].join();
  // Two may be left in the buffer; nobody sends any more.
  pause(5ms);
  end.close();
  for (int i = 0; i < n; ++i) threads[static_cast<std::size_t>(2 * i + 1)].join();
  for (int v = 0; buffered.try_recv(v) == recv_status::value;) sum += v;
  return sum == std::int64_t{n} * times * (times + 1) / 2 ? 1 : 0;
}

TEST(foreign_threads, use_channels_among_themselves_without_a_run) { EXPECT_EQ(threads_alone(), 1); }

WARREN_TEST(foreign_threads, use_channels_among_themselves_beside_a_run) {
  std::atomic<int> right{-1};
  std::thread all([&] { right = threads_alone(); });
  EXPECT_TRUE(eventually([&] { return right >= 0; }, 60s));
  all.join();
  EXPECT_EQ(right, 1);
}

WARREN_TEST(foreign_threads, talk_to_goroutines) {
  constexpr int n = 3;
  const int times = static_cast<int>(scaled(3000));
  chan<int> there = make_chan<int>();
  chan<int> back = make_chan<int>(2);
  std::vector<std::thread> threads;
  std::atomic<int> left{n};
  std::atomic<std::int64_t> sum{0};
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, there, back] {
      for (int v = 0; v < times; ++v) {
        there.send(v);
        sum.fetch_add(back.recv());
      }
      left.fetch_sub(1);
    });
    go([=] {
      for (int v : there) back.send(v);
    });
  }
  EXPECT_TRUE(eventually([&] { return left == 0; }, 60s));
  for (std::thread& t : threads) t.join();
  there.close();
  EXPECT_EQ(sum, std::int64_t{n} * times * (times - 1) / 2);
}

WARREN_TEST(foreign_threads, start_goroutines) {
  constexpr int n = 3;
  const int times = static_cast<int>(scaled(10'000));
  std::atomic<int> ran{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < times; ++j) go([&] { ran.fetch_add(1); });
    });
  }
  EXPECT_TRUE(eventually([&] { return ran == n * times; }, 60s));
  for (std::thread& t : threads) t.join();
}

WARREN_TEST(foreign_threads, share_mutexes_and_wait_groups_with_goroutines) {
  sync::mutex guard;
  sync::wait_group wg;
  const int times = static_cast<int>(scaled(5000));
  std::int64_t count = 0;
  const auto work = [&] {
    for (int i = 0; i < times; ++i) {
      guard.lock();
      ++count;
      guard.unlock();
    }
  };
  for (int i = 0; i < 3; ++i) wg.go(work);
  std::thread a(work);
  std::thread b([&] {
    work();
    wg.wait();
  });
  wg.wait();
  std::atomic<bool> joined{false};
  std::thread joins([&] {
    a.join();
    b.join();
    joined = true;
  });
  EXPECT_TRUE(eventually([&] { return joined.load(); }, 60s));
  joins.join();
  EXPECT_EQ(count, 5 * times);
}

WARREN_TEST(foreign_threads, sleep) {
  std::atomic<std::int64_t> slept{-1};
  std::thread t([&] {
    const stopwatch watch;
    pause(20ms);
    slept = watch.ms();
  });
  EXPECT_TRUE(eventually([&] { return slept >= 0; }));
  t.join();
  EXPECT_GE(slept, 20);
}

WARREN_TEST(foreign_threads, give_way) {
  std::thread([] {
    for (int i = 0; i < 100; ++i) gosched();
    EXPECT_EQ(num_goroutine(), 1) << "a thread is no goroutine";
  }).join();
}

int records() {
  int n = 0;
  runtime::for_each_thread([&](runtime::thread*) { ++n; });
  return n;
}

TEST(foreign_threads, leave_their_records_to_later_ones) {
  const auto use_the_library = [] {
    chan<int> c = make_chan<int>(1);
    c.send(1);
    std::thread([=] { c.recv(); }).join();
  };
  std::thread(use_the_library).join();
  const int before = records();
  for (int i = 0; i < 200; ++i) std::thread(use_the_library).join();
  EXPECT_LE(records(), before + 1) << "a record for each thread";
}

TEST(foreign_threads, keep_their_own_exceptions) {
  chan<int> c = make_chan<int>();
  std::thread t([=] {
    try {
      throw std::string("of the thread");
    } catch (const std::string& text) {
      EXPECT_EQ(c.recv(), 1);
      EXPECT_EQ(text, "of the thread");
    }
  });
  std::thread other([=] {
    try {
      throw 5;
    } catch (int n) {
      c.send(1);
      EXPECT_EQ(n, 5);
    }
  });
  t.join();
  other.join();
}

// --- the runtime that starts by itself

WARREN_PROGRAM(go_without_a_run) {
  chan<int> c = make_chan<int>();
  for (int i = 1; i <= 100; ++i) go([=] { c.send(i); });
  int sum = 0;
  for (int i = 1; i <= 100; ++i) sum += c.recv();
  std::printf("sum=%d\n", sum);
  // Sleeping goroutines as well: timers have somebody who looks at them.
  const stopwatch watch;
  go([=] {
    pause(30ms);
    c.send(1);
  });
  c.recv();
  std::printf("slept=%ld\n", static_cast<long>(watch.ms()));
  // A goroutine that nobody will ever wake is no deadlock here.
  go([] { chan<int>().recv(); });
  std::this_thread::sleep_for(100ms);
  std::printf("goroutines=%d\n", num_goroutine());
  return 0;
}

TEST(background, starts_with_the_first_goroutine) {
  for (const char* procs : {"1", "2", "4"}) {
    const program_end end = run_program("go_without_a_run", 20, {{"GOMAXPROCS", procs}});
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_EQ(end.number("sum"), 5050);
    EXPECT_GE(end.number("slept"), 30);
    EXPECT_LT(end.number("slept"), 1000);
    EXPECT_EQ(end.number("goroutines"), 1);
    EXPECT_EQ(end.err, "");
  }
}

WARREN_PROGRAM(run_after_go) {
  chan<int> c = make_chan<int>();
  go([=] {
    for (int i = 0;; ++i) c.send(i);
  });
  std::printf("first=%d\n", c.recv());
  const int status = run([=] {
    // The goroutine from before is still there.
    return c.recv() + 10;
  });
  std::printf("status=%d\n", status);
  std::printf("after=%d\n", c.recv());
  std::printf("again=%d\n", run([] { return 3; }));
  return 0;
}

TEST(background, goes_on_beside_a_run) {
  const program_end end = run_program("run_after_go", 20);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("first"), 0);
  EXPECT_EQ(end.number("status"), 11);
  EXPECT_EQ(end.number("after"), 2);
  EXPECT_EQ(end.number("again"), 3);
}

WARREN_PROGRAM(go_and_run_at_once) {
  static std::atomic<int> ran{0};  // where a thread was first the runtime goes on, and so do its goroutines
  std::atomic<bool> begin{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!begin) {
      }
      go([] { ran.fetch_add(1); });
    });
  }
  begin = true;
  const int status = run(run_options{.max_procs = 2}, [&] {
    for (std::thread& t : threads) t.join();
    return 4;
  });
  std::printf("status=%d\n", status);
  return 0;
}

TEST(background, and_a_run_may_begin_at_the_same_moment) {
  for (int i = 0; i < 30; ++i) {
    const program_end end = run_program("go_and_run_at_once", 20);
    ASSERT_EQ(end.status, 0) << end.err;
    ASSERT_EQ(end.number("status"), 4);
  }
}

}  // namespace
