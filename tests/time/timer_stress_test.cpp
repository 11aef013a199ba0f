// SPDX-License-Identifier: MIT

// Timers that are fired, stopped, set again and dropped at the same moment.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/nil.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/after_func.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/ticker.hpp>
#include <warren/time/timer.hpp>

#include "channels/crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using time_chan = recv_chan<clock::time_point>;

// Go: TestZeroTimer. A timer without delay is not missed by the scheduler.
WARREN_TEST(timer_stress, TestZeroTimer_chan) {
  const auto n = tests::scaled(1'000'000);
  for (int i = 0; i < n; i++) {
    const auto start = clock::now();
    timer t(0s);
    t.c().recv();
    ASSERT_LT(since(start), 2s);
  }
}

WARREN_TEST(timer_stress, TestZeroTimer_func) {
  const auto n = tests::scaled(1'000'000);
  for (int i = 0; i < n; i++) {
    const auto start = clock::now();
    auto c = make_chan<void>(1);
    timer t = after_func(0s, [c] { c.send(); });
    c.recv();
    ASSERT_LT(since(start), 2s);
  }
}

WARREN_TEST(timer_stress, TestZeroTimer_cache) {
  auto c = make_chan<void>(1);
  timer t = after_func(1h, [c] { c.send(); });
  const auto n = tests::scaled(1'000'000);
  for (int i = 0; i < n; i++) {
    const auto start = clock::now();
    t.reset(0s);
    c.recv();
    ASSERT_LT(since(start), 2s);
  }
}

// Go: TestAdjustTimers. A hundred timers on a random walk; what stop and reset return is always right.
WARREN_TEST(timer_stress, TestAdjustTimers) {
  struct walker {
    chan<clock::time_point> c = make_chan<clock::time_point>(1);
    timer t;
    int state = 0;
  };
  std::vector<walker> timers(100);
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < timers.size(); i++) left.push_back(i);
  std::mt19937 random(static_cast<unsigned>(clock::now().time_since_epoch().count()));

  while (!left.empty()) {
    const std::size_t at = random() % left.size();
    walker& w = timers[left[at]];
    switch (w.state++) {
      case 0: w.t = after_func(0s, [c = w.c] { c << clock::now(); }); break;
      case 1: w.c.recv(); break;
      case 2: EXPECT_FALSE(w.t.reset(1min)) << "shouldn't be active (1)"; break;
      case 4: EXPECT_FALSE(w.t.reset(3min)) << "shouldn't be active (3)"; break;
      case 6: EXPECT_FALSE(w.t.reset(2min)) << "shouldn't be active (2)"; break;
      case 3:
      case 5:
      case 7: EXPECT_TRUE(w.t.stop()); break;
      case 8: EXPECT_FALSE(w.t.reset(0s)); break;
      case 9: {
        const auto start = clock::now();
        w.c.recv();
        EXPECT_LT(since(start), 2s);
        break;
      }
      default:
        left[at] = left.back();
        left.pop_back();
    }
  }
}

// Go: TestStopResult, TestResetResult (issue 69312). When stop or reset says that it was too late, the value is there.
void stop_or_reset_result(bool stop) {
  constexpr int goroutines = 1000;
  const auto rounds = tests::scaled(100);
  auto start = make_chan<void>();
  tests::crew crew;
  for (int g = 0; g < goroutines; g++) {
    crew.go([=] {
      start.recv();
      const auto too_late = [stop](const timer& t) { return !(stop ? t.stop() : t.reset(1h)); };
      for (int i = 0; i < rounds; i++) {
        timer timer1(1ms);
        timer timer2(1ms);
        select(recv(timer1.c(),
                    [&] {
                      if (too_late(timer2)) timer2.c().recv();
                    }),
               recv(timer2.c(), [&] {
                 if (too_late(timer1)) timer1.c().recv();
               }));
      }
    });
  }
  start.close();
  crew.wait();
}

WARREN_TEST(timer_stress, TestStopResult) { stop_or_reset_result(true); }
WARREN_TEST(timer_stress, TestResetResult) { stop_or_reset_result(false); }

// A value goes to who waits for it, or stop says that there will be none; never both, and never neither.
WARREN_TEST(timer_stress, StopBesideAFireThatIsAwaited) {
  const auto n = tests::scaled(1000);
  for (int i = 0; i < n; i++) {
    timer t(50us);
    const auto stop_at = clock::now() + std::chrono::microseconds(40 + i % 200);
    std::atomic<bool> came{false};
    auto over = make_chan<void>();
    tests::crew crew;
    crew.go([&] { came = select(recv(t.c()), recv(over)) == 0; });
    gosched();
    while (clock::now() < stop_at) {
    }
    const bool stopped = t.stop();
    if (stopped) over.close();
    crew.wait();
    ASSERT_NE(stopped, came.load());
  }
}

WARREN_TEST(timer_stress, TestMultiWakeupTimer) {
  timer t(1ns);
  tests::crew crew;
  const auto n = tests::scaled(10'000);
  for (int g = 0; g < 4; g++) {
    crew.go([&] {
      for (int i = 0; i < n; i++) {
        select(recv(t.c()), otherwise);
        t.reset(1ns);
      }
    });
  }
  crew.wait();
}

// Each value that is received was due after the last reset that had returned.
WARREN_TEST(timer_stress, NothingStaleIsReceived) {
  timer t(1h);
  const time_chan c = t.c();
  std::atomic<bool> stop{false};
  tests::crew crew;
  crew.go([&] {  // a second receiver keeps the timer in the heap
    while (!stop) select(recv(c), recv(time_after(20us)));
  });
  const auto n = tests::scaled(20'000);
  for (int i = 0; i < n; i++) {
    const auto set_at = clock::now();
    t.reset(std::chrono::nanoseconds(i % 3000));
    clock::time_point due = set_at;
    if (i % 2 == 0) {
      select(recv(c, due), otherwise);
    } else {
      select(recv(c, due), recv(time_after(5us)));
    }
    ASSERT_GE(due, set_at);
  }
  stop = true;
  crew.wait();
  t.stop();
}

// Goroutines and threads stop, set, wait for and drop the same timers.
void hammer(const timer& t, const timer& f, const ticker& k, unsigned seed, std::int64_t rounds) {
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < rounds; i++) {
    const auto d = std::chrono::nanoseconds(random() % 20'000);
    switch (random() % 9) {
      case 0: t.stop(); break;
      case 1: t.reset(d); break;
      case 2: f.stop(); break;
      case 3: f.reset(d); break;
      case 4: k.stop(); break;
      case 5: k.reset(d + 1ns); break;
      case 6: select(recv(t.c()), recv(k.c()), recv(time_after(d))); break;
      case 7: select(recv(t.c()), recv(k.c()), otherwise); break;
      default: select(recv(timer(d).c()), recv(tick(d + 1ns)), recv(ticker(d + 1ns).c()));
    }
  }
}

WARREN_TEST(timer_stress, AllAtOnce) {
  static std::atomic<std::int64_t> runs;
  runs = 0;
  const auto rounds = tests::scaled(10'000);
  tests::crew crew;
  std::vector<std::thread> threads;
  {
    timer t(1us);
    timer f = after_func(1us, [] { runs++; });
    ticker k(1us);
    for (unsigned i = 0; i < 4; i++) {
      crew.go([=] { hammer(t, f, k, i, rounds); });
    }
    for (unsigned i = 0; i < 2; i++) {
      threads.emplace_back([=] { hammer(t, f, k, 100 + i, rounds / 10); });
    }
  }
  crew.wait();
  for (std::thread& t : threads) blocking([&] { t.join(); });
  EXPECT_GT(runs, 0);
}

// Handles that are dropped while the timer fires.
WARREN_TEST(timer_stress, DroppedWhileFiring) {
  static std::atomic<std::int64_t> alive;
  alive = 0;
  struct token {
    token() { alive++; }
    token(const token&) { alive++; }
    token(token&&) noexcept { alive++; }
    ~token() { alive--; }
    void operator()() const {}
  };
  const auto n = tests::scaled(20'000);
  for (int i = 0; i < n; i++) {
    const auto d = std::chrono::nanoseconds(i % 5000);
    timer t = after_func(d, token{});
    time_chan c = time_after(d);
    select(recv(c), recv(time_after(2us)));
    if (i % 3 == 0) t.stop();
    if (i % 5 == 0) t.reset(1us);
  }
  for (int i = 0; i < 10'000 && alive != 0; i++) sleep(1ms);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace warren
