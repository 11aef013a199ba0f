// SPDX-License-Identifier: MIT
// Signals that come while who wants them changes: each is sent to a channel or does what it did before.
#include <warren/signals/notify.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <thread>

#include "../runtime/program.hpp"
#include "arriving.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

std::atomic<int> by_earlier_handler{0};

TEST(stop_race, each_signal_goes_one_way) {
  struct sigaction mine {};
  struct sigaction before {};
  mine.sa_handler = [](int) { by_earlier_handler.fetch_add(1); };
  ::sigaction(SIGUSR1, &mine, &before);
  chan<int> c = make_chan<int>(1);
  std::atomic<bool> over{false};
  std::thread changing([&] {
    while (!over) {
      signals::notify(c, SIGUSR1);
      signals::stop(c);
    }
  });
  int by_channel = 0;
  for (std::int64_t i = 0; i < scaled(20'000); ++i) {
    const int handled = by_earlier_handler;
    ::raise(SIGUSR1);
    int signal = 0;
    const bool came = eventually([&] {
      return by_earlier_handler > handled || c.try_recv(signal) == recv_status::value;
    });
    ASSERT_TRUE(came) << "the signal of round " << i << " was lost";
    by_channel += signal != 0 ? 1 : 0;
  }
  over = true;
  changing.join();
  EXPECT_TRUE(by_channel > 0 || scale() > 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

/// Go's TestAtomicStop: notify, a signal, stop. The signal is in the channel, or has ended the program.
WARREN_PROGRAM(atomic_stop) {
  for (int i = 0; i < 10; ++i) {
    chan<int> c = make_chan<int>(1);
    signals::notify(c, SIGINT);
    std::thread sender([] { send_to_self(SIGINT); });
    signals::stop(c);
    sender.join();
    if (arriving(c, 2s) != SIGINT) {
      std::printf("lost\n");
      return 1;
    }
  }
  return 0;
}

TEST(stop_race, a_signal_is_delivered_or_ends_the_program) {
  if (under_thread_sanitizer) {
    GTEST_SKIP() << "ThreadSanitizer calls handlers itself, and drops a signal whose default action is back by then";
  }
  int ended = 0;
  for (std::int64_t i = 0; i < scaled(100); ++i) {
    const program_end end = run_program("atomic_stop");
    ASSERT_TRUE(end.status == 0 || end.signal == SIGINT) << end.status << " " << end.out << end.err;
    ended += end.signal == SIGINT ? 1 : 0;
  }
  EXPECT_TRUE(ended > 0 || scale() > 1) << "no signal met a stop";
}

WARREN_TEST(stop_race, many_change_what_is_wanted) {
  std::atomic<bool> over{false};
  std::vector<std::thread> threads;
  const own_handler usr2(SIGUSR2);
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      while (!over) {
        chan<int> c = make_chan<int>(1);
        signals::notify(c, SIGUSR2);
        ::raise(SIGUSR2);
        signals::stop(c);
        if (c.len() != 1) ADD_FAILURE() << "a signal of its own thread was lost";
      }
    });
  }
  pause(100ms);
  over = true;
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(own_handler::calls(), 0);
}

}  // namespace
