// SPDX-License-Identifier: MIT
// Closed worlds. The behaviours are those of Go's internal/synctest and testing/synctest tests; names in quotes are theirs.
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

/// What it throws, or nothing.
template <class Error, class F>
std::string thrown_by(F f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return {};
}

clock::time_point first_moment() { return clock::time_point(946'684'800s); }

TEST(bubble, begins_in_2000_and_jumps) {  // "Now", "MonotonicClock"
  const auto before = std::chrono::steady_clock::now();
  synctest::test([] {
    EXPECT_EQ(clock::now(), first_moment());
    sleep(24h);
    EXPECT_EQ(clock::now(), first_moment() + 24h);
    chan<clock::time_point> seen = make_chan<clock::time_point>();
    go([=] { seen.send(clock::now()); });
    EXPECT_EQ(seen.recv(), first_moment() + 24h);
  });
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1h);
  EXPECT_GT(clock::now(), clock::time_point(0s));
  EXPECT_NE(clock::now(), first_moment() + 24h) << "the clock outside is the system's";
}

TEST(bubble, that_is_empty_ends) {  // "RunEmpty"
  synctest::test([] {});
  synctest::test([] {});
}

TEST(bubble, waits_for_its_goroutines) {
  int ended = 0;
  synctest::test([&] {
    for (int i = 0; i < 10; ++i) {
      go([&] {
        for (int k = 0; k < 10; ++k) gosched();
        ++ended;
      });
    }
  });
  EXPECT_EQ(ended, 10);
}

TEST(bubble, wait_lets_the_others_come_to_rest) {  // "SimpleWait", "GoroutineWait", "Wait"
  synctest::test([] {
    synctest::wait();  // nobody else is there
    bool done = false;
    chan<int> c = make_chan<int>();
    go([&] {
      c.send(1);
      done = true;
      c.send(2);
    });
    synctest::wait();
    EXPECT_FALSE(done);
    EXPECT_EQ(c.recv(), 1);
    synctest::wait();
    EXPECT_TRUE(done);
    EXPECT_EQ(clock::now(), first_moment()) << "waiting takes no time";
    EXPECT_EQ(c.recv(), 2);
  });
}

TEST(bubble, wait_is_for_one_at_a_time) {
  synctest::test([] {
    chan<std::string> told = make_chan<std::string>(1);
    go([=] { told.send(thrown_by<std::logic_error>([] { synctest::wait(); })); });
    gosched();
    const std::string here = thrown_by<std::logic_error>([] { synctest::wait(); });
    EXPECT_EQ(here + told.recv(), "wait already in progress");
  });
  EXPECT_EQ(thrown_by<std::logic_error>([] { synctest::wait(); }), "goroutine is not in a bubble");
  run([] { EXPECT_EQ(thrown_by<std::logic_error>([] { synctest::wait(); }), "goroutine is not in a bubble"); });
}

TEST(bubble, sleep_and_wait_sees_what_was_due) {  // testing/synctest.Sleep
  synctest::test([] {
    bool fired = false;
    timer t = after_func(5s, [&] { fired = true; });
    synctest::sleep(5s);
    EXPECT_TRUE(fired);
    EXPECT_EQ(clock::now(), first_moment() + 5s);
  });
}

TEST(bubble, timers_fire_when_their_time_has_come) {  // "TimerReadBeforeDeadline", "TimerReadAfterDeadline", "TimerReset", "TimeAfter"
  synctest::test([] {
    timer t(5s);
    EXPECT_EQ(t.c().recv(), first_moment() + 5s);
    timer late(1s);
    sleep(2s);
    EXPECT_EQ(late.c().recv(), first_moment() + 6s) << "when it was due, not when somebody looked";
    EXPECT_FALSE(late.reset(10s));
    EXPECT_EQ(late.c().recv(), first_moment() + 17s);
    std::vector<int> order;
    for (int i = 9; i >= 0; --i) {
      go([&, i] {
        time_after(i * 1s).recv();
        order.push_back(i);
      });
    }
    synctest::sleep(10s);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  });
}

TEST(bubble, what_is_due_at_once_runs_at_once) {  // "TimerRunsImmediately", "TimerRanInPast", "AfterFuncRunsImmediately", "TimerResetZeroDoNotHang"
  synctest::test([] {
    const auto now = clock::now();
    timer t(0s);
    EXPECT_EQ(t.c().recv(), now);
    timer past(-1h);
    EXPECT_EQ(past.c().recv(), now);
    bool ran = false;
    timer f = after_func(0s, [&] { ran = true; });
    synctest::wait();
    EXPECT_TRUE(ran);
    timer again(1h);
    again.reset(0s);
    again.c().recv();
    EXPECT_EQ(clock::now(), now);
  });
}

TEST(bubble, everything_with_a_deadline_lives_by_its_clock) {
  synctest::test([] {
    auto [ctx, cancel] = context::with_timeout(context::background(), 1h);
    bool after = false;
    auto stop = context::after_func(ctx, [&] { after = true; });
    sleep(1h - 1ns);
    synctest::wait();
    EXPECT_EQ(ctx.err(), nil);
    EXPECT_FALSE(after);
    synctest::sleep(1ns);
    EXPECT_EQ(ctx.err(), context::deadline_exceeded);
    EXPECT_TRUE(after);
    cancel();

    auto [near, far] = net::pipe();
    near.set_read_deadline(clock::now() + 30s);
    char byte = 0;
    const auto begin = clock::now();
    EXPECT_TRUE(errors::is_timeout(near.read({&byte, 1}).second));
    EXPECT_EQ(clock::now() - begin, 30s);
  });
}

TEST(bubble, whose_first_goroutine_waits_for_ever_is_a_deadlock) {  // "DeadlockRoot"
  testing::internal::CaptureStderr();
  EXPECT_EQ(thrown_by<synctest::deadlock_error>([] { synctest::test([] { make_chan<int>().recv(); }); }),
            "deadlock: all goroutines in bubble are blocked");
  const std::string report = testing::internal::GetCapturedStderr();
  EXPECT_NE(report.find("goroutine 1 [chan receive]"), std::string::npos) << report;
  EXPECT_NE(report.find("bubble_test.cpp:"), std::string::npos) << report;
}

TEST(bubble, whose_other_goroutines_wait_for_ever_is_a_deadlock) {  // "DeadlockChild", "DeadlockTicker"
  testing::internal::CaptureStderr();
  EXPECT_EQ(thrown_by<synctest::deadlock_error>([] { synctest::test([] { go([] { select(); }); }); }),
            "deadlock: main bubble goroutine has exited but blocked goroutines remain");
  EXPECT_EQ(thrown_by<synctest::deadlock_error>([] {
              synctest::test([] {
                go([] {
                  ticker k(1s);
                  for ([[maybe_unused]] auto t : k.c()) {
                  }
                });
              });
            }),
            "deadlock: main bubble goroutine has exited but blocked goroutines remain");
  const std::string report = testing::internal::GetCapturedStderr();
  EXPECT_NE(report.find("[select (no cases)]"), std::string::npos) << report;
}

TEST(bubble, may_be_followed_by_another_after_a_deadlock) {
  for (int i = 0; i < 20; ++i) {
    testing::internal::CaptureStderr();
    EXPECT_NE(thrown_by<synctest::deadlock_error>([] { synctest::test([] { make_chan<int>().send(1); }); }), "");
    testing::internal::GetCapturedStderr();
    synctest::test([] { sleep(1h); });
  }
}

TEST(bubble, gives_what_leaves_its_function_to_the_caller) {
  EXPECT_EQ(thrown_by<std::runtime_error>([] { synctest::test([] { throw std::runtime_error("oops"); }); }), "oops");
  EXPECT_EQ(thrown_by<std::runtime_error>([] {
              synctest::test([] {
                go([] { select(); });
                panic("oops");
              });
            }),
            "oops");
}

TEST(bubble, waits_for_the_others_after_a_goexit) {
  bool ended = false;
  synctest::test([&] {
    go([&] {
      gosched();
      ended = true;
    });
    goexit();
  });
  EXPECT_TRUE(ended);
}

TEST(bubble, is_not_made_by_a_goroutine) {
  synctest::test([] {
    EXPECT_NE(thrown_by<std::logic_error>([] { synctest::test([] {}); }), "");
  });
  run([] { EXPECT_NE(thrown_by<std::logic_error>([] { synctest::test([] {}); }), ""); });
}

TEST(bubble, conds_and_groups_wait_durably) {  // "Cond", "WaitGroupInBubble"
  synctest::test([] {
    sync::mutex m;
    sync::cond c;
    bool set = false;
    go([&] {
      sleep(1min);
      std::lock_guard hold(m);
      set = true;
      c.signal();
    });
    {
      std::unique_lock hold(m);
      c.wait(hold, [&] { return set; });
    }
    EXPECT_EQ(clock::now(), first_moment() + 1min);
    sync::wait_group g;
    g.go([] { sleep(1h); });
    g.wait();
    EXPECT_EQ(clock::now(), first_moment() + 1min + 1h);
  });
}

TEST(bubble, a_blocking_call_holds_the_clock) {
  synctest::test([] {
    bool fired = false;
    timer t = after_func(1ms, [&] { fired = true; });
    blocking([] { std::this_thread::sleep_for(20ms); });
    EXPECT_FALSE(fired) << "it had not come to rest";
    synctest::sleep(1ms);
    EXPECT_TRUE(fired);
  });
}

TEST(bubble, a_blocking_call_beside_others_holds_the_clock) {
  synctest::test([] {
    chan<void> begun = make_chan<void>();
    bool back = false;
    go([&] {
      begun.send();
      blocking([] { std::this_thread::sleep_for(30ms); });
      back = true;
    });
    begun.recv();
    sleep(1h);
    EXPECT_TRUE(back);
    EXPECT_EQ(clock::now(), first_moment() + 1h);
  });
}

TEST(bubble, files_hold_the_clock) {
  synctest::test([] {
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    ASSERT_EQ(err, nil);
    auto accepted = make_chan<net::conn>();
    go([=, l = l] { accepted.send(l.accept().first); });
    auto [near, dialled] = net::dial("tcp", to_string(l.addr()));
    ASSERT_EQ(dialled, nil);
    net::conn far = accepted.recv();
    go([=] {
      std::this_thread::sleep_for(5ms);  // no switch point: the other has come to its read
      far.write("late");
    });
    char text[4];
    near.set_read_deadline(clock::now() + 1h);
    EXPECT_EQ(near.read(text).first, 4U) << "the deadline must not come first";
    EXPECT_EQ(clock::now(), first_moment());
  });
}

TEST(bubble, has_one_place) {
  synctest::test([] {
    EXPECT_EQ(gomaxprocs(), 1);
    EXPECT_EQ(gomaxprocs(4), 1);
    EXPECT_EQ(gomaxprocs(), 1);
  });
}

TEST(bubble, a_day_of_a_thousand_tickers_is_short) {
  const auto before = std::chrono::steady_clock::now();
  const std::int64_t tickers = std::max<std::int64_t>(tests::scaled(1'000), 20);
  std::int64_t ticks = 0;
  synctest::test([&] {
    auto [ctx, cancel] = context::with_timeout(context::background(), 24h);
    for (int i = 0; i < tickers; ++i) {
      go([&, i, ctx = ctx] {
        ticker k(1min + i * 1ms);
        for (;;) {
          if (select(recv(k.c()), recv(ctx.done())) == 1) return;
          ++ticks;
        }
      });
    }
    ctx.done().recv();
    cancel();
  });
  EXPECT_GT(ticks, tickers * 1'410);
  EXPECT_LE(ticks, tickers * 1'440);
  RecordProperty("milliseconds", std::to_string((std::chrono::steady_clock::now() - before) / 1ms));
}

}  // namespace
