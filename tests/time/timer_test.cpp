// SPDX-License-Identifier: MIT
#include <warren/time/timer.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/nil.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/after_func.hpp>
#include <warren/time/sleep.hpp>

#include "channels/crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using time_chan = recv_chan<clock::time_point>;

template <class F>
std::string panic_of(F f) {
  try {
    f();
  } catch (const panic_error& e) {
    return e.what();
  }
  return "no panic";
}

/// A timer by way of after_func and a buffered channel, which takes none of the special ways of timer channels.
struct func_timer {
  func_timer() = default;
  explicit func_timer(std::chrono::nanoseconds d) : ch(make_chan<clock::time_point>(1)) {
    t = after_func(d, [to = ch] { to << clock::now(); });
  }
  time_chan c() const { return ch; }
  bool stop() const { return t.stop(); }
  template <class D>
  bool reset(D d) const {
    return t.reset(d);
  }

  chan<clock::time_point> ch;
  timer t;
};

/// Repeats what depends on the machine's load a few times before it counts as a failure.
template <class F>
void within_attempts(int attempts, F f) {
  std::string what;
  for (int i = 0; i < attempts; i++) {
    what = f(i);
    if (what.empty()) return;
  }
  ADD_FAILURE() << what;
}

WARREN_TEST(timer, Handles) {
  timer a;
  EXPECT_TRUE(a == nil);
  EXPECT_TRUE(a.c() == nil);
  a = timer(1h);
  const timer b = a;
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(a.c() == b.c());
  EXPECT_FALSE(a == timer(1h));
  EXPECT_TRUE(b.stop());
  EXPECT_FALSE(a.stop());
  EXPECT_FALSE(a.reset(1h));
  EXPECT_TRUE(b.reset(2h));
  a = nil;
  EXPECT_TRUE(b.stop());
}

// Go: TestZeroTimerResetPanics, TestZeroTimerStopPanics.
WARREN_TEST(timer, ZeroTimerPanics) {
  const timer zero;
  EXPECT_EQ(panic_of([&] { zero.reset(1ns); }), "time: Reset called on uninitialized Timer");
  EXPECT_EQ(panic_of([&] { zero.stop(); }), "time: Stop called on uninitialized Timer");
}

WARREN_TEST(timer, TestAfter) {
  constexpr auto delay = 100ms;
  const auto start = clock::now();
  const auto end = time_after(delay).recv();
  EXPECT_GE(since(start), delay);
  EXPECT_GE(end, start + delay);
}

WARREN_TEST(timer, TestAfterTick) {
  constexpr int count = 10;
  constexpr auto delta = 10ms;
  const auto start = clock::now();
  for (int i = 0; i < count; i++) time_after(delta).recv();
  EXPECT_GE(since(start), delta * count * 9 / 10);
}

// Go: TestAfterStop.
template <class Timer>
std::string after_stop() {
  after_func(100ms, [] {});
  Timer t0(50ms);
  auto c1 = make_chan<bool>(1);
  timer t1 = after_func(150ms, [c1] { c1 << true; });
  time_chan c2 = time_after(200ms);
  if (!t0.stop()) return "failed to stop event 0";
  if (!t1.stop()) return "failed to stop event 1";
  c2.recv();
  switch (select(recv(t0.c()), recv(c1), otherwise)) {
    case 0: return "event 0 was not stopped";
    case 1: return "event 1 was not stopped";
  }
  if (t1.stop()) return "stop returned true twice";
  return {};
}

WARREN_TEST(timer, TestAfterStop_chan) {
  within_attempts(5, [](int) { return after_stop<timer>(); });
}
WARREN_TEST(timer, TestAfterStop_func) {
  within_attempts(5, [](int) { return after_stop<func_timer>(); });
}

// Go: TestAfterQueuing.
template <class After>
std::string after_queuing(std::chrono::milliseconds delta, After after) {
  constexpr int slots[] = {5, 3, 6, 6, 6, 1, 1, 2, 7, 9, 4, 8, 0};
  struct arrival {
    int slot;
    clock::time_point at;
  };
  auto arrivals = make_chan<arrival>(std::size(slots));
  const auto start = clock::now();
  for (const int slot : slots) {
    go([slot, arrivals, c = after(slot * delta)] { arrivals << arrival{slot, c.recv()}; });
  }
  std::string wrong;
  int last = -1;
  for ([[maybe_unused]] const int slot : slots) {
    const arrival a = arrivals.recv();
    if (a.slot < last) wrong = "returned out of order: " + std::to_string(a.slot) + " after " + std::to_string(last);
    last = a.slot;
    const auto took = a.at - start;
    const auto target = a.slot * delta;
    if (took < target - delta / 2 || took > target + delta * 10) wrong = "arrived at a wrong time";
  }
  return wrong;
}

WARREN_TEST(timer, TestAfterQueuing_chan) {
  within_attempts(5, [](int i) {
    return after_queuing(std::chrono::milliseconds(20 + i * 50), [](auto d) { return time_after(d); });
  });
}
WARREN_TEST(timer, TestAfterQueuing_func) {
  within_attempts(5, [](int i) {
    return after_queuing(std::chrono::milliseconds(20 + i * 50), [](auto d) { return func_timer(d).c(); });
  });
}

// Go: TestAfterTimes. What is received is the time at which it was due, not that of the receive.
WARREN_TEST(timer, TestAfterTimes) {
  within_attempts(10, [](int) -> std::string {
    const auto start = clock::now();
    time_chan c = time_after(10ms);
    sleep(100ms);
    const auto took = c.recv() - start;
    if (took >= 10ms && took < 80ms) return {};
    return "time_after(10ms) read after 100ms tells another time";
  });
}

// Go: TestReset.
std::string reset_once(std::chrono::nanoseconds d) {
  timer t0(2 * d);
  sleep(d);
  if (!t0.reset(3 * d)) return "resetting unfired timer returned false";
  sleep(2 * d);
  if (select(recv(t0.c()), otherwise) == 0) return "timer fired early";
  sleep(2 * d);
  if (select(recv(t0.c()), otherwise) == 1) return "reset timer did not fire";
  if (t0.reset(50ms)) return "resetting expired timer returned true";
  return {};
}

WARREN_TEST(timer, TestReset) {
  within_attempts(10, [](int i) { return reset_once((1ms) * (1 << i)); });
}

// Go: TestTimerModifiedEarlier. Set to the past ten times in a row, it fires.
WARREN_TEST(timer, TestTimerModifiedEarlier) {
  const auto past = until(std::chrono::system_clock::time_point{});
  ASSERT_LT(past, 0ns);
  const auto count = tests::scaled(1000);
  for (int i = 0; i < count; i++) {
    func_timer t(1h);
    for (int j = 0; j < 10; j++) {
      if (!t.stop()) t.c().recv();
      t.reset(past);
    }
    timer deadline(10s);
    ASSERT_EQ(select(recv(t.c()), recv(deadline.c())), 0) << "deadline expired";
  }
}

WARREN_TEST(timer, TestTimerStopStress) {
  static std::atomic<int> fired;
  fired = 0;
  tests::crew crew;
  for (int i = 0; i < 100; i++) {
    crew.go([] {
      timer t = after_func(400ms, [] { fired++; });
      sleep(20ms);
      t.stop();
    });
  }
  crew.wait();
  sleep(500ms);
  EXPECT_EQ(fired, 0);
}

// Go: TestIssue5745. A panic between does not leave the timers locked.
WARREN_TEST(timer, TestIssue5745) {
  timer t(1h);
  EXPECT_EQ(panic_of([] { timer().stop(); }), "time: Stop called on uninitialized Timer");
  EXPECT_TRUE(t.stop());
}

WARREN_TEST(timer, SinceAndUntil) {
  EXPECT_GE(since(clock::now()), 0ns);
  EXPECT_LT(since(clock::now()), 10s);
  EXPECT_GT(until(clock::now() + 1h), 59min);
  EXPECT_GT(since(std::chrono::steady_clock::now() - 1h), 59min);
  EXPECT_LT(until(std::chrono::system_clock::now() - 1h), -59min);
  EXPECT_GT(until(clock::time_point::max()), 24h * 365);
  EXPECT_EQ(since(clock::time_point::min()).count(), INT64_MAX);  // saturates
  EXPECT_LT(until(clock::time_point::min()).count(), INT64_MIN / 2);
}

std::int64_t armed() { return runtime::count_all().armed_timers; }

// A timer is in the heap only while somebody waits for it.
WARREN_TEST(timer, ArmedOnlyWhileAwaited) {
  const std::int64_t before = armed();
  timer t(1h);
  EXPECT_EQ(armed(), before);
  auto stop = make_chan<void>();
  tests::crew crew;
  crew.go([&] { select(recv(t.c()), recv(stop)); });
  crew.go([&] { select(recv(t.c()), recv(stop)); });
  for (int i = 0; i < 10'000 && armed() != before + 1; i++) sleep(1ms);
  EXPECT_EQ(armed(), before + 1 + 0);
  t.stop();
  EXPECT_EQ(armed(), before);
  t.reset(2h);
  EXPECT_EQ(armed(), before + 1);
  stop.close();
  crew.wait();
  EXPECT_EQ(armed(), before);
}

// Go: TestTimerGC, by what is left: nothing is armed by time_after and dropped timers.
WARREN_TEST(timer, DroppedOnesLeaveNothing) {
  const std::int64_t before = armed();
  const auto n = tests::scaled(10'000);
  for (int i = 0; i < n; i++) {
    time_after(1h);
    timer t(1h);
    timer(1h).stop();
    EXPECT_EQ(select(recv(time_after(1h)), otherwise), 1);
  }
  EXPECT_EQ(armed(), before);
}

// The last handle of a timer stops it; those of its channel do not keep it going.
WARREN_TEST(timer, LastHandleStops) {
  time_chan c;
  {
    timer t(1ms);
    const timer copy = t;
    c = copy.c();
  }
  sleep(5ms);
  EXPECT_EQ(select(recv(c), recv(time_after(20ms))), 1);

  // Also while somebody waits.
  timer t(50ms);
  auto done = make_chan<int>();
  go([c2 = t.c(), done] { done << select(recv(c2), recv(time_after(150ms))); });
  sleep(10ms);
  t = nil;
  EXPECT_EQ(done.recv(), 1);
}

WARREN_TEST(timer, ForeignThreads) {
  std::thread t([] {
    EXPECT_GE(time_after(5ms).recv().time_since_epoch(), 0ns);
    timer a(1h);
    EXPECT_EQ(select(recv(a.c()), recv(time_after(1ms))), 1);
    EXPECT_TRUE(a.reset(1ms));
    a.c().recv();
    EXPECT_FALSE(a.stop());
  });
  blocking([&] { t.join(); });
}

}  // namespace
}  // namespace warren
