// SPDX-License-Identifier: MIT
// The count of handles under threads; ThreadSanitizer sees here what no expectation can.
#include <warren/errors/error.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using warren::error;
using warren::nil;
namespace errors = warren::errors;

/// Counts deaths, and has something on the heap that a second death would break.
struct mortal final : errors::base {
  std::atomic<int>* deaths;
  std::string text = std::string(64, 'x');

  explicit mortal(std::atomic<int>& d) : deaths(&d) {}
  ~mortal() override { deaths->fetch_add(1, std::memory_order_relaxed); }
  std::string message() const override { return text; }
};

template <class Body>
void on_threads(int n, Body body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) threads.emplace_back(body, i);
  for (std::thread& t : threads) t.join();
}

constexpr int num_threads = 4;

TEST(error_threads, destroy_an_object_once_whoever_is_last) {
  constexpr int rounds = 2000;
  std::atomic<int> deaths{0};
  std::vector<error> handles(num_threads);
  auto refill = [&]() noexcept {
    error fresh = errors::of<mortal>(deaths);
    for (error& h : handles) h = fresh;
  };
  refill();
  std::barrier both(num_threads, refill);
  on_threads(num_threads, [&](int me) {
    for (int i = 0; i < rounds; ++i) {
      error mine = std::move(handles[static_cast<std::size_t>(me)]);
      if (mine.message().size() != 64) std::abort();
      mine = nil;
      both.arrive_and_wait();
    }
  });
  EXPECT_EQ(deaths.load(), rounds);
  handles.clear();
  EXPECT_EQ(deaths.load(), rounds + 1);
}

TEST(error_threads, copy_and_drop_one_error_at_once) {
  std::atomic<int> deaths{0};
  error shared = errors::of<mortal>(deaths);
  on_threads(num_threads, [&](int) {
    for (int i = 0; i < 10'000; ++i) {
      error copy = shared;
      error another = copy;
      copy = std::move(another);
      if (copy.get() != shared.get()) std::abort();
    }
  });
  EXPECT_EQ(deaths.load(), 0);
  shared = nil;
  EXPECT_EQ(deaths.load(), 1);
}

TEST(error_threads, take_a_shared_tree_apart_together) {
  constexpr int rounds = 500;
  std::atomic<int> deaths{0};
  std::vector<error> handles(num_threads);
  auto refill = [&]() noexcept {
    error trunk = errors::of<mortal>(deaths);
    for (int i = 0; i < 8; ++i) trunk = errors::wrap("w", errors::join(trunk, errors::make("leaf")));
    for (error& h : handles) h = errors::wrap("branch", errors::join(trunk, trunk));
  };
  refill();
  std::barrier both(num_threads, refill);
  on_threads(num_threads, [&](int me) {
    for (int i = 0; i < rounds; ++i) {
      error mine = std::move(handles[static_cast<std::size_t>(me)]);
      if (errors::as<mortal>(mine) == nullptr) std::abort();
      mine = nil;
      both.arrive_and_wait();
    }
  });
  EXPECT_EQ(deaths.load(), rounds);
  handles.clear();
  EXPECT_EQ(deaths.load(), rounds + 1);
}

}  // namespace
