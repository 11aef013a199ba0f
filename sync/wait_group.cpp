// SPDX-License-Identifier: MIT
#include "wait_group.hpp"

// One word: the count of tasks, and whether somebody waits.
//
//      count   waited
//        0       0      nothing to wait for
//       > 0      0      tasks
//       > 0      1      tasks, and waiters in the queue
//        0       1      whoever brought the count to zero is about to release all who wait, and goes to the
//        first line
//
// Laws
//   * The count is changed by add() alone. `waited` is set by somebody who has the queue's lock and sees a
//     count above zero, and sleeps in the queue before it releases that lock. It is cleared by the one who
//     brought the count to zero, under the same lock.
//   * Whoever brings the count to zero and does not find `waited` touches nothing any more; with `waited`,
//     nothing after it has released the queue's lock: then those who waited may destroy the wait_group. A
//     waiter touches nothing of it once it is woken.
//   * Queue's lock: nothing is taken under it.

#include "../errors/panic.hpp"
#include "../runtime/park.hpp"

namespace warren::sync {

/// What add() has to do when somebody waits or the count is negative; `now` is the word that it made.
void wait_group::settle(std::uint64_t now, int n) {
  const auto count = static_cast<std::int32_t>(now >> count_at);
  if (count < 0) panic("sync: negative WaitGroup counter");
  if (n > 0 && count == n) panic("sync: WaitGroup misuse: Add called concurrently with Wait");
  if (count > 0) return;
  queue_.lock();
  // Acquire: pairs with the release in add() of the others; those who wait are to see what they did.
  if (state_.load(std::memory_order_acquire) != waited) {
    queue_.unlock();
    panic("sync: WaitGroup misuse: Add called concurrently with Wait");
  }
  state_.store(0, std::memory_order_relaxed);
  runtime::queue_waiter* chain = queue_.take_all();
  queue_.unlock();
  runtime::wake_all(chain);
}

void wait_group::wait() {
  runtime::switch_point();
  // Acquire, here and below: pairs with the releases in add().
  if ((state_.load(std::memory_order_acquire) >> count_at) == 0) return;
  runtime::queue_waiter w;
  queue_.lock();
  std::uint64_t s = state_.load(std::memory_order_acquire);
  while ((s >> count_at) != 0) {
    if (state_.compare_exchange_weak(s, s | waited, std::memory_order_relaxed, std::memory_order_acquire)) {
      return queue_.wait(w, runtime::wait_reason::wait_group_wait);
    }
  }
  queue_.unlock();
}

void wait_group::forsake_waiters() noexcept {
  queue_.lock();
  queue_.take_all();
  queue_.unlock();
}

}  // namespace warren::sync
