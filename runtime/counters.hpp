// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace warren::runtime {

/// What is alive in the library: sums of per-thread counters, free to keep and exact while nothing moves.
struct counters {
  std::int64_t goroutines = 0;      ///< started and not ended; those left over from ended runs do not count
  std::int64_t stacks_in_use = 0;   ///< attached to goroutines; likewise
  std::int64_t armed_timers = 0;
  std::int64_t queued_waiters = 0;  ///< in channels and in the queues of sync

  friend bool operator==(const counters&, const counters&) = default;
};

counters count_all() noexcept;
std::int64_t live_goroutines() noexcept;

/// A goroutine of an ended run stays as it is for ever: it stops counting.
void write_off(std::int64_t goroutines, std::int64_t stacks) noexcept;

}  // namespace warren::runtime
