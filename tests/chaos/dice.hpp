// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace warren::tests {

/// Numbers by chance, the same for the same seed. Each goroutine has its own.
class dice {
 public:
  explicit dice(std::uint64_t seed) : numbers_(seed) {}

  std::uint64_t seed() { return numbers_(); }
  /// 0 to n - 1.
  std::uint64_t below(std::uint64_t n) { return numbers_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  std::chrono::microseconds up_to(std::chrono::microseconds longest) {
    return std::chrono::microseconds(below(static_cast<std::uint64_t>(longest.count()) + 1));
  }

 private:
  std::mt19937_64 numbers_;
};

}  // namespace warren::tests
