// SPDX-License-Identifier: MIT
// A clock that jumps, as that of a machine which was suspended does.
//
// This program has its own clock_gettime(), which the library's one place for clocks is linked to. Before the jump it is
// behind the kernel's: deadlines that are told to the kernel have passed then, so sleeps end early, and are begun again.

#include <gtest/gtest.h>

#include <warren/runtime/netpoll.hpp>
#include <warren/warren.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <utility>

#include "fault_plan.hpp"
#include "test.hpp"

namespace {

constinit std::atomic<std::int64_t> hours_behind{0};

}  // namespace

extern "C" int clock_gettime(clockid_t which, timespec* at) noexcept {
  const auto r = static_cast<int>(::syscall(SYS_clock_gettime, which, at));
  if (r == 0 && which == CLOCK_MONOTONIC) at->tv_sec -= 3600 * hours_behind.load(std::memory_order_relaxed);
  return r;
}

namespace {

using namespace warren;
using namespace std::chrono_literals;

/// What lies an hour ahead at most comes at once after the jump, and once; what lies behind that does not.
void jump_an_hour() {
  const auto begin = clock::now();
  const timer half = timer(30min);
  const timer later = timer(2h);
  const ticker often = ticker(1min);
  std::atomic<int> called{0};
  const timer f = after_func(40min, [&called] { ++called; });
  const auto [ctx, cancel] = context::with_timeout(context::background(), 50min);
  const auto [much_later, cancel_too] = context::with_timeout(context::background(), 2h);
  auto [a, b] = net::pipe();
  a.set_read_deadline(clock::now() + 55min);
  std::atomic<int> awake{0};
  sync::wait_group all;
  all.go([&awake] {
    sleep(59min);
    ++awake;
  });
  all.go([&awake, a = a] {
    char some[1];
    EXPECT_TRUE(errors::is_timeout(a.read(some).err()));
    ++awake;
  });
  sleep(3ms);
  EXPECT_EQ(select(recv(half.c()), recv(often.c()), recv(ctx.done()), otherwise), 3);
  EXPECT_EQ(called + awake, 0);

  hours_behind.fetch_sub(1, std::memory_order_relaxed);

  // Whoever sleeps in the poller sleeps by the kernel's clock, which has not jumped.
  const auto all_came = [&] {
    runtime::netpoll::interrupt();
    return called == 1 && awake == 2 && ctx.err() != nil;
  };
  EXPECT_TRUE(tests::eventually(all_came)) << called << awake;
  all.wait();
  EXPECT_GE(since(begin), 1h);
  EXPECT_LT(since(begin), 1h + 1min);
  half.c().recv();
  often.c().recv();
  EXPECT_EQ(select(recv(often.c()), otherwise), 1) << "ticks that nobody took are dropped";
  sleep(2ms);
  EXPECT_EQ(called, 1);
  EXPECT_EQ(select(recv(half.c()), recv(later.c()), recv(much_later.done()), otherwise), 3);
  often.stop();
  later.stop();
  cancel();
  cancel_too();
  a.close();
  b.close();
}

TEST(a_clock, that_jumps_an_hour_makes_due_what_lay_in_it) {
  for (const int workers : {1, 2, 4}) {
    hours_behind.store(1, std::memory_order_relaxed);
    tests::run_and_look_for_leaks(workers, jump_an_hour);
    EXPECT_EQ(hours_behind.load(std::memory_order_relaxed), 0);
  }
}

}  // namespace
