// SPDX-License-Identifier: MIT
#include "spinlock.hpp"

#include "system.hpp"

namespace warren::runtime {

namespace {
// A holder runs for tens of nanoseconds; one that is not done after this many looks has lost its processor, and
// the waiter gives its own away so that the holder can have it.
constexpr int looks_before_yield = 100;
constexpr int yields_before_sleep = 50;
}  // namespace

void spinlock::lock_contended() noexcept {
  for (int looks = 0, yields = 0;;) {
    while (word_.load(std::memory_order_relaxed) != 0) {
      cpu_pause();
      if (++looks < looks_before_yield) continue;
      looks = 0;
      if (++yields < yields_before_sleep) {
        sys::yield_thread();
      } else {
        sys::sleep_ns(50'000);
      }
    }
    // Acquire: pairs with the release in unlock().
    if (word_.exchange(1, std::memory_order_acquire) == 0) return;
  }
}

}  // namespace warren::runtime
