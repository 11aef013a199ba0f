// SPDX-License-Identifier: MIT

// How often the making of contexts and timers asks for memory. Go: TestAllocs.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <warren/context/context.hpp>

#include "family.hpp"
#include "test.hpp"

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t bytes) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes);
}

}  // namespace

// This program's own: all that are not aligned beyond the usual.
void* operator new(std::size_t bytes) {
  if (void* at = allocate(bytes)) return at;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

namespace warren {
namespace {

using namespace std::chrono_literals;

/// Allocations of one call; the least of many, since other goroutines and threads may allocate meanwhile.
template <class F>
std::int64_t allocations_of(F f) {
  std::int64_t least = INT64_MAX;
  for (int i = 0; i < 20; i++) {
    const std::int64_t before = allocations.load(std::memory_order_relaxed);
    f();
    least = std::min(least, allocations.load(std::memory_order_relaxed) - before);
  }
  return least;
}

struct key {
  int n;
  bool operator==(const key&) const = default;
};

WARREN_TEST(allocation, OneForEachContext) {
  const context bg = context::background();
  auto [parent, cancel_parent] = context::with_cancel(bg);
  const auto cancelable = [&, &parent = parent](auto make) {
    return allocations_of([&] {
      auto [ctx, cancel] = make(parent);
      cancel();
      ctx.done().recv();
      EXPECT_TRUE(ctx.err() != nil);
    });
  };
  EXPECT_EQ(allocations_of([] { context::background(); }), 0);
  EXPECT_EQ(allocations_of([&] { EXPECT_TRUE(context::with_value(bg, key{1}, 7).value(key{1})); }), 1);
  EXPECT_EQ(allocations_of([&] { context::without_cancel(bg); }), 1);
  EXPECT_EQ(cancelable([](const context& c) { return context::with_cancel(c); }), 1);
  EXPECT_EQ(cancelable([](const context& c) { return context::with_timeout(c, 5min); }), 1);
  EXPECT_EQ(allocations_of([&] {
              auto [ctx, cancel] = context::with_timeout(bg, 1ns);
              ctx.done().recv();
            }),
            1);
  EXPECT_EQ(allocations_of([&, &ctx = parent] { EXPECT_TRUE(context::after_func(ctx, [] {})()); }), 1);
}

WARREN_TEST(allocation, OneForEachTimer) {
  EXPECT_EQ(allocations_of([] { time_after(1h); }), 1);
  EXPECT_EQ(allocations_of([] { timer(1h).stop(); }), 1);
  EXPECT_EQ(allocations_of([] { ticker(1h).stop(); }), 1);
  EXPECT_EQ(allocations_of([] { after_func(1h, [] {}).stop(); }), 1);
  EXPECT_EQ(allocations_of([] { select(recv(time_after(1h)), recv(time_after(1us))); }), 2);
}

}  // namespace
}  // namespace warren
