// SPDX-License-Identifier: MIT
#pragma once

// A lock and a first-in first-out queue of parked goroutines: what everything in sync/ waits in.
//
// Laws
//   * All fields are guarded by the queue's lock. Lock order: it is a leaf, only a scheduler's lock may be taken under it.
//   * A waiter lives on the waiting stack. The one who takes it out under the lock owns the duty to wake it, and reads
//     what it needs before that.

#include <cstdint>

#include "spinlock.hpp"
#include "wait_reason.hpp"

namespace warren::runtime {

struct goroutine;
struct park_kind;
class wait_queue;

/// One goroutine in a wait_queue.
struct queue_waiter {
  queue_waiter* next = nullptr;
  queue_waiter* prev = nullptr;
  goroutine* who = nullptr;
  wait_queue* queue = nullptr;
  std::int64_t since = 0;    ///< the client's: when it began to wait
  std::uint32_t tag = 0;     ///< the client's: what it waits for
  std::uint32_t answer = 0;  ///< the client's: set by the waker before wake()
};

class wait_queue {
 public:
  constexpr wait_queue() noexcept = default;
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

  // All that follows: the lock is held.
  bool empty() const noexcept { return head_ == nullptr; }
  queue_waiter* front() const noexcept { return head_; }

  /// Puts the caller at the end (or the front) of the queue, releases the lock once it has left its stack, and
  /// returns when it has been woken; the lock is not held then. Parks: yes.
  void wait(queue_waiter& w, wait_reason why, bool at_front = false);

  /// Takes the waiter out; the caller wakes it afterwards, best without the lock.
  void remove(queue_waiter* w) noexcept;
  queue_waiter* pop_front() noexcept;

  /// Takes all out, as a chain by `next` for wake_all().
  queue_waiter* take_all() noexcept;

 private:
  spinlock lock_;
  queue_waiter* head_ = nullptr;
  queue_waiter* tail_ = nullptr;
};

/// Makes the goroutine of a waiter that was taken out runnable. The waiter is gone afterwards.
void wake(queue_waiter* w) noexcept;
/// The same for a chain, with one decision about waking workers.
void wake_all(queue_waiter* chain) noexcept;

}  // namespace warren::runtime
