// SPDX-License-Identifier: MIT
// blocking(): the call runs here and now, and nobody else waits for it. What is not wrapped the monitor finds.
#include <warren/channels/channel.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/scheduler.hpp>
#include <warren/runtime/system.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

void hold_the_thread(std::chrono::nanoseconds d) { std::this_thread::sleep_for(d); }

WARREN_TEST(blocking, hands_results_and_references_on) {
  EXPECT_EQ(blocking([] { return 3; }), 3);
  int x = 1;
  int& same = blocking([&]() -> int& { return x; });
  EXPECT_EQ(&same, &x);
  static_assert(std::is_void_v<decltype(blocking([] {}))>);
  EXPECT_EQ(*blocking([] { return std::make_unique<int>(7); }), 7);
  blocking([n = std::make_unique<int>(8), &x]() mutable { x = *n; });
  EXPECT_EQ(x, 8);
}

WARREN_TEST(blocking, hands_exceptions_on) {
  for (int i = 0; i < 20; ++i) {
    try {
      blocking([] { throw std::runtime_error("from inside"); });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const std::runtime_error& e) {
      gosched();
      EXPECT_STREQ(e.what(), "from inside");
    }
  }
}

WARREN_TEST(blocking, keeps_errno_inside) {
  for (int i = 0; i < 100; ++i) {
    const int error = blocking([] {
      const int fd = ::open("/nonexistent", O_RDONLY);
      return fd < 0 ? errno : 0;
    });
    EXPECT_EQ(error, ENOENT);
  }
}

WARREN_TEST(blocking, lets_the_others_run) {
  std::atomic<int> turns{0};
  std::atomic<bool> stop{false};
  chan<void> stopped = make_chan<void>();
  go([&, stopped] {
    while (!stop) {
      turns.fetch_add(1);
      pause(1ms);
    }
    stopped.send();
  });
  blocking([] { hold_the_thread(100ms); });
  EXPECT_GT(turns, 20) << "the other goroutine stood still";
  stop = true;
  stopped.recv();
}

WARREN_TEST(blocking, runs_many_calls_at_once) {
  constexpr int n = 20;
  const stopwatch watch;
  chan<void> done = make_chan<void>();
  for (int i = 0; i < n; ++i) {
    go([=] {
      blocking([] { hold_the_thread(100ms); });
      done.send();
    });
  }
  for (int i = 0; i < n; ++i) done.recv();
  EXPECT_LT(watch.ms(), n * 100 / 2) << "one after the other";
}

WARREN_TEST(blocking, may_be_nested) {
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 10; ++i) {
    go([=] {
      const int n = blocking([] { return blocking([] { return 1; }) + blocking([] { return 2; }); });
      gosched();
      c.send(n);
    });
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(c.recv(), 3);
}

WARREN_TEST(blocking, may_use_what_never_switches) {
  chan<int> c = make_chan<int>(10);
  chan<int> unbuffered = make_chan<int>();
  go([=] { c.send(unbuffered.recv()); });
  pause(1ms);
  blocking([&] {
    EXPECT_TRUE(c.try_send(1));
    go([=] { c.send(2); });
    while (!unbuffered.try_send(3)) hold_the_thread(1ms);
    hold_the_thread(20ms);
  });
  int sum = 0;
  for (int i = 0; i < 3; ++i) sum += c.recv();
  EXPECT_EQ(sum, 6);
}

// Go: TestPreemptionAfterSyscall. Eight goroutines in short system calls notice the flag.
WARREN_TEST(blocking, TestPreemptionAfterSyscall) {
  for (const auto d : {10us, 100us, 1000us}) {
    std::atomic<bool> stop{false};
    chan<void> done = make_chan<void>(8);
    const stopwatch watch;
    for (int i = 0; i < 8; ++i) {
      go([&, done] {
        while (!stop) blocking([&] { hold_the_thread(d); });
        done.send();
      });
    }
    pause(20ms);
    stop = true;
    for (int i = 0; i < 8; ++i) done.recv();
    EXPECT_LT(watch.ms(), 5000);
  }
}

WARREN_TEST(blocking, comes_back_while_all_places_are_taken) {
  // The places are taken by goroutines that always have something to do; those that come back get their turns.
  std::atomic<bool> stop{false};
  std::atomic<int> busy{0};
  for (int i = 0; i < 8; ++i) {
    go([&] {
      busy.fetch_add(1);
      while (!stop) gosched();
      busy.fetch_sub(1);
    });
  }
  std::atomic<int> calls{0};
  std::atomic<int> crowded{0};
  for (int i = 0; i < 4; ++i) {
    go([&] {
      for (int round = 0; round < 100; ++round) {
        blocking([] { hold_the_thread(50us); });
        if (runtime::sched.present() > static_cast<std::uint32_t>(gomaxprocs())) crowded.fetch_add(1);
        calls.fetch_add(1);
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return calls == 400; }, 20s));
  EXPECT_EQ(crowded, 0) << "somebody came back without a place";
  stop = true;
  EXPECT_TRUE(eventually([&] { return busy == 0; }));
}

WARREN_TEST(blocking, is_a_plain_call_on_a_thread_of_the_users) {
  int n = 0;
  std::thread([&] { n = blocking([] { return 5; }); }).join();
  EXPECT_EQ(n, 5);
}

WARREN_TEST(monitor, replaces_a_worker_whose_goroutine_sleeps_in_the_kernel) {
  // Not wrapped: found by the monitor within some looks of 10 ms.
  constexpr int n = 6;
  const stopwatch watch;
  std::atomic<int> asleep{0};
  std::atomic<int> ended{0};
  for (int i = 0; i < n; ++i) {
    go([&] {
      asleep.fetch_add(1);
      hold_the_thread(500ms);
      ended.fetch_add(1);
    });
  }
  EXPECT_TRUE(eventually([&] { return asleep == n; }));
  EXPECT_EQ(ended, 0) << "one had to end before the last could start";
  EXPECT_LT(watch.ms(), 480);
  // Meanwhile others come and go.
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 100; ++i) {
    go([=] { c.send(i); });
    EXPECT_EQ(c.recv(), i);
  }
  EXPECT_EQ(ended, 0);
  EXPECT_TRUE(eventually([&] { return ended == n; }));
}

WARREN_TEST(monitor, fires_the_timers_of_a_worker_that_does_not_come_to_look) {
  std::atomic<std::int64_t> woken_after{0};
  for (int i = 0; i < 4; ++i) {
    go([&] {
      const stopwatch watch;
      pause(20ms);
      std::int64_t nobody = 0;
      woken_after.compare_exchange_strong(nobody, watch.ms());
    });
  }
  pause(5ms);
  // Everybody sleeps in this worker's heap, perhaps; now it computes.
  compute(200ms);
  EXPECT_TRUE(eventually([&] { return woken_after != 0; }));
  EXPECT_LT(woken_after, 120);
}

}  // namespace
