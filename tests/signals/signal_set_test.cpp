// SPDX-License-Identifier: MIT
#include <warren/signals/signal_set.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace {

using warren::signals::signal_set;

std::vector<int> numbers(signal_set s) {
  std::vector<int> all;
  s.for_each([&](int n) { all.push_back(n); });
  return all;
}

TEST(signal_set, holds_what_was_named) {
  const signal_set s = signal_set::of(SIGTERM, SIGINT);
  EXPECT_EQ(numbers(s), (std::vector<int>{SIGINT, SIGTERM}));
  EXPECT_TRUE(s.has(SIGINT));
  EXPECT_FALSE(s.has(SIGHUP));
}

TEST(signal_set, without_names_holds_all_that_can_be_caught) {
  const signal_set s = signal_set::of();
  for (const int n : {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGPIPE, SIGTERM, SIGCHLD, SIGTSTP, SIGRTMIN, SIGRTMAX}) {
    EXPECT_TRUE(s.has(n)) << n;
  }
  for (const int n : {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, 32, 33}) {
    EXPECT_FALSE(s.has(n)) << n;
  }
}

TEST(signal_set, leaves_out_what_is_no_signal) {
  EXPECT_TRUE(signal_set::of(0).empty());
  EXPECT_TRUE(signal_set::of(-1, 65, 1 << 20, SIGKILL).empty());
  EXPECT_FALSE(signal_set::of(SIGINT).has(0));
  EXPECT_FALSE(signal_set::of(SIGINT).has(66));
}

TEST(signal_set, is_added_to_and_taken_from) {
  signal_set s = signal_set::of(SIGINT, SIGHUP);
  s |= signal_set::of(SIGUSR1);
  s -= signal_set::of(SIGINT);
  EXPECT_EQ(s, signal_set::of(SIGUSR1, SIGHUP));
  EXPECT_EQ(s & signal_set::of(SIGHUP, SIGTERM), signal_set::of(SIGHUP));
  EXPECT_EQ(s - signal_set::of(SIGHUP), signal_set::of(SIGUSR1));
}

}  // namespace
