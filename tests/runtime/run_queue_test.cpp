// SPDX-License-Identifier: MIT
// The ring of a worker: first in first out, bounded, and each goroutine is taken once whoever takes it.
#include <warren/runtime/run_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren::runtime;
using warren::tests::scaled;

std::unique_ptr<goroutine[]> make_goroutines(std::size_t n) {
  auto all = std::make_unique<goroutine[]>(n);
  for (std::size_t i = 0; i < n; ++i) all[i].id = i;
  return all;
}

TEST(run_queue, is_first_in_first_out) {
  const auto g = make_goroutines(3);
  run_queue q;
  EXPECT_TRUE(q.empty());
  EXPECT_EQ(q.pop(), nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(q.push(&g[static_cast<std::size_t>(i)]));
  EXPECT_EQ(q.size(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(q.pop()->id, i);
  EXPECT_EQ(q.pop(), nullptr);
  EXPECT_TRUE(q.empty());
}

// Go: TestSchedLocalQueue.
TEST(run_queue, TestSchedLocalQueue) {
  const auto g = make_goroutines(run_queue::room);
  run_queue q;
  for (std::uint32_t i = 0; i < run_queue::room; ++i) {
    EXPECT_EQ(q.pop(), nullptr);
    for (std::uint32_t j = 0; j < i; ++j) ASSERT_TRUE(q.push(&g[j]));
    for (std::uint32_t j = 0; j < i; ++j) ASSERT_EQ(q.pop(), &g[j]);
    EXPECT_EQ(q.pop(), nullptr);
  }
}

TEST(run_queue, refuses_what_it_has_no_room_for) {
  const auto g = make_goroutines(run_queue::room + 1);
  run_queue q;
  // Over the whole ring, so that the indices wrap.
  for (std::uint32_t round = 0; round < 5; ++round) {
    for (std::uint32_t i = 0; i < run_queue::room; ++i) EXPECT_TRUE(q.push(&g[i]));
    EXPECT_FALSE(q.push(&g[run_queue::room]));
    EXPECT_EQ(q.size(), run_queue::room);
    EXPECT_EQ(q.pop(), &g[0]);
    EXPECT_TRUE(q.push(&g[0]));
    for (std::uint32_t i = 1; i < run_queue::room; ++i) EXPECT_EQ(q.pop(), &g[i]);
    EXPECT_EQ(q.pop(), &g[0]);
  }
}

// Go: TestSchedLocalQueueSteal. Half (rounded up) goes, in order; each is found once.
TEST(run_queue, TestSchedLocalQueueSteal) {
  const auto g = make_goroutines(run_queue::room);
  for (std::uint32_t n = 0; n <= run_queue::room; ++n) {
    run_queue q;
    for (std::uint32_t i = 0; i < n; ++i) q.push(&g[i]);
    goroutine_list loot;
    const std::uint32_t taken = q.steal(loot, run_queue::room);
    EXPECT_EQ(taken, n - n / 2);
    EXPECT_EQ(loot.size(), taken);
    for (std::uint32_t i = 0; i < taken; ++i) ASSERT_EQ(loot.pop_front(), &g[i]);
    for (std::uint32_t i = taken; i < n; ++i) ASSERT_EQ(q.pop(), &g[i]);
    EXPECT_EQ(q.pop(), nullptr);
  }
}

TEST(run_queue, steals_no_more_than_the_limit) {
  const auto g = make_goroutines(100);
  run_queue q;
  for (int i = 0; i < 100; ++i) q.push(&g[static_cast<std::size_t>(i)]);
  goroutine_list loot;
  EXPECT_EQ(q.steal(loot, 7), 7u);
  EXPECT_EQ(q.size(), 93u);
}

/// The owner pushes all and pops some; thieves steal. Counts how often each was taken.
TEST(run_queue, hands_each_goroutine_to_one_of_owner_and_thieves) {
  const auto n = static_cast<std::size_t>(scaled(400'000));
  const auto g = make_goroutines(n);
  const auto taken = std::make_unique<std::atomic<int>[]>(n);
  run_queue q;
  std::atomic<bool> over{false};
  const auto take = [&](goroutine* one) { taken[one->id].fetch_add(1); };
  std::vector<std::thread> thieves;
  for (int i = 0; i < 3; ++i) {
    thieves.emplace_back([&, i] {
      while (!over) {
        goroutine_list loot;
        q.steal(loot, i == 0 ? 1 : run_queue::room / 2);
        while (goroutine* one = loot.pop_front()) take(one);
      }
    });
  }
  for (std::size_t i = 0; i < n; ++i) {
    while (!q.push(&g[i])) {
      if (goroutine* one = q.pop()) take(one);
    }
    if (i % 3 == 0) {
      if (goroutine* one = q.pop()) take(one);
    }
    if (i % 1000 == 0) std::this_thread::yield();
  }
  while (goroutine* one = q.pop()) take(one);
  over = true;
  for (std::thread& t : thieves) t.join();
  EXPECT_TRUE(q.empty());
  std::size_t right = 0;
  for (std::size_t i = 0; i < n; ++i) right += taken[i] == 1 ? 1 : 0;
  EXPECT_EQ(right, n);
}

// Go: TestSchedLocalQueueEmpty, for what applies: a queue with something in it never reads empty to its owner.
TEST(run_queue, TestSchedLocalQueueEmpty) {
  const auto g = make_goroutines(2);
  run_queue q;
  std::atomic<bool> over{false};
  // Looks at the queue all the time, and takes nothing.
  std::thread reader([&] {
    while (!over) {
      (void)q.empty();
      (void)q.size();
    }
  });
  for (std::int64_t i = 0; i < scaled(100'000); ++i) {
    q.push(&g[0]);
    ASSERT_FALSE(q.empty());
    q.push(&g[1]);
    ASSERT_EQ(q.pop(), &g[0]);
    ASSERT_FALSE(q.empty());
    ASSERT_EQ(q.pop(), &g[1]);
    ASSERT_TRUE(q.empty());
  }
  over = true;
  reader.join();
}

}  // namespace
