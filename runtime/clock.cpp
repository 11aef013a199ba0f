// SPDX-License-Identifier: MIT
#include "clock.hpp"

#include <atomic>
#include <ctime>

namespace warren {

namespace runtime {

namespace {

constinit std::atomic<std::int64_t> standing{0};

std::int64_t read_ns(clockid_t clock) noexcept {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t monotonic_ns() noexcept { return read_ns(CLOCK_MONOTONIC); }

std::int64_t now_ns() noexcept {
  const std::int64_t at = standing.load(std::memory_order_relaxed);
  return at != 0 ? at : monotonic_ns();
}

std::int64_t wall_ns() noexcept {
  const std::int64_t at = standing.load(std::memory_order_relaxed);
  return at != 0 ? at : read_ns(CLOCK_REALTIME);
}

void stand_at_ns(std::int64_t ns) noexcept { standing.store(ns, std::memory_order_relaxed); }

}  // namespace runtime

clock::time_point clock::now() noexcept { return time_point(std::chrono::nanoseconds(runtime::now_ns())); }

}  // namespace warren
