// SPDX-License-Identifier: MIT
#pragma once

// Where chance comes from: every random number and every scheduling choice of the library is drawn here, from one
// generator a thread, all of them seeded from one number (WARREN_SEED in the environment, else the system's entropy).

#include <cstdint>

#include "owned.hpp"

namespace warren::runtime {

/// Owner: the thread that it belongs to.
/// xorshift64*: 2^64 - 1 states, never 0. (Vigna, "An experimental exploration of Marsaglia's xorshift generators".)
class choice {
 public:
  constexpr choice() noexcept = default;
  explicit choice(std::uint64_t seed) noexcept : state_(seed | 1) {}

  /// The next generator of the process, each with a seed of its own.
  static choice next_stream() noexcept;

  std::uint64_t next() noexcept {
    std::uint64_t x = state_;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    state_ = x;
    return x * 0x2545F4914F6CDD1DULL;
  }

  /// A number in [0, n); n > 0. (Lemire's multiplication; the bias is n / 2^32.)
  std::uint32_t below(std::uint32_t n) noexcept {
    return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32);
  }

 private:
  owned<std::uint64_t> state_ = 0x9E3779B97F4A7C15ULL;
};

}  // namespace warren::runtime
