// SPDX-License-Identifier: MIT
#include "choice.hpp"

#include <atomic>
#include <cstdlib>

#include "system.hpp"

namespace warren::runtime {

namespace {

std::uint64_t base_seed() noexcept {
  static const std::uint64_t seed = [] {
    const char* given = sys::environment("WARREN_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 0) : sys::entropy();
  }();
  return seed;
}

std::atomic<std::uint64_t> streams{0};

}  // namespace

choice choice::next_stream() noexcept {
  // splitmix64 spreads consecutive stream numbers over the whole state space (Steele, Lea, Flood 2014).
  std::uint64_t z = base_seed() + 0x9E3779B97F4A7C15ULL * (1 + streams.fetch_add(1, std::memory_order_relaxed));
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return choice(z ^ (z >> 31));
}

}  // namespace warren::runtime
