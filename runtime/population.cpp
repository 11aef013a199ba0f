// SPDX-License-Identifier: MIT
#include "population.hpp"

#include <atomic>

#include "thread.hpp"

namespace warren::runtime {

namespace {
constinit std::atomic<std::int64_t> goroutines_left_over{0};
constinit std::atomic<std::int64_t> stacks_left_over{0};
}  // namespace

std::int64_t live_goroutines() noexcept {
  std::int64_t sum = -goroutines_left_over.load(std::memory_order_relaxed);
  // Ends first: a goroutine that starts and ends between the two passes must not count as minus one.
  for_each_thread([&](thread* t) { sum -= t->goroutines_ended; });
  for_each_thread([&](thread* t) { sum += t->goroutines_started; });
  return sum;
}

std::int64_t stacks_in_use() noexcept {
  std::int64_t sum = -stacks_left_over.load(std::memory_order_relaxed);
  for_each_thread([&](thread* t) { sum += t->stacks_in_use; });
  return sum;
}

void write_off(std::int64_t goroutines, std::int64_t stacks) noexcept {
  goroutines_left_over.fetch_add(goroutines, std::memory_order_relaxed);
  stacks_left_over.fetch_add(stacks, std::memory_order_relaxed);
}

}  // namespace warren::runtime
