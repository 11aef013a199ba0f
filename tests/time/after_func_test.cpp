// SPDX-License-Identifier: MIT
#include <warren/time/after_func.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/nil.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/sleep.hpp>

#include "channels/crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;

/// Counts its objects that are alive.
struct counted_function {
  static inline std::atomic<int> alive{0};

  explicit counted_function(std::atomic<int>& r) : runs(&r) { alive++; }
  counted_function(const counted_function& other) : runs(other.runs) { alive++; }
  counted_function(counted_function&& other) noexcept : runs(other.runs) { alive++; }
  ~counted_function() { alive--; }
  void operator()() { (*runs)++; }

  std::atomic<int>* runs;
};

void wait_until_gone() {
  for (int i = 0; i < 10'000 && counted_function::alive != 0; i++) sleep(1ms);
  EXPECT_EQ(counted_function::alive, 0);
}

// Go: TestAfterFunc. Each runs on a goroutine of its own, so that one that sleeps holds no other up.
WARREN_TEST(after_func, TestAfterFunc) {
  static std::atomic<int> left;
  left = 10;
  auto c = make_chan<bool>();
  struct step {
    chan<bool> c;
    void operator()() const {
      if (--left >= 0) {
        after_func(0s, step{c});
        sleep(300ms);
      } else {
        c << true;
      }
    }
  };
  const auto start = clock::now();
  after_func(0s, step{c});
  c.recv();
  EXPECT_LT(since(start), 2s);
}

// Go: TestAfterFuncStarvation. Two goroutines that keep each other runnable do not keep the function from running.
WARREN_TEST(after_func, TestAfterFuncStarvation) {
  std::atomic<bool> stop{false};
  auto c = make_chan<bool>(1);
  tests::crew crew;
  crew.go([&] {
    while (!stop) c << true;
    c.close();
  });
  crew.go([&] {
    for (const bool v : c) EXPECT_TRUE(v);
  });
  after_func(1us, [&] { stop = true; });
  crew.wait();
}

WARREN_TEST(after_func, ChannelIsNil) {
  timer t = after_func(1h, [] {});
  EXPECT_TRUE(t.c() == nil);
  EXPECT_TRUE(t.stop());
}

WARREN_TEST(after_func, RunsWithoutAHandle) {
  static std::atomic<int> runs;
  runs = 0;
  after_func(1ms, counted_function(runs));
  wait_until_gone();
  EXPECT_EQ(runs, 1);
}

WARREN_TEST(after_func, RunsAgainAfterAReset) {
  std::atomic<int> runs{0};
  {
    timer t = after_func(1ms, counted_function(runs));
    for (int i = 0; i < 10'000 && runs != 1; i++) sleep(1ms);
    EXPECT_EQ(runs, 1);
    EXPECT_FALSE(t.stop());
    EXPECT_FALSE(t.reset(1h));
    EXPECT_TRUE(t.reset(0s));
    for (int i = 0; i < 10'000 && runs != 2; i++) sleep(1ms);
    EXPECT_EQ(runs, 2);
    EXPECT_FALSE(t.reset(1h));
    EXPECT_TRUE(t.stop());
    EXPECT_FALSE(t.stop());
  }
  wait_until_gone();
  EXPECT_EQ(runs, 2);
}

WARREN_TEST(after_func, StoppedAndDroppedIsDestroyed) {
  std::atomic<int> runs{0};
  {
    timer t = after_func(1h, counted_function(runs));
    EXPECT_EQ(counted_function::alive, 1);
    EXPECT_TRUE(t.stop());
  }
  EXPECT_EQ(counted_function::alive, 0);
  EXPECT_EQ(runs, 0);
}

WARREN_TEST(after_func, StopDoesNotWait) {
  auto started = make_chan<void>();
  auto finish = make_chan<void>();
  auto finished = make_chan<void>();
  timer t = after_func(0s, [=] {
    started.send();
    finish.recv();
    finished.send();
  });
  started.recv();
  EXPECT_FALSE(t.stop());
  finish.send();
  finished.recv();
}

WARREN_TEST(after_func, FunctionsOfAnyShape) {
  static std::atomic<int> sum;
  sum = 0;
  after_func(0s, [p = std::make_unique<int>(1)] { sum += *p; });
  after_func(0s, [big = std::array<int, 1000>{2}]() mutable { return sum += big[0]; });
  struct alignas(128) aligned {
    void operator()() const { sum += reinterpret_cast<std::uintptr_t>(this) % 128 == 0 ? 4 : 1000; }
  };
  after_func(0s, aligned{});
  after_func(0s, +[] { sum += 8; });
  for (int i = 0; i < 10'000 && sum != 15; i++) sleep(1ms);
  EXPECT_EQ(sum, 15);
}

WARREN_TEST(after_func, CopyThatThrows) {
  struct bad {
    bad() = default;
    bad(const bad&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  const bad b;
  EXPECT_THROW(after_func(0s, b), std::runtime_error);
}

WARREN_TEST(after_func, FromAForeignThread) {
  static std::atomic<int> runs;
  runs = 0;
  std::thread t([] {
    after_func(1ms, counted_function(runs));
    timer kept = after_func(1h, counted_function(runs));
    EXPECT_TRUE(kept.stop());
  });
  blocking([&] { t.join(); });
  wait_until_gone();
  EXPECT_EQ(runs, 1);
}

// Go: BenchmarkSimultaneousAfterFunc1000, as a test.
WARREN_TEST(after_func, ThousandAtOnce) {
  auto done = make_chan<void>(1000);
  for (int i = 0; i < 1000; i++) after_func(0s, [done] { done.send(); });
  for (int i = 0; i < 1000; i++) done.recv();
}

}  // namespace
}  // namespace warren
