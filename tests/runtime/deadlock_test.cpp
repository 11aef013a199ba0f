// SPDX-License-Identifier: MIT
// The report that all goroutines are asleep: within 100 ms when it is true, and never when somebody may still act.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/timer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

constexpr const char* deadlock_text = "fatal error: all goroutines are asleep - deadlock!";

/// Tells the parent when everybody is about to sleep.
void say_asleep() {
  std::printf("asleep=%lld\n", static_cast<long long>(runtime::now_ns()));
  std::fflush(stdout);
}

/// Runs a program that says when it falls asleep; expects the report within 100 ms of that.
void expect_deadlock(const char* program, const std::vector<environment_change>& changes = {}) {
  const program_end end = run_program(program, 20, changes);
  EXPECT_EQ(end.first_complaint(), deadlock_text) << program;
  EXPECT_EQ(end.status, 2) << program;
  // Both clocks are the monotonic one. A machine that does other things as well may be late to run us.
  const std::int64_t ms = (end.complained_at - end.number("asleep")) / 1'000'000;
  EXPECT_LT(ms, scale() > 1 ? 1000 : 100) << program;
}

WARREN_PROGRAM(deadlock_of_goroutine_1) {
  run([] {
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

WARREN_PROGRAM(deadlock_of_many) {
  run([] {
    chan<int> c = make_chan<int>();
    chan<int> d = make_chan<int>();
    for (int i = 0; i < 5; ++i) go([=] { c.recv(); });
    for (int i = 0; i < 5; ++i) go([=] { select(recv(c), send(d, 1)); });
    go([] { chan<int>().send(1); });
    go([] { select(); });
    pause(30ms);
    say_asleep();
    c.recv();
  });
  return 0;
}

WARREN_PROGRAM(deadlock_after_work) {
  // The monitor has gone to sleep and woken up again several times by then.
  run([] {
    for (int i = 0; i < 5; ++i) {
      chan<int> c = make_chan<int>();
      go([=] {
        blocking([] { std::this_thread::sleep_for(15ms); });
        c.send(1);
      });
      c.recv();
      pause(15ms);
    }
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, TestSimpleDeadlock) {
  for (const char* procs : {"1", "2", "4"}) expect_deadlock("deadlock_of_goroutine_1", {{"GOMAXPROCS", procs}});
}
TEST(deadlock, of_many_goroutines) {
  for (const char* procs : {"1", "2", "4"}) expect_deadlock("deadlock_of_many", {{"GOMAXPROCS", procs}});
}
TEST(deadlock, after_work) {
  for (const char* procs : {"1", "4"}) expect_deadlock("deadlock_after_work", {{"GOMAXPROCS", procs}});
}

WARREN_PROGRAM(locked_deadlock) {
  run([] {
    lock_os_thread();
    say_asleep();
    select();
  });
  return 0;
}

WARREN_PROGRAM(locked_deadlock_2) {
  run([] {
    go([] {
      lock_os_thread();
      select();
    });
    pause(1ms);
    say_asleep();
    select();
  });
  return 0;
}

WARREN_PROGRAM(locked_deadlock_late) {
  // The goroutine that has its thread is the last to fall asleep, long after everything else.
  run([] {
    go([] {
      lock_os_thread();
      gosched();
      compute(100ms);
      say_asleep();
      select();
    });
    select();
  });
  return 0;
}

TEST(deadlock, TestLockedDeadlock) { expect_deadlock("locked_deadlock"); }
TEST(deadlock, TestLockedDeadlock2) {
  for (const char* procs : {"1", "2", "4"}) expect_deadlock("locked_deadlock_2", {{"GOMAXPROCS", procs}});
}
TEST(deadlock, of_one_with_its_own_thread_that_computed_before) {
  for (const char* procs : {"1", "4"}) expect_deadlock("locked_deadlock_late", {{"GOMAXPROCS", procs}});
}

WARREN_PROGRAM(deadlock_after_blocking) {
  run([] {
    go([] {
      blocking([] { std::this_thread::sleep_for(100ms); });
      say_asleep();
      select();
    });
    select();
  });
  return 0;
}

// A goroutine that computes is sent away from its place, and the worker that took it has gone to sleep long before.
WARREN_PROGRAM(deadlock_of_one_sent_away) {
  run(run_options{.max_procs = 1}, [] {
    go([] {});
    compute(60ms);
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

WARREN_PROGRAM(deadlock_after_one_sent_away) {
  run(run_options{.max_procs = 1}, [] {
    go([] {
      go([] {});
      compute(60ms);
      say_asleep();
    });
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, is_reported_after_a_goroutine_was_sent_away) {
  expect_deadlock("deadlock_of_one_sent_away");
  expect_deadlock("deadlock_after_one_sent_away");
}

// A goroutine of an ended run goes outside, which is none of the next run's business.
WARREN_PROGRAM(deadlock_beside_a_left_over_goroutine) {
  static std::atomic<bool> begun{false};
  static std::atomic<bool> go_on{false};
  run(run_options{.max_procs = 1, .stop_grace = 5ms}, [] {
    go([] {
      begun = true;
      while (!go_on) {
      }
      blocking([] {});
    });
    while (!begun) gosched();
  });
  run(run_options{.max_procs = 1}, [] {
    go_on = true;
    pause(50ms);
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, is_reported_beside_a_left_over_goroutine) { expect_deadlock("deadlock_beside_a_left_over_goroutine"); }

WARREN_PROGRAM(deadlock_in_a_second_run) {
  run([] { go([] { select(); }); });
  run([] {
    go([] { pause(3600s); });
    pause(1ms);
  });
  run([] {
    say_asleep();
    select();
  });
  return 0;
}

WARREN_PROGRAM(deadlock_beside_a_parked_thread) {
  // A thread that itself waits for a goroutine cannot wake one.
  chan<int> c = make_chan<int>();
  std::thread waits;
  run([&] {
    waits = std::thread([=] { c.recv(); });
    pause(50ms);
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, after_a_blocking_call) { expect_deadlock("deadlock_after_blocking"); }
TEST(deadlock, in_a_second_run_whatever_the_first_left_over) { expect_deadlock("deadlock_in_a_second_run"); }

TEST(deadlock, beside_a_thread_that_waits_in_the_library) {
  const program_end end = run_program("deadlock_beside_a_parked_thread", 20);
  EXPECT_EQ(end.first_complaint(), deadlock_text);
  EXPECT_EQ(end.status, 2);
}

// --- what is none

WARREN_PROGRAM(a_thread_sends_after_200_ms) {
  run([] {
    chan<int> c = make_chan<int>();
    std::thread sends([=] {
      std::this_thread::sleep_for(200ms);
      c.send(7);
    });
    std::printf("received=%d\n", c.recv());
    sends.join();
  });
  return 0;
}

TEST(deadlock, is_not_reported_while_a_thread_of_the_users_lives) {
  for (const char* procs : {"1", "2", "4"}) {
    const program_end end = run_program("a_thread_sends_after_200_ms", 20, {{"GOMAXPROCS", procs}});
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_EQ(end.number("received"), 7);
    EXPECT_EQ(end.err, "");
  }
}

WARREN_PROGRAM(deadlock_after_the_thread_ended) {
  run([] {
    std::thread([] { std::this_thread::sleep_for(100ms); }).detach();
    say_asleep();
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, is_reported_once_that_thread_has_ended) {
  const program_end end = run_program("deadlock_after_the_thread_ended", 20);
  EXPECT_EQ(end.first_complaint(), deadlock_text);
  EXPECT_EQ(end.status, 2);
  EXPECT_GT(end.seconds, 0.09);
}

WARREN_PROGRAM(deadlock_after_a_stopped_timer) {
  static constexpr runtime::timer_kind quiet{
      nullptr, [](runtime::timer_node*, std::int64_t, runtime::goroutine_list&) noexcept {}};
  run([] {
    static runtime::timer_node timer(quiet);
    arm(timer, runtime::now_ns() + 3'600'000'000'000);
    std::thread([] {
      std::this_thread::sleep_for(100ms);
      disarm(timer);
    }).detach();
    make_chan<int>().recv();
  });
  return 0;
}

TEST(deadlock, is_reported_once_a_thread_has_stopped_the_last_timer) {
  const program_end end = run_program("deadlock_after_a_stopped_timer", 20);
  EXPECT_EQ(end.first_complaint(), deadlock_text);
  EXPECT_EQ(end.status, 2);
}

WARREN_PROGRAM(nothing_but_a_sleep) {
  run([] {
    go([] { select(); });
    pause(300ms);
    std::printf("woke=1\n");
  });
  return 0;
}

WARREN_PROGRAM(nothing_but_a_blocking_call) {
  run([] {
    chan<int> c = make_chan<int>();
    go([=] {
      blocking([] { std::this_thread::sleep_for(300ms); });
      c.send(1);
    });
    std::printf("woke=%d\n", c.recv());
  });
  return 0;
}

WARREN_PROGRAM(nothing_but_a_locked_one) {
  run([] {
    chan<int> c = make_chan<int>();
    go([=] {
      lock_os_thread();
      compute(300ms);
      c.send(1);
    });
    std::printf("woke=%d\n", c.recv());
  });
  return 0;
}

TEST(deadlock, is_not_reported_while_something_comes_by_itself) {
  for (const char* program : {"nothing_but_a_sleep", "nothing_but_a_blocking_call", "nothing_but_a_locked_one"}) {
    const program_end end = run_program(program, 20);
    EXPECT_EQ(end.status, 0) << program << end.err;
    EXPECT_EQ(end.number("woke"), 1) << program;
    EXPECT_EQ(end.err, "");
  }
}

WARREN_PROGRAM(deadlock_without_detection) {
  run(run_options{.detect_deadlock = false}, [] {
    std::thread([] {
      std::this_thread::sleep_for(300ms);
      std::printf("still there=1\n");
      std::fflush(stdout);
      std::_Exit(0);
    }).detach();
    select();
  });
  return 1;
}

TEST(deadlock, is_not_reported_when_that_is_switched_off) {
  const program_end end = run_program("deadlock_without_detection", 20);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.err, "");
}

}  // namespace
