// SPDX-License-Identifier: MIT
// Control blocks: given out once, used again, and walked while they come and go.
#include <warren/runtime/goroutine_pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren::runtime;
using warren::tests::scaled;

/// Blocks of a test count as living while it holds them.
goroutine* hold(goroutine* g) {
  g->state.store(goroutine_state::fresh, std::memory_order_relaxed);
  return g;
}

TEST(goroutine_pool, gives_each_block_to_one) {
  for (std::uint8_t c = 0; c < blocks::classes; ++c) {
    block_cache cache;
    std::vector<goroutine*> taken;
    for (int i = 0; i < 1000; ++i) {
      taken.push_back(hold(cache.take(c)));
      EXPECT_EQ(taken.back()->size_class, c);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(taken.back()) % alignof(goroutine), 0u);
    }
    std::vector<goroutine*> sorted = taken;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      const auto apart = reinterpret_cast<char*>(sorted[i]) - reinterpret_cast<char*>(sorted[i - 1]);
      ASSERT_GE(static_cast<std::size_t>(apart), blocks::bytes_of_class(c)) << "they overlap";
    }
    for (goroutine* g : taken) cache.give(g);
    cache.drain();
  }
}

TEST(goroutine_pool, uses_blocks_again) {
  block_cache cache;
  std::set<goroutine*> ever;
  for (int round = 0; round < 50; ++round) {
    std::vector<goroutine*> taken;
    for (int i = 0; i < 500; ++i) taken.push_back(hold(cache.take(0)));
    ever.insert(taken.begin(), taken.end());
    for (goroutine* g : taken) cache.give(g);
  }
  cache.drain();
  EXPECT_LT(ever.size(), 500u + 4 * blocks::batch) << "every round took new ones";
}

TEST(goroutine_pool, lets_blocks_wander_from_cache_to_cache) {
  // Started on one worker, ended on another.
  block_cache from;
  block_cache to;
  std::set<goroutine*> ever;
  for (int round = 0; round < 200; ++round) {
    std::vector<goroutine*> taken;
    for (int i = 0; i < 300; ++i) taken.push_back(hold(from.take(1)));
    std::vector<goroutine*> sorted = taken;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
    ever.insert(taken.begin(), taken.end());
    for (goroutine* g : taken) to.give(g);
  }
  from.drain();
  to.drain();
  EXPECT_LT(ever.size(), 300u + 8 * blocks::batch) << "what one gives the other never gets";
}

TEST(goroutine_pool, exchanges_no_chain_longer_than_a_batch) {
  // A cache counts on that when it takes one.
  block_cache cache;
  std::vector<goroutine*> taken;
  for (std::uint32_t i = 0; i < 3 * blocks::batch; ++i) taken.push_back(hold(cache.take(0)));
  for (goroutine* g : taken) cache.give(g);
  cache.drain();
  std::vector<goroutine*> chains;
  for (int i = 0; i < 8; ++i) {
    chains.push_back(blocks::take_batch(0));
    std::uint32_t length = 0;
    for (goroutine* g = chains.back(); g != nullptr; g = g->next) ++length;
    EXPECT_GE(length, 1u);
    EXPECT_LE(length, blocks::batch);
  }
  for (goroutine* chain : chains) blocks::give_batch(0, chain);
}

TEST(goroutine_pool, survives_many_caches_that_are_drained) {
  // As the workers of many runs do: each takes some, gives back more or fewer, and ends.
  std::vector<goroutine*> held;
  for (int round = 0; round < 300; ++round) {
    block_cache cache;
    const int takes = (round * 37) % 200;
    for (int i = 0; i < takes; ++i) held.push_back(hold(cache.take(0)));
    const int gives = (round * 53) % 250;
    for (int i = 0; i < gives && !held.empty(); ++i) {
      cache.give(held.back());
      held.pop_back();
    }
    cache.drain();
  }
  std::vector<goroutine*> sorted = held;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (goroutine* g : held) blocks::give_one(g);
}

TEST(goroutine_pool, serves_those_without_a_cache) {
  std::vector<goroutine*> taken;
  for (int i = 0; i < 300; ++i) taken.push_back(hold(blocks::take_one(0)));
  std::vector<goroutine*> sorted = taken;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
  for (goroutine* g : taken) blocks::give_one(g);
}

TEST(goroutine_pool, shows_the_living) {
  block_cache cache;
  goroutine* one = hold(cache.take(0));
  goroutine* other = hold(cache.take(1));
  int found = 0;
  for_each_goroutine([&](goroutine* g) { found += g == one || g == other ? 1 : 0; });
  EXPECT_EQ(found, 2);
  cache.give(one);
  cache.give(other);
  found = 0;
  for_each_goroutine([&](goroutine* g) { found += g == one || g == other ? 1 : 0; });
  EXPECT_EQ(found, 0);
  cache.drain();
}

TEST(goroutine_pool, may_be_used_by_many_threads_and_walked_meanwhile) {
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t me = 1; me <= 3; ++me) {
    threads.emplace_back([&, me] {
      block_cache cache;
      for (std::int64_t round = 0; round < scaled(2000); ++round) {
        std::vector<goroutine*> taken;
        for (int i = 0; i < 150; ++i) {
          goroutine* g = me == 3 ? blocks::take_one(0) : cache.take(0);
          hold(g);
          g->id = me;
          taken.push_back(g);
        }
        for (goroutine* g : taken) {
          if (g->id != me) wrong.fetch_add(1);  // somebody else has it too
          me == 3 ? blocks::give_one(g) : cache.give(g);
        }
      }
      cache.drain();
    });
  }
  std::thread walker([&] {
    while (!over) {
      int n = 0;
      for_each_goroutine([&](goroutine*) { ++n; });
      std::this_thread::yield();
    }
  });
  for (std::thread& t : threads) t.join();
  over = true;
  walker.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
