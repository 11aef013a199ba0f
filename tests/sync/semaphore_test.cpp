// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/context/context.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/semaphore.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/timer.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

const context bg = context::background();

WARREN_TEST(semaphore, TestWeighted) {
  constexpr int n = 8;
  const std::int64_t loops = tests::scaled(400);
  sync::semaphore sem(n);
  std::atomic<int> taken{0};
  sync::wait_group wg;
  for (int weight = 0; weight <= n; ++weight) {
    wg.go([&, weight] {
      for (std::int64_t i = 0; i < loops; ++i) {
        EXPECT_EQ(sem.acquire(bg, weight), nil);
        EXPECT_LE(taken.fetch_add(weight) + weight, n);
        if (i % 4 == weight % 4) sleep(std::chrono::microseconds((i * 37 + weight * 11) % 200));
        taken.fetch_sub(weight);
        sem.release(weight);
      }
    });
  }
  wg.wait();
  EXPECT_TRUE(sem.try_acquire(n));
}

WARREN_TEST(semaphore, TestWeightedPanic) {
  sync::semaphore sem(1);
  try {
    sem.release(1);
    ADD_FAILURE() << "it did not throw";
  } catch (const panic_error& e) {
    EXPECT_STREQ(e.what(), "semaphore: released more than held");
  }
  EXPECT_TRUE(sem.try_acquire(1));
}

WARREN_TEST(semaphore, TestWeightedTryAcquire) {
  sync::semaphore sem(2);
  EXPECT_EQ(sem.acquire(bg, 1), nil);
  EXPECT_TRUE(sem.try_acquire(1));
  EXPECT_FALSE(sem.try_acquire(1));
  sem.release(2);
  EXPECT_TRUE(sem.try_acquire(1));
  EXPECT_EQ(sem.acquire(bg), nil);
  EXPECT_FALSE(sem.try_acquire());
}

WARREN_TEST(semaphore, TestWeightedAcquire) {
  sync::semaphore sem(2);
  const auto acquire = [&](std::int64_t n) {
    auto [ctx, cancel] = context::with_timeout(bg, 10ms);
    const error err = sem.acquire(ctx, n);
    cancel();
    if (err != nil) {
      EXPECT_EQ(err, context::deadline_exceeded);
    }
    return err == nil;
  };
  EXPECT_EQ(sem.acquire(bg, 1), nil);
  EXPECT_TRUE(acquire(1));
  EXPECT_FALSE(acquire(1));
  sem.release(2);
  EXPECT_TRUE(acquire(1));
  EXPECT_EQ(sem.acquire(bg, 1), nil);
  EXPECT_FALSE(acquire(1));
}

WARREN_TEST(semaphore, a_context_that_is_done_gets_nothing) {
  auto [ctx, cancel] = context::with_cancel(bg);
  cancel();
  sync::semaphore sem(2);
  EXPECT_EQ(sem.acquire(ctx, 1), context::canceled);
  EXPECT_EQ(sem.acquire(ctx, 3), context::canceled);
  EXPECT_TRUE(sem.try_acquire(2));
}

WARREN_TEST(semaphore, TestWeightedDoesntBlockIfTooBig) {
  constexpr int n = 2;
  sync::semaphore sem(n);
  auto [ctx, cancel] = context::with_cancel(bg);
  sync::wait_group wg;
  const std::int64_t before = tests::queued();
  wg.go([&sem, ctx = ctx] { EXPECT_EQ(sem.acquire(ctx, n + 1), context::canceled); });
  tests::wait_until_queued(before + 1);
  sync::wait_group small;
  for (int i = 0; i < n * 3; ++i) {
    small.go([&] {
      EXPECT_EQ(sem.acquire(bg, 1), nil);
      sleep(1ms);
      sem.release(1);
    });
  }
  small.wait();
  cancel();
  wg.wait();
}

// The test ends, or the one who wants all tokens starves behind those who come again and again.
WARREN_TEST(semaphore, TestLargeAcquireDoesntStarve) {
  constexpr int n = 4;
  sync::semaphore sem(n);
  std::atomic<bool> running{true};
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(sem.acquire(bg, 1), nil);
    wg.go([&] {
      while (running) {
        sleep(1ms);
        sem.release(1);
        EXPECT_EQ(sem.acquire(bg, 1), nil);
      }
      sem.release(1);
    });
  }
  EXPECT_EQ(sem.acquire(bg, n), nil);
  running = false;
  sem.release(n);
  wg.wait();
}

// A waiter at the head of the line that gives up lets those behind it in.
WARREN_TEST(semaphore, TestAllocCancelDoesntStarve) {
  sync::semaphore sem(10);
  EXPECT_EQ(sem.acquire(bg, 1), nil);
  auto [ctx, cancel] = context::with_cancel(bg);
  sync::wait_group wg;
  std::int64_t before = tests::queued();
  wg.go([&sem, ctx = ctx] { EXPECT_EQ(sem.acquire(ctx, 10), context::canceled); });
  tests::wait_until_queued(before + 1);
  chan<void> in = make_chan<void>();
  before = tests::queued();
  wg.go([&] {
    EXPECT_EQ(sem.acquire(bg, 1), nil);
    sem.release(1);
    in.close();
  });
  tests::wait_until_queued(before + 1);
  EXPECT_FALSE(sem.try_acquire(1)) << "it overtook those who wait";
  EXPECT_EQ(in.try_recv(), recv_status::empty);
  cancel();
  EXPECT_EQ(select(recv(in), recv(time_after(10s))), 0);
  wg.wait();
}

WARREN_TEST(semaphore, serves_in_the_order_of_arrival) {
  sync::semaphore sem(3);
  EXPECT_EQ(sem.acquire(bg, 3), nil);
  std::vector<int> order;
  sync::mutex m;
  sync::wait_group wg;
  for (int i = 0; i < 6; ++i) {
    const std::int64_t before = tests::queued();
    wg.go([&, i] {
      EXPECT_EQ(sem.acquire(bg, 3), nil);
      {
        const std::lock_guard hold(m);
        order.push_back(i);
      }
      sem.release(3);
    });
    tests::wait_until_queued(before + 1);
  }
  sem.release(3);
  wg.wait();
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5}));
}

// Cancels race with releases; no token may be lost or made.
WARREN_TEST(semaphore, cancels_lose_no_tokens) {
  constexpr int n = 3;
  sync::semaphore sem(n);
  const std::int64_t rounds = tests::scaled(2'000);
  std::atomic<std::int64_t> got{0};
  std::atomic<std::int64_t> gave_up{0};
  sync::wait_group wg;
  for (int i = 0; i < 8; ++i) {
    wg.go([&, i] {
      for (std::int64_t k = 0; k < rounds; ++k) {
        auto [ctx, cancel] = context::with_cancel(bg);
        const std::int64_t weight = (k + i) % n + 1;
        if (k % 2 == 0) go([cancel = cancel] { cancel(); });
        if (const error err = sem.acquire(ctx, weight); err == nil) {
          ++got;
          if (k % 8 == 0) gosched();
          sem.release(weight);
        } else {
          EXPECT_EQ(err, context::canceled);
          ++gave_up;
        }
        cancel();
      }
    });
  }
  wg.wait();
  EXPECT_EQ(got + gave_up, 8 * rounds);
  EXPECT_TRUE(sem.try_acquire(n));
  EXPECT_FALSE(sem.try_acquire(1));
}

WARREN_TEST(semaphore, goroutines_and_threads_share_one) {
  sync::semaphore sem(2);
  const std::int64_t rounds = tests::scaled(3'000);
  std::atomic<int> inside{0};
  const auto work = [&] {
    for (std::int64_t i = 0; i < rounds; ++i) {
      EXPECT_EQ(sem.acquire(bg, 1), nil);
      EXPECT_LE(++inside, 2);
      --inside;
      sem.release(1);
    }
  };
  sync::wait_group wg;
  wg.add(2);
  const auto counted = [&] {
    work();
    wg.done();
  };
  std::thread threads[] = {std::thread(counted), std::thread(counted)};
  wg.go(work);
  wg.go(work);
  wg.wait();
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
}

}  // namespace
