// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace warren::runtime {

/// What is alive in the library; exact while nothing moves.
struct counters {
  std::int64_t goroutines = 0;
  std::int64_t stacks_in_use = 0;
  std::int64_t armed_timers = 0;
  std::int64_t queued_waiters = 0;  ///< in channels and in the queues of sync

  friend bool operator==(const counters&, const counters&) = default;
};

counters count_all() noexcept;

}  // namespace warren::runtime
