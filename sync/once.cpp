// SPDX-License-Identifier: MIT
#include "once.hpp"

//            begin()             finish()
//      idle ────────► running ────────────────► done
//                        │                       ▲
//                        │ begin() elsewhere     │ finish(), wakes them all
//                        ▼                       │
//                      waited ───────────────────┘
//
// Laws
//   * The first step belongs to one caller, by a compare-exchange; so do the steps to `done`.
//   * `waited` is set by somebody who has the queue's lock and sees `running`, and sleeps in the queue before
//     it releases that lock. So finish(), which takes the lock when it finds `waited`, finds all who sleep;
//     whoever comes later finds `done`.
//   * Queue's lock: nothing is taken under it.

namespace warren::sync {

/// True: the caller is the one who runs f. False: f has been run.
bool once::begin() {
  std::uint32_t s = idle;
  // Acquire, for the one who finds `done`: pairs with the release in finish().
  if (state_.compare_exchange_strong(s, running, std::memory_order_relaxed, std::memory_order_acquire))
    return true;
  if (s == done) return false;
  runtime::queue_waiter w;
  queue_.lock();
  // Acquire: pairs with the release in finish(), as above.
  s = state_.load(std::memory_order_acquire);
  while (s != done) {
    if (state_.compare_exchange_weak(s, waited, std::memory_order_relaxed, std::memory_order_acquire)) {
      queue_.wait(w, runtime::wait_reason::once_do);
      return false;
    }
  }
  queue_.unlock();
  return false;
}

void once::finish() noexcept {
  // Release: pairs with the acquires in do_() and begin(); publishes what f did.
  if (state_.exchange(done, std::memory_order_release) == running) return;
  queue_.lock();
  runtime::queue_waiter* chain = queue_.take_all();
  queue_.unlock();
  runtime::wake_all(chain);
}

void once::forsake_waiters() noexcept {
  queue_.lock();
  queue_.take_all();
  queue_.unlock();
}

}  // namespace warren::sync
