// SPDX-License-Identifier: MIT
#pragma once

// How many goroutines and stacks there are: sums of per-thread counters, free to keep and exact while nothing moves.

#include <cstdint>

namespace warren::runtime {

/// Started and not ended; those left over from ended runs do not count.
std::int64_t live_goroutines() noexcept;
/// Attached to goroutines; likewise.
std::int64_t stacks_in_use() noexcept;

/// A goroutine of an ended run stays as it is for ever: it stops counting.
void write_off(std::int64_t goroutines, std::int64_t stacks) noexcept;

}  // namespace warren::runtime
