// SPDX-License-Identifier: MIT
#include "clock.hpp"

#include <ctime>

namespace warren {

namespace runtime {

namespace {

std::int64_t read_ns(clockid_t clock) noexcept {
  timespec t{};
  ::clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace

std::int64_t now_ns() noexcept { return read_ns(CLOCK_MONOTONIC); }
std::int64_t wall_ns() noexcept { return read_ns(CLOCK_REALTIME); }

}  // namespace runtime

clock::time_point clock::now() noexcept { return time_point(std::chrono::nanoseconds(runtime::now_ns())); }

}  // namespace warren
