// SPDX-License-Identifier: MIT
#include "spinlock.hpp"

#include "system.hpp"

namespace warren::runtime {

namespace {
// A holder runs for tens of nanoseconds, and does the next thing on the same data when it comes back soon. So who meets one
// stays away for a while: a lock that goes to and fro between processors costs each of them more than the wait.
constexpr int first_pauses = 4;
constexpr int most_pauses = 64;
// A holder that is not done by then has lost its processor, and the waiter gives its own away so that it can have it.
constexpr int looks_before_yield = 20;
constexpr int yields_before_sleep = 50;

void pause_for(int pauses) noexcept {
  for (int i = 0; i < pauses; ++i) cpu_pause();
}
}  // namespace

void spinlock::lock_contended() noexcept {
  int pauses = first_pauses;
  for (int looks = 0, yields = 0;;) {
    do {
      pause_for(pauses);
      if (pauses < most_pauses) pauses *= 2;
      if (++looks < looks_before_yield) continue;
      looks = 0;
      if (++yields < yields_before_sleep) {
        sys::yield_thread();
      } else {
        sys::sleep_ns(50'000);
      }
    } while (word_.load(std::memory_order_relaxed) != 0);
    // Acquire: pairs with the release in unlock().
    if (word_.exchange(1, std::memory_order_acquire) == 0) return;
  }
}

}  // namespace warren::runtime
