// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <warren/runtime/thread_lock.hpp>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "test.hpp"

namespace {

using namespace std::chrono_literals;
using warren::runtime::thread_lock;

TEST(thread_lock, one_at_a_time) {
  thread_lock lock;
  std::int64_t count = 0;
  const std::int64_t rounds = warren::tests::scaled(200'000);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::int64_t k = 0; k < rounds; ++k) {
        const std::lock_guard hold(lock);
        ++count;
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(count, 4 * rounds);
}

TEST(thread_lock, whoever_waits_gets_it) {
  thread_lock lock;
  EXPECT_TRUE(lock.try_lock());
  EXPECT_FALSE(lock.try_lock());
  int done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      const std::lock_guard hold(lock);
      ++done;
      std::this_thread::sleep_for(1ms);  // the others fall asleep meanwhile
    });
  }
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(done, 0);
  lock.unlock();
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(done, 3);
  EXPECT_TRUE(lock.try_lock());
}

}  // namespace
