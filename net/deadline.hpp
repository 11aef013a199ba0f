// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

#include "../runtime/clock.hpp"

namespace warren::net {

/// A deadline as streams take it, in ns on the monotonic clock; 0 for a zero time point, which means none.
template <class Clock, class Duration>
std::int64_t deadline_ns(std::chrono::time_point<Clock, Duration> t) noexcept {
  if (t.time_since_epoch() == Duration::zero()) return 0;
  const std::int64_t when = runtime::to_clock(t).time_since_epoch().count();
  return when > 0 ? when : 1;  // long ago, not none
}

}  // namespace warren::net
