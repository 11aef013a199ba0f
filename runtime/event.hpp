// SPDX-License-Identifier: MIT
#pragma once

// What one thread sleeps on and others ring. A ring while it is awake is kept for its next sleep.

#include <atomic>
#include <cstdint>

namespace warren::runtime {

class event {
 public:
  void ring() noexcept;
  /// Returns after a ring, or `ns` nanoseconds later (`never`: no sooner than a ring). May return early.
  void wait(std::int64_t ns) noexcept;

 private:
  std::atomic<std::uint32_t> word_{0};  ///< 1: rung
};

}  // namespace warren::runtime
