// SPDX-License-Identifier: MIT
#pragma once

// For tests that have to know that somebody waits, however slow the machine is.

#include <warren/runtime/counters.hpp>
#include <warren/time/sleep.hpp>

#include <chrono>
#include <cstdint>

namespace warren::tests {

/// How many stand in queues of channels and of sync, in the whole process.
inline std::int64_t queued() { return runtime::count_all().queued_waiters; }

/// Waits until at least n do.
inline void wait_until_queued(std::int64_t n) {
  while (queued() < n) sleep(std::chrono::microseconds(50));
}

}  // namespace warren::tests
