// SPDX-License-Identifier: MIT
#include "clock.hpp"

#include <ctime>

namespace warren {

namespace runtime {

std::int64_t now_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

}  // namespace runtime

clock::time_point clock::now() noexcept { return time_point(std::chrono::nanoseconds(runtime::now_ns())); }

}  // namespace warren
