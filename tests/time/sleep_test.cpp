// SPDX-License-Identifier: MIT
#include <warren/time/sleep.hpp>

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <thread>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/time/timer.hpp>

#include "channels/crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;

// A bare number compiles neither alone nor beside POSIX's sleep, which is in scope here.
template <class T>
concept sleeps_for = requires(T d) { sleep(d); };
static_assert(sleeps_for<std::chrono::nanoseconds> && sleeps_for<std::chrono::hours>);
static_assert(sleeps_for<std::chrono::duration<double>>);
static_assert(!sleeps_for<int> && !sleeps_for<long> && !sleeps_for<double>);

// Go: TestSleep. A signal does not end the sleep early.
WARREN_TEST(sleep, TestSleep) {
  static constexpr auto delay = 100ms;
  go([] {
    sleep(delay / 2);
    ::kill(::getpid(), SIGCHLD);
  });
  const auto start = clock::now();
  sleep(delay);
  EXPECT_GE(since(start), delay);
}

WARREN_TEST(sleep, UntilTimePointsOfAnyClock) {
  const auto start = clock::now();
  sleep_until(clock::now() + 10ms);
  sleep_until(std::chrono::steady_clock::now() + 10ms);
  sleep_until(std::chrono::system_clock::now() + 10ms);
  EXPECT_GE(since(start), 29ms);  // the two other clocks may run a little faster than ours
  sleep_until(std::chrono::system_clock::time_point{});
  sleep_until(clock::time_point::min());
  EXPECT_LT(since(start), 5s);
}

WARREN_TEST(sleep, TestSleepZeroDeadlock) {
  tests::crew crew;
  crew.go([] {
    for (int i = 0; i < 100; i++) gosched();
  });
  for (int i = 0; i < 100; i++) {
    sleep(0s);
    auto tmp = make_chan<bool>(1);
    tmp << true;
    EXPECT_TRUE(tmp.recv());
  }
  crew.wait();
}

// Go: TestOverflowSleep. The big sleep is left over at the end of the run, so this one has a run of its own.
TEST(sleep, TestOverflowSleep) {
  static std::atomic<bool> returned;
  returned = false;
  run(run_options{.max_procs = 2}, [] {
    static constexpr auto big = std::chrono::nanoseconds(INT64_MAX);
    go([] {
      sleep(big);
      returned = true;
    });
    go([] {
      sleep(std::chrono::hours::max());
      returned = true;
    });
    EXPECT_EQ(select(recv(time_after(big)), recv(time_after(25ms))), 1) << "big timeout fired";
    EXPECT_EQ(select(recv(time_after(std::chrono::years(100'000))), recv(time_after(25ms))), 1);

    sleep(std::chrono::nanoseconds(INT64_MIN));
    sleep(std::chrono::hours::min());
    EXPECT_EQ(select(recv(time_after(std::chrono::nanoseconds(INT64_MIN))), recv(time_after(10s))), 0)
        << "negative timeout didn't fire";
  });
  EXPECT_FALSE(returned) << "big sleep returned";
}

// A sleep that does not wait is a switch point all the same: others come to their turn.
WARREN_TEST(sleep, NegativeSleepsLetOthersRun) {
  std::atomic<bool> stop{false};
  tests::crew crew;
  crew.go([&] {
    while (!stop) sleep(-1ns);
  });
  crew.go([&] { stop = true; });
  crew.wait();
}

// Many sleepers at once end in the order of their times, each not before its time.
WARREN_TEST(sleep, ManySleepers) {
  constexpr int n = 1000;
  static std::atomic<int> early;
  early = 0;
  tests::crew crew;
  for (int i = 0; i < n; i++) {
    crew.go([i] {
      const auto d = std::chrono::microseconds((i * 7919) % 5000);
      const auto start = clock::now();
      sleep(d);
      if (since(start) < d) early++;
    });
  }
  crew.wait();
  EXPECT_EQ(early, 0);
}

WARREN_TEST(sleep, ForeignThread) {
  std::thread t([] {
    const auto start = clock::now();
    sleep(5ms);
    EXPECT_GE(since(start), 5ms);
    sleep(-5ms);
  });
  blocking([&] { t.join(); });
}

}  // namespace
}  // namespace warren
