// SPDX-License-Identifier: MIT
// Goroutines that have not started: the newest for the owner, the oldest for thieves and for the patience of 10 ms.
#include <warren/runtime/fresh_list.hpp>
#include <warren/runtime/inject_queue.hpp>

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

TEST(fresh_list, gives_its_owner_the_newest) {
  const auto g = make_goroutines(3);
  fresh_list list;
  EXPECT_EQ(list.pop_newest(), nullptr);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(list.push(&g[i]));
  EXPECT_EQ(list.size(), 3u);
  EXPECT_EQ(list.pop_newest(), &g[2]);
  EXPECT_EQ(list.pop_newest(), &g[1]);
  EXPECT_TRUE(list.push(&g[2]));
  EXPECT_EQ(list.pop_newest(), &g[2]);
  EXPECT_EQ(list.pop_newest(), &g[0]);
  EXPECT_EQ(list.pop_newest(), nullptr);
  EXPECT_TRUE(list.empty());
}

TEST(fresh_list, gives_thieves_the_oldest) {
  const auto g = make_goroutines(7);
  fresh_list list;
  for (std::size_t i = 0; i < 7; ++i) list.push(&g[i]);
  goroutine* loot[100];
  EXPECT_EQ(list.steal(loot, 100), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(loot[i], &g[i]);
  EXPECT_EQ(list.steal(loot, 1), 1u);
  EXPECT_EQ(loot[0], &g[4]);
  EXPECT_EQ(list.pop_newest(), &g[6]);
  EXPECT_EQ(list.steal(loot, 100), 1u);
  EXPECT_EQ(loot[0], &g[5]);
  EXPECT_EQ(list.steal(loot, 100), 0u);
  EXPECT_EQ(list.size(), 0u);
}

TEST(fresh_list, keeps_its_order_while_it_grows_and_wraps) {
  constexpr std::size_t n = 50'000;
  const auto g = make_goroutines(n);
  fresh_list list;
  goroutine* loot[7];
  std::size_t oldest = 0;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_TRUE(list.push(&g[i]));
      if (i % 16 != 15) continue;
      // Takes from the old end while it grows at the new one, so that the ring's begin is anywhere when it is full.
      ASSERT_EQ(list.steal(loot, 7), 7u);
      for (goroutine* one : loot) ASSERT_EQ(one, &g[oldest++]);
    }
    while (oldest < n / 2) {
      ASSERT_EQ(list.steal(loot, 1), 1u);
      ASSERT_EQ(loot[0], &g[oldest++]);
    }
    for (std::size_t i = n; i-- > oldest;) ASSERT_EQ(list.pop_newest(), &g[i]);
    ASSERT_TRUE(list.empty()) << "and has given its ring back";
    oldest = 0;
  }
}

TEST(fresh_list, knows_who_has_waited_for_two_looks) {
  const auto g = make_goroutines(3);
  fresh_list list;
  // The count of looks wraps.
  const std::uint32_t begin = 0xffffffff;
  for (std::uint32_t i = 0; i < 3; ++i) {
    g[i].fresh_since = begin + i;
    list.push(&g[i]);
  }
  EXPECT_EQ(list.pop_aged(begin + 1), nullptr);
  EXPECT_EQ(list.pop_aged(begin + 2), &g[0]);
  EXPECT_EQ(list.pop_aged(begin + 2), nullptr);
  EXPECT_EQ(list.pop_aged(begin + 3), &g[1]);
  EXPECT_EQ(list.pop_newest(), &g[2]);
  EXPECT_EQ(list.pop_aged(begin + 100), nullptr);
}

TEST(fresh_list, hands_each_goroutine_to_one_taker) {
  const auto n = static_cast<std::size_t>(scaled(200'000));
  const auto g = make_goroutines(n);
  const auto taken = std::make_unique<std::atomic<int>[]>(n);
  fresh_list list;
  std::atomic<std::size_t> gone{0};
  const auto take = [&](goroutine* one) {
    taken[one->id].fetch_add(1);
    gone.fetch_add(1);
  };
  std::vector<std::thread> takers;
  for (int i = 0; i < 3; ++i) {
    takers.emplace_back([&, i] {
      while (gone < n) {
        goroutine* loot[16];
        const std::uint32_t limits[] = {16, 1};
        const std::uint32_t stolen = i < 2 ? list.steal(loot, limits[i]) : 0;
        for (std::uint32_t k = 0; k < stolen; ++k) take(loot[k]);
        if (i == 2) {
          if (goroutine* one = list.pop_aged(2)) take(one);
        }
      }
    });
  }
  for (std::size_t i = 0; i < n; ++i) {
    list.push(&g[i]);
    if (i % 2 == 0) {
      if (goroutine* one = list.pop_newest()) take(one);
    }
  }
  for (std::thread& t : takers) t.join();
  EXPECT_EQ(gone, n);
  std::size_t right = 0;
  for (std::size_t i = 0; i < n; ++i) right += taken[i] == 1 ? 1 : 0;
  EXPECT_EQ(right, n);
  EXPECT_TRUE(list.empty());
}

TEST(inject_queue, is_first_in_first_out) {
  const auto g = make_goroutines(6);
  inject_queue q;
  EXPECT_TRUE(q.empty());
  q.push(&g[0]);
  goroutine_list more;
  more.push_back(&g[1]);
  more.push_back(&g[2]);
  q.append(std::move(more));
  q.append(goroutine_list());
  q.push(&g[3]);
  EXPECT_EQ(q.size(), 4u);
  goroutine_list some;
  q.take(some, 3);
  EXPECT_EQ(some.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(some.pop_front(), &g[i]);
  q.take(some, 100);
  EXPECT_EQ(some.pop_front(), &g[3]);
  q.take(some, 100);
  EXPECT_TRUE(some.empty());
  EXPECT_TRUE(q.empty());
}

TEST(inject_queue, hands_each_goroutine_to_one_taker) {
  constexpr std::size_t threads = 2;
  const auto each = static_cast<std::size_t>(scaled(100'000));
  const auto n = threads * each;
  const auto g = make_goroutines(n);
  const auto taken = std::make_unique<std::atomic<int>[]>(n);
  inject_queue q;
  std::atomic<std::size_t> gone{0};
  std::vector<std::thread> all;
  for (std::size_t me = 0; me < threads; ++me) {
    all.emplace_back([&, me] {
      for (std::size_t i = 0; i < each; ++i) q.push(&g[me * each + i]);
    });
    all.emplace_back([&, me] {
      while (gone < n) {
        goroutine_list some;
        q.take(some, me == 0 ? 1 : 64);
        while (goroutine* one = some.pop_front()) {
          taken[one->id].fetch_add(1);
          gone.fetch_add(1);
        }
      }
    });
  }
  for (std::thread& t : all) t.join();
  std::size_t right = 0;
  for (std::size_t i = 0; i < n; ++i) right += taken[i] == 1 ? 1 : 0;
  EXPECT_EQ(right, n);
  EXPECT_TRUE(q.empty());
}

}  // namespace
