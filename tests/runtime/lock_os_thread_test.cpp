// SPDX-License-Identifier: MIT
// lock_os_thread(): the goroutine keeps its thread, nobody else gets it, and nothing else stops.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/system.hpp>
#include <warren/runtime/thread.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using runtime::sys::thread_id;

WARREN_TEST(lock_os_thread, keeps_the_thread_over_every_kind_of_switch) {
  constexpr int n = 8;
  chan<int> c = make_chan<int>();
  chan<bool> kept = make_chan<bool>();
  for (int i = 0; i < n; ++i) {
    go([=] {
      lock_os_thread();
      const int mine = thread_id();
      bool same = true;
      const auto look = [&] { same = same && thread_id() == mine; };
      for (int round = 0; round < 50; ++round) {
        (i % 2 == 0) ? c.send(round) : void(c.recv());
        look();
        gosched();
        look();
        if (round % 10 == 0) pause(1ms);
        look();
        int v = 0;
        i % 2 == 0 ? select(send(c, 1), recv(chan<int>())) : select(recv(c, v), recv(chan<int>()));
        look();
        blocking([] {});
        look();
      }
      kept.send(same);
    });
  }
  for (int i = 0; i < n; ++i) EXPECT_TRUE(kept.recv());
}

WARREN_TEST(lock_os_thread, gives_the_thread_to_nobody_else) {
  chan<void> stop = make_chan<void>();
  chan<int> mine = make_chan<int>();
  for (int i = 0; i < 3; ++i) {
    go([=] {
      lock_os_thread();
      mine.send(thread_id());
      stop.recv();
    });
  }
  std::set<int> locked;
  for (int i = 0; i < 3; ++i) locked.insert(mine.recv());
  EXPECT_EQ(locked.size(), 3u);
  std::mutex guard;
  std::set<int> others;
  std::atomic<int> left{300};
  for (int i = 0; i < 300; ++i) {
    go([&] {
      for (int round = 0; round < 5; ++round) {
        {
          std::lock_guard hold(guard);
          others.insert(thread_id());
        }
        if (round == 2) pause(1ms);
        gosched();
      }
      left.fetch_sub(1);
    });
  }
  EXPECT_TRUE(eventually([&] { return left == 0; }));
  for (const int thread : locked) EXPECT_EQ(others.count(thread), 0u);
  stop.close();
}

// Go: TestLockOSThreadNesting.
WARREN_TEST(lock_os_thread, TestLockOSThreadNesting) {
  chan<int> c = make_chan<int>();
  go([=] {
    const auto depth = [] { return static_cast<int>(runtime::current_goroutine()->locks); };
    const auto locked = [] { return runtime::current_goroutine()->has(runtime::goroutine::locked); };
    int right = 0;
    right += depth() == 0 && !locked() ? 1 : 0;
    lock_os_thread();
    lock_os_thread();
    right += depth() == 2 && locked() ? 1 : 0;
    const int mine = thread_id();
    unlock_os_thread();
    pause(2ms);
    right += depth() == 1 && locked() && thread_id() == mine ? 1 : 0;
    unlock_os_thread();
    right += depth() == 0 && !locked() ? 1 : 0;
    // Without a lock it does nothing.
    unlock_os_thread();
    right += depth() == 0 && !locked() ? 1 : 0;
    c.send(right);
  });
  EXPECT_EQ(c.recv(), 5);
}

WARREN_TEST(lock_os_thread, lets_go_of_the_thread_when_the_goroutine_ends) {
  for (int i = 0; i < 50; ++i) {
    chan<void> done = make_chan<void>();
    go([=] {
      lock_os_thread();
      lock_os_thread();
      if (i % 2 == 0) pause(1ms);
      done.send();
      if (i % 3 == 0) goexit();
    });
    done.recv();
  }
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 100; ++i) go([=] { c.send(1); });
  for (int i = 0; i < 100; ++i) c.recv();
}

WARREN_TEST(lock_os_thread, runs_on_top_of_gomaxprocs) {
  // As many as compute for good, and one more goroutine gets through at once.
  std::atomic<bool> stop{false};
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  for (int i = 0; i < 4; ++i) {
    go([&] {
      lock_os_thread();
      begun.fetch_add(1);
      while (!stop) {
      }
      ended.fetch_add(1);
    });
  }
  EXPECT_TRUE(eventually([&] { return begun == 4; }));
  chan<void> done = make_chan<void>();
  go([=] { done.send(); });
  done.recv();
  stop = true;
  EXPECT_TRUE(eventually([&] { return ended == 4; }));
}

TEST(lock_os_thread, keeps_the_main_thread_for_goroutine_1) {
  const int main_thread = thread_id();
  for (const int workers : {1, 2, 4}) {
    run(run_options{.max_procs = workers}, [&] {
      lock_os_thread();
      EXPECT_EQ(thread_id(), main_thread);
      chan<int> c = make_chan<int>();
      for (int i = 0; i < 100; ++i) {
        go([=] { c.send(thread_id()); });
        EXPECT_NE(c.recv(), main_thread);
        EXPECT_EQ(thread_id(), main_thread);
        if (i % 10 == 0) pause(1ms);
      }
      EXPECT_EQ(thread_id(), main_thread);
    });
  }
}

// Go: TestLockOSThreadExit, as far as it applies: goroutine 1 may end locked, and so may run().
TEST(lock_os_thread, TestLockOSThreadExit) {
  for (int i = 0; i < 20; ++i) {
    const int status = run(run_options{.max_procs = 1 + i % 3}, [] {
      lock_os_thread();
      pause(1ms);
      return 5;
    });
    ASSERT_EQ(status, 5);
  }
}

TEST(lock_os_thread, does_nothing_on_a_thread_that_is_its_own) {
  lock_os_thread();
  unlock_os_thread();
  unlock_os_thread();
}

// Go: TestYieldLocked, TestBlockLocked.
WARREN_TEST(lock_os_thread, TestYieldLocked) {
  chan<void> c = make_chan<void>();
  go([=] {
    lock_os_thread();
    for (int i = 0; i < 10; ++i) {
      gosched();
      pause(1ms);
    }
    c.send();
  });
  c.recv();
}

WARREN_TEST(lock_os_thread, TestBlockLocked) {
  constexpr int n = 10;
  chan<bool> c = make_chan<bool>();
  go([=] {
    lock_os_thread();
    for (int i = 0; i < n; ++i) c.send(true);
    unlock_os_thread();
  });
  for (int i = 0; i < n; ++i) EXPECT_TRUE(c.recv());
}

// Go: TestLockOSThreadTemplateThreadRace. Goroutines lock, start others, and end, all at once.
WARREN_TEST(lock_os_thread, TestLockOSThreadTemplateThreadRace) {
  constexpr int n = 100;
  chan<void> done = make_chan<void>(2 * n);
  for (int i = 0; i < n; ++i) {
    go([=] {
      lock_os_thread();
      go([=] { done.send(); });
      unlock_os_thread();
      done.send();
    });
  }
  for (int i = 0; i < 2 * n; ++i) done.recv();
}

}  // namespace
