// SPDX-License-Identifier: MIT
// How programs end by signals, and how they do not.
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/signals/notify.hpp>
#include <warren/signals/notify_context.hpp>
#include <warren/time/sleep.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "../runtime/program.hpp"
#include "arriving.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

WARREN_PROGRAM(default_action_after_stop) {
  return run([] {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGTERM);
    ::raise(SIGTERM);
    std::printf("got=%d\n", arriving(c));
    std::fflush(stdout);
    signals::stop(c);
    ::raise(SIGTERM);
    std::printf("alive=1\n");
  });
}

TEST(ending, the_default_action_is_back_after_stop) {
  const program_end end = run_program("default_action_after_stop");
  EXPECT_EQ(end.number("got"), SIGTERM);
  EXPECT_EQ(end.signal, SIGTERM);
  EXPECT_EQ(end.out.find("alive"), std::string::npos);
}

WARREN_PROGRAM(default_action_after_reset) {
  return run([] {
    auto [ctx, stop] = signals::notify_context(context::background(), SIGINT);
    signals::reset();
    ::raise(SIGINT);
  });
}

TEST(ending, the_default_action_is_back_after_reset) {
  EXPECT_EQ(run_program("default_action_after_reset").signal, SIGINT);
}

WARREN_PROGRAM(quit_is_notified) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGQUIT);  // before the run, which handles it as well
  return run([=] {
    ::raise(SIGQUIT);
    std::printf("got=%d\n", arriving(c));
    std::fflush(stdout);
    signals::stop(c);
    ::raise(SIGQUIT);
  });
}

TEST(ending, quit_is_a_signal_like_others_and_a_report_again_after_stop) {
  const program_end end = run_program("quit_is_notified");
  EXPECT_EQ(end.number("got"), SIGQUIT);
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(end.first_complaint(), "SIGQUIT: quit");
}

WARREN_PROGRAM(waits_for_a_signal) {
  return run([] {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGALRM);
    ::alarm(1);
    std::printf("got=%d\n", c.recv());
  });
}

TEST(ending, waiting_for_a_signal_is_no_deadlock) {
  if (under_thread_sanitizer) GTEST_SKIP() << "a race detector holds the signal back: every thread waits in a system call";
  const program_end end = run_program("waits_for_a_signal");
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("got"), SIGALRM);
}

WARREN_PROGRAM(waits_for_nothing) {
  return run([] {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGALRM);
    signals::stop(c);
    c.recv();
  });
}

TEST(ending, waiting_after_stop_is_a_deadlock) {
  const program_end end = run_program("waits_for_nothing");
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(end.first_complaint(), "fatal error: all goroutines are asleep - deadlock!");
}

WARREN_PROGRAM(sends_on_a_closed_channel) {
  return run([] {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGUSR1);
    c.close();
    ::raise(SIGUSR1);
    sleep(10s);
  });
}

TEST(ending, a_closed_channel_that_is_notified_is_a_panic) {
  const program_end end = run_program("sends_on_a_closed_channel");
  EXPECT_EQ(end.status, 2);
  EXPECT_EQ(end.first_complaint(), "panic: send on closed channel");
}

WARREN_PROGRAM(tells_of_hangup) {
  std::printf("ignored=%d\n", signals::ignored(SIGHUP) ? 1 : 0);
  ::raise(SIGHUP);
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGHUP);
  ::raise(SIGHUP);
  std::printf("got=%d\n", arriving(c));
  signals::stop(c);
  ::raise(SIGHUP);
  return 0;
}

TEST(ending, what_was_ignored_from_the_start_is_so_again_after_stop) {
  std::signal(SIGHUP, SIG_IGN);
  const program_end under_nohup = run_program("tells_of_hangup");
  std::signal(SIGHUP, SIG_DFL);
  EXPECT_EQ(under_nohup.number("ignored"), 1);
  EXPECT_EQ(under_nohup.number("got"), SIGHUP);
  EXPECT_EQ(under_nohup.status, 0);
  EXPECT_EQ(run_program("tells_of_hangup").signal, SIGHUP);
}

WARREN_PROGRAM(cancels_at_interrupt) {
  return run([] {
    auto [ctx, stop] = signals::notify_context(context::background(), SIGINT);
    go([] { send_to_self(SIGINT); });
    EXPECT_TRUE(eventually([&] { return ctx.err() != nil; }));
    std::printf("cancelled=%d\n", ctx.err() == context::canceled ? 1 : 0);
    std::fflush(stdout);
    stop();
    ::raise(SIGINT);
  });
}

TEST(ending, a_second_interrupt_after_stop_ends_the_program) {
  const program_end end = run_program("cancels_at_interrupt");
  EXPECT_EQ(end.number("cancelled"), 1);
  EXPECT_EQ(end.signal, SIGINT);
}

WARREN_PROGRAM(exits_while_notified) {
  static chan<int> c = make_chan<int>(1);
  signals::notify(c);
  std::atexit([] { ::raise(SIGUSR1); });
  ::raise(SIGUSR2);
  return 0;
}

TEST(ending, a_program_may_exit_while_signals_come) {
  for (int i = 0; i < 10; ++i) {
    const program_end end = run_program("exits_while_notified");
    EXPECT_EQ(end.status, 0) << end.err;
  }
}

}  // namespace
