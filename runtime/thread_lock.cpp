// SPDX-License-Identifier: MIT
#include "thread_lock.hpp"

#include "system.hpp"

namespace warren::runtime {

void thread_lock::lock_contended() noexcept {
  // Acquire: pairs with the release in unlock().
  while (word_.exchange(contended, std::memory_order_acquire) != free) sys::futex_wait(word_, contended, -1);
}

void thread_lock::wake_one() noexcept { sys::futex_wake(word_, 1); }

}  // namespace warren::runtime
