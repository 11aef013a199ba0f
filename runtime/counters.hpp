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
  std::int64_t event_waits = 0;     ///< for the poller: goroutines, listeners and watchers
  std::int64_t files = 0;           ///< registered with the poller

  friend bool operator==(const counters&, const counters&) = default;
};

counters count_all() noexcept;

}  // namespace warren::runtime
