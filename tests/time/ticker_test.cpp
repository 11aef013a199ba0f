// SPDX-License-Identifier: MIT
#include <warren/time/ticker.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/nil.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/after_func.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/timer.hpp>

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

// Go: TestTicker. As many ticks take as long as they should; none comes after a stop.
std::string ticks_on_time(int count, std::chrono::nanoseconds delta) {
  ticker k(delta);
  const auto start = clock::now();
  for (int i = 0; i < count / 2; i++) k.c().recv();
  k.reset(delta * 2);
  for (int i = 0; i < count - count / 2; i++) k.c().recv();
  k.stop();
  const auto took = since(start);
  const auto target = 3 * delta * (count / 2);
  const auto slop = target * 3 / 10;
  if (took < target - slop || took > target + slop) return "ticks took " + std::to_string(took.count()) + " ns";
  sleep(2 * delta);
  if (select(recv(k.c()), otherwise) == 0) return "ticker did not shut down";
  return {};
}

WARREN_TEST(ticker, TestTicker) {
  std::string what = "not tried";
  for (int i = 0; i < 5 && !what.empty(); i++) what = ticks_on_time(10, 20ms * (i + 1));
  EXPECT_EQ(what, "");
}

WARREN_TEST(ticker, TestTeardown) {
  for (int i = 0; i < 3; i++) {
    ticker k(20ms);
    k.c().recv();
    k.stop();
  }
}

WARREN_TEST(ticker, TestTick) {
  EXPECT_TRUE(tick(-1ns) == nil);
  EXPECT_TRUE(tick(0s) == nil);
  time_chan c = tick(1ms);
  c.recv();
  c.recv();
}

// Go: TestNewTickerLtZeroDuration, TestTickerResetLtZeroDuration.
WARREN_TEST(ticker, LtZeroDuration) {
  EXPECT_EQ(panic_of([] { ticker k(-1ns); }), "non-positive interval for NewTicker");
  EXPECT_EQ(panic_of([] { ticker k(0s); }), "non-positive interval for NewTicker");
  EXPECT_EQ(panic_of([] { ticker(1s).reset(0s); }), "non-positive interval for Ticker.Reset");
  EXPECT_EQ(panic_of([] { ticker().reset(0s); }), "non-positive interval for Ticker.Reset");
  EXPECT_EQ(panic_of([] { ticker().reset(1s); }), "time: Reset called on uninitialized Ticker");
}

// Go: TestTickerStopWithDirectInitialization, TestManualTicker.
WARREN_TEST(ticker, StopOfNil) {
  const ticker zero;
  zero.stop();
  EXPECT_TRUE(zero == nil);
  EXPECT_TRUE(zero.c() == nil);
}

WARREN_TEST(ticker, TestTickTimes) {
  std::string what;
  for (int i = 0; i < 10; i++) {
    const auto start = clock::now();
    time_chan c = tick(10ms);
    sleep(100ms);
    const auto first = c.recv() - start;
    const auto second = c.recv() - start;
    // Ticks between were dropped; the next one keeps the step of the first.
    if (first >= 10ms && first < 80ms && second > 100ms && (second - first).count() % 10'000'000 == 0) return;
    what = "first tick +" + std::to_string(first.count()) + " ns, second +" + std::to_string(second.count()) + " ns";
  }
  ADD_FAILURE() << what;
}

// A slow receiver finds one tick, whether it looked in between or not.
WARREN_TEST(ticker, SlowReceiverMissesTicks) {
  ticker k(100ms);
  k.reset(1h);
  EXPECT_EQ(select(recv(k.c()), otherwise), 1);
  k.reset(40ms);
  sleep(130ms);
  EXPECT_EQ(select(recv(k.c()), otherwise), 0);
  // Three have passed, and only the first was kept; the next is due at a multiple of 40 ms after 130.
  EXPECT_EQ(select(recv(k.c()), otherwise), 1);
}

WARREN_TEST(ticker, TestTickerStress) {
  std::atomic<bool> stop{false};
  tests::crew crew;
  crew.go([&] {
    while (!stop) sleep(1ns);
  });
  ticker k(1ns);
  for (int i = 0; i < 100; i++) k.c().recv();
  k.stop();
  stop = true;
  crew.wait();
}

WARREN_TEST(ticker, TestTickerConcurrentStress) {
  std::atomic<bool> stop{false};
  tests::crew others;
  others.go([&] {
    while (!stop) sleep(1ns);
  });
  ticker k(1ns);
  tests::crew crew;
  for (int i = 0; i < 10; i++) {
    crew.go([&] {
      for (int n = 0; n < 100; n++) k.c().recv();
    });
  }
  crew.wait();
  k.stop();
  stop = true;
  others.wait();
}

// Go: TestOverflowPeriodRuntimeTimer. The tick after the first lies beyond the end of time.
WARREN_TEST(ticker, TestOverflowPeriodRuntimeTimer) {
  ticker k(std::chrono::nanoseconds(INT64_MAX));
  EXPECT_EQ(select(recv(k.c()), recv(time_after(5ms))), 1);
  k.reset(std::chrono::hours::max());
  EXPECT_EQ(select(recv(k.c()), recv(time_after(5ms))), 1);
}

WARREN_TEST(ticker, TestMultiWakeupTicker) {
  ticker k(1us);
  tests::crew crew;
  const auto n = tests::scaled(20'000);
  for (int g = 0; g < 4; g++) {
    crew.go([&] {
      for (int i = 0; i < n; i++) select(recv(k.c()), recv(time_after(1ms)));
    });
  }
  crew.wait();
}

// Go: TestLongAdjustTimers. Thousands of sleepers that have ended do not make selects with time_after slow.
WARREN_TEST(ticker, TestLongAdjustTimers) {
  const auto sleepers = tests::scaled(5000);
  tests::crew crew;
  for (int i = 0; i < sleepers; i++) {
    crew.go([] { sleep(10us); });
  }
  for (int i = 0; i < sleepers; i++) sleep(1us);

  auto in = make_chan<int>();
  auto out = make_chan<int>();
  crew.go([in, out] {
    int queued = 0;
    for (int v = 0;;) {
      bool ok = true;
      if (select(send(queued > 0 ? out : chan<int>(), queued), recv(in, v, ok)) == 0) {
        queued--;
      } else if (ok) {
        queued++;
      } else {
        return;
      }
    }
  });
  const auto start = clock::now();
  const auto rounds = tests::scaled(2000);
  for (int i = 0; i < rounds; i++) {
    for (int k = 0; k < 20; k++) in << k;
    for (int k = 0; k < 20; k++) ASSERT_EQ(select(recv(out), recv(time_after(5s))), 0) << "iteration " << i;
  }
  in.close();
  crew.wait();
  EXPECT_LT(since(start), 60s);
}

WARREN_TEST(ticker, LastHandleStops) {
  time_chan c;
  {
    ticker k(1ms);
    const ticker copy = k;
    c = copy.c();
    c.recv();
  }
  sleep(5ms);
  EXPECT_EQ(select(recv(c), recv(time_after(20ms))), 1);
}

// A tick goes to the receiver that came first, and the ticker stays armed for the others.
WARREN_TEST(ticker, ReceiversTakeTurns) {
  ticker k(2ms);
  auto order = make_chan<int>(3);
  tests::crew crew;
  for (int i = 0; i < 3; i++) {
    crew.go([&, i] {
      k.c().recv();
      order << i;
    });
    sleep(100us);
  }
  crew.wait();
  EXPECT_EQ(order.len(), 3u);
}

}  // namespace
}  // namespace warren
