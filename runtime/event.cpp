// SPDX-License-Identifier: MIT
#include "event.hpp"

#include "clock.hpp"
#include "system.hpp"

namespace warren::runtime {

void event::ring() noexcept {
  // Release: pairs with the acquires in wait().
  word_.store(1, std::memory_order_release);
  sys::futex_wake(word_, 1);
}

void event::wait(std::int64_t ns) noexcept {
  // Acquire: pairs with the release in ring().
  if (word_.load(std::memory_order_acquire) == 0) {
    sys::futex_wait(word_, 0, ns == never ? -1 : saturating_add(monotonic_ns(), ns));
  }
  word_.exchange(0, std::memory_order_acquire);  // pairs with the same
}

}  // namespace warren::runtime
