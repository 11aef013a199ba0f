// SPDX-License-Identifier: MIT
// What Go's os/signal tests ask for, and what a library among C code is asked for besides.
#include <warren/channels/select.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/signals/notify.hpp>
#include <warren/time/timer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "arriving.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

WARREN_TEST(notify, relays_a_signal) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGWINCH);
  send_to_self(SIGWINCH);
  EXPECT_EQ(arriving(c), SIGWINCH);
  signals::stop(c);
}

WARREN_TEST(notify, relays_all_when_none_is_named) {
  chan<int> c = make_chan<int>(10);
  signals::notify(c);
  for (const int s : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGPIPE, SIGALRM, SIGTSTP, SIGRTMIN + 1, SIGRTMAX}) {
    send_to_self(s);
    EXPECT_EQ(arriving(c), s);
  }
  signals::stop(c);
}

WARREN_TEST(notify, wakes_a_goroutine_that_waits) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  chan<int> got = make_chan<int>(1);
  go([=] { got.send(c.recv()); });
  pause(2ms);
  ::raise(SIGUSR1);
  EXPECT_EQ(arriving(got), SIGUSR1);
  signals::stop(c);
}

WARREN_TEST(notify, sends_to_each_channel_and_adds_up) {
  chan<int> a = make_chan<int>(2);
  chan<int> b = make_chan<int>(2);
  signals::notify(a, SIGUSR1);
  signals::notify(a, SIGUSR2);
  signals::notify(a, SIGUSR2);
  signals::notify(b, SIGUSR2);
  ::raise(SIGUSR2);
  EXPECT_EQ(arriving(a), SIGUSR2);
  EXPECT_EQ(arriving(b), SIGUSR2);
  ::raise(SIGUSR1);
  EXPECT_EQ(arriving(a), SIGUSR1);
  EXPECT_TRUE(stays_silent(b));
  EXPECT_TRUE(stays_silent(a));
  signals::stop(a);
  ::raise(SIGUSR2);
  EXPECT_EQ(arriving(b), SIGUSR2);
  EXPECT_TRUE(stays_silent(a));
  signals::stop(b);
}

WARREN_TEST(notify, never_waits_for_a_full_channel) {
  chan<int> full = make_chan<int>(1);
  chan<int> unbuffered = make_chan<int>();
  chan<int> other = make_chan<int>(10);
  signals::notify(full, SIGUSR1);
  signals::notify(unbuffered, SIGUSR1);
  signals::notify(other, SIGUSR1);
  for (int i = 0; i < 5; ++i) {
    ::raise(SIGUSR1);
    EXPECT_EQ(arriving(other), SIGUSR1);
  }
  EXPECT_EQ(full.len(), 1u);
  for (const chan<int>& c : {full, unbuffered, other}) signals::stop(c);
}

TEST(notify, panics_for_a_nil_channel) {
  for (const chan<int>& c : {chan<int>(), chan<int>(nil)}) {
    try {
      signals::notify(c, SIGINT);
      ADD_FAILURE() << "no panic";
    } catch (const panic_error& e) {
      EXPECT_STREQ(e.what(), "os/signal: Notify using nil channel");
    }
  }
  signals::stop(chan<int>());
}

TEST(notify, leaves_alone_what_cannot_be_caught) {
  struct sigaction before {};
  struct sigaction after {};
  ::sigaction(SIGSEGV, nullptr, &before);
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGKILL, SIGSTOP, SIGSEGV, 0, -1, 70);
  ::sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(after.sa_sigaction, before.sa_sigaction);
  signals::stop(c);
}

TEST(notify, handles_on_the_alternate_stack_and_restarts_calls) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  struct sigaction now {};
  ::sigaction(SIGUSR1, nullptr, &now);
  EXPECT_NE(now.sa_flags & SA_ONSTACK, 0);
  EXPECT_NE(now.sa_flags & SA_RESTART, 0);
  signals::stop(c);
}

TEST(notify, works_without_a_run) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  std::thread sender([] {
    pause(5ms);
    ::raise(SIGUSR1);
  });
  EXPECT_EQ(c.recv(), SIGUSR1);
  sender.join();
  signals::stop(c);
}

TEST(notify, outlives_a_run) {
  chan<int> c = make_chan<int>(1);
  run([&] { signals::notify(c, SIGUSR1, SIGQUIT); });
  ::raise(SIGUSR1);
  EXPECT_EQ(arriving(c), SIGUSR1);
  run([&] {
    ::raise(SIGQUIT);
    EXPECT_EQ(arriving(c), SIGQUIT);
  });
  signals::stop(c);
}

TEST(notify, is_ended_by_stop_for_each_signal) {
  const own_handler winch(SIGWINCH);
  for (int round = 0; round < 20; ++round) {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGWINCH);
    ::raise(SIGWINCH);
    EXPECT_EQ(arriving(c), SIGWINCH);
    signals::stop(c);
    signals::stop(c);
    ::raise(SIGWINCH);
    EXPECT_EQ(own_handler::calls(), round + 1);
    EXPECT_EQ(c.len(), 0u);
  }
}

TEST(notify, what_came_before_stop_is_in_the_channel_when_it_returns) {
  for (int round = 0; round < scaled(2000); ++round) {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGUSR1);
    ::raise(SIGUSR1);
    signals::stop(c);
    ASSERT_EQ(c.len(), 1u);
  }
}

TEST(notify, suspends_a_handler_of_the_program) {
  const own_handler usr1(SIGUSR1);
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  ::raise(SIGUSR1);
  EXPECT_EQ(arriving(c), SIGUSR1);
  EXPECT_EQ(own_handler::calls(), 0);
  signals::stop(c);
  ::raise(SIGUSR1);
  EXPECT_EQ(own_handler::calls(), 1);
}

TEST(notify, stop_leaves_a_handler_that_was_put_in_place_meanwhile) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  const own_handler later(SIGUSR1);
  signals::stop(c);
  ::raise(SIGUSR1);
  EXPECT_EQ(own_handler::calls(), 1);
}

/// Go's testCancel.
void expect_ended_by(void (*end)()) {
  const own_handler winch(SIGWINCH);
  chan<int> a = make_chan<int>(1);
  chan<int> b = make_chan<int>(1);
  signals::notify(a, SIGWINCH);
  signals::notify(b, SIGWINCH, SIGHUP);
  ::raise(SIGWINCH);
  EXPECT_EQ(arriving(a), SIGWINCH);
  EXPECT_EQ(arriving(b), SIGWINCH);
  ::raise(SIGHUP);
  EXPECT_EQ(arriving(b), SIGHUP);
  end();
  ::raise(SIGWINCH);
  EXPECT_TRUE(stays_silent(a));
  EXPECT_TRUE(stays_silent(b));
  signals::stop(a);
  signals::stop(b);
}

TEST(notify, is_undone_by_reset) {
  expect_ended_by([] { signals::reset(SIGWINCH, SIGHUP); });
  expect_ended_by([] { signals::reset(); });
}

TEST(notify, is_undone_by_ignore) {
  expect_ended_by([] { signals::ignore(SIGWINCH, SIGHUP); });
  EXPECT_TRUE(signals::ignored(SIGHUP));
  std::signal(SIGHUP, SIG_DFL);
}

TEST(notify, goes_on_for_the_signals_that_reset_does_not_name) {
  chan<int> c = make_chan<int>(2);
  signals::notify(c, SIGUSR1, SIGUSR2);
  const own_handler usr1(SIGUSR1);
  signals::reset(SIGUSR1);
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  EXPECT_EQ(arriving(c), SIGUSR2);
  EXPECT_EQ(own_handler::calls(), 1);
  signals::stop(c);
}

TEST(ignored, tells_what_is_ignored) {
  EXPECT_FALSE(signals::ignored(SIGWINCH));
  signals::ignore(SIGWINCH);
  EXPECT_TRUE(signals::ignored(SIGWINCH));
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGWINCH);
  EXPECT_FALSE(signals::ignored(SIGWINCH));
  ::raise(SIGWINCH);
  EXPECT_EQ(arriving(c), SIGWINCH);
  signals::stop(c);
  EXPECT_TRUE(signals::ignored(SIGWINCH));
  std::signal(SIGWINCH, SIG_DFL);
  EXPECT_FALSE(signals::ignored(SIGWINCH));
  EXPECT_FALSE(signals::ignored(SIGKILL));
  EXPECT_FALSE(signals::ignored(12345));
}

TEST(ignored, quit_is_ignored_though_the_runtime_watches_it) {
  signals::ignore(SIGQUIT);
  EXPECT_TRUE(signals::ignored(SIGQUIT));
  ::raise(SIGQUIT);
  run([] { ::raise(SIGQUIT); });
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGQUIT);
  EXPECT_FALSE(signals::ignored(SIGQUIT));
  ::raise(SIGQUIT);
  EXPECT_EQ(arriving(c), SIGQUIT);
  signals::stop(c);
}

WARREN_TEST(notify, bears_a_storm) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1);
  std::atomic<bool> over{false};
  std::thread sender([&] {
    for (std::int64_t i = 0; i < scaled(20'000); ++i) send_to_self(SIGUSR1);
    over = true;
  });
  int seen = 0;
  while (!over || c.len() > 0) seen += arriving(c, 5ms) == SIGUSR1 ? 1 : 0;
  sender.join();
  seen += arriving(c, 50ms) == SIGUSR1 ? 1 : 0;
  EXPECT_GT(seen, 0);
  signals::stop(c);
}

}  // namespace
