// SPDX-License-Identifier: MIT
#pragma once

// The channel itself: a ring, two queues of waiters, and a lock.
//
// Laws
//   * Everything but `handles` is written under `lock`. `closed_`, `count_` and the heads of the queues are
//     also read without it, by those who look before they lock.
//   * Receivers wait only while the ring is empty and no sender waits; senders only while the ring is full
//     and no receiver waits. So a value moves once: straight between the two stacks, or into the ring and out
//     of it. (A waiter whose select has been decided elsewhere may stand in any queue for a while; nobody
//     else counts it.)
//   * A waiter is in its queue until someone takes it out under the lock. A waiter of a select stands in
//     several queues: who takes it out must win its select's claim (a compare-exchange from unclaimed to the
//     case's position) before a value moves, and leaves it alone when it loses. The select takes its losers
//     out itself, before it returns.
//   * A closed channel stays closed, and its count only falls. A channel that closes sets `closed_` first,
//     then sends its waiters away: whoever sees a queue emptied by that sees it closed as well.
//   * Lock order: channels by address, then a timer heap, then scheduler locks. No user code runs under the
//     lock but the element's noexcept move and destroy.
//   * After the unlock that lets a value or a close be seen, the core may be gone: nothing of it is touched
//     any more.
//   * At the end (last handle gone) no waiter is left: waiters hold handles through their callers, and a
//     select that parks takes handles of its own where its caller has none.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../runtime/goroutine.hpp"
#include "../runtime/spinlock.hpp"
#include "any_channel.hpp"
#include "waiter.hpp"

namespace warren::channels {

/// First in, first out. `head` is peeked at without the lock.
struct waiter_queue {
  std::atomic<channel_waiter*> head{nullptr};
  channel_waiter* tail = nullptr;

  bool empty() const noexcept { return head.load(std::memory_order_relaxed) == nullptr; }
  void push_back(channel_waiter* w) noexcept;
  void remove(channel_waiter* w) noexcept;
  /// Takes waiters out until one of them can be claimed for the caller, who must wake it; null when there is
  /// none.
  channel_waiter* claim_first() noexcept;
};

/// What a channel fed by a timer adds: its value appears by the clock, not by a sender (Go 1.23's synchronous
/// timer channels: `length` and `capacity` are 0). All three are called under the channel's lock.
struct clock_feed {
  /// Puts the value into the ring if its time has come. Not called while receivers wait: the armed timer
  /// serves them.
  void (*poll)(core*) noexcept;
  /// The first waiter came: arm.
  void (*arm)(core*) noexcept;
  /// The last waiter went, served or not: disarm.
  void (*disarm)(core*) noexcept;
};

class core : public counted {
 public:
  /// `ring` has room for `capacity` elements and lives as long as the core.
  core(const element_type& element, std::size_t capacity, void* ring, void (*when_gone)(counted*) noexcept,
       const clock_feed* feed = nullptr) noexcept
      : counted(when_gone),
        capacity_(capacity),
        ring_(static_cast<std::byte*>(ring)),
        element_(&element),
        feed_(feed) {}
  /// Destroys what is in the ring.
  ~core() { clear_ring(); }

  bool is_closed() const noexcept {
    // Acquire: pairs with the release in close_collecting(), so that what came before the close is seen.
    return closed_.load(std::memory_order_acquire);
  }
  std::size_t length() const noexcept { return fed() ? 0 : count_.load(std::memory_order_relaxed); }
  std::size_t capacity() const noexcept { return fed() ? 0 : capacity_; }
  bool fed() const noexcept { return feed_ != nullptr; }
  bool drained() const noexcept { return count_.load(std::memory_order_relaxed) == 0; }
  const element_type& element() const noexcept { return *element_; }

  /// Closes under one hold of the lock and hands out who must be woken, so that a caller can wake many at
  /// once. False: it was closed already.
  bool close_collecting(runtime::goroutine_list& woken) noexcept;

  // A look before the lock: whether it is worth taking. What they saw may be over when they return.
  bool seems_sendable() const noexcept;
  bool seems_receivable() const noexcept;

  // All that follows: the lock is held.

  /// Whether offer() would not say empty, if the claim of a waiting select is not lost meanwhile.
  bool can_offer() const noexcept;
  /// Whether take() would not say empty, in the same sense.
  bool can_take() noexcept;
  /// Moves *value over if that is possible now. `woken` is to be made ready after the unlock, unless null.
  outcome offer(void* value, runtime::goroutine*& woken) noexcept;
  /// Constructs an element at `value` if that is possible now.
  outcome take(void* value, runtime::goroutine*& woken) noexcept;
  void enqueue(channel_waiter* w) noexcept;
  /// Nothing happens if it is not queued any more.
  void dequeue(channel_waiter* w) noexcept;
  /// A feed's delivery: hands *value to the first receiver that can be claimed, else puts it into the ring.
  /// False: the ring is full, and *value is intact.
  bool deliver(void* value, runtime::goroutine_list& woken) noexcept;
  /// Whether receivers stand in the queue.
  bool awaited() const noexcept { return !receivers_.empty(); }
  /// Drops what is in the ring.
  void clear_ring() noexcept;

  runtime::spinlock lock;

 private:
  waiter_queue& queue_of(const channel_waiter* w) noexcept { return w->is_send ? senders_ : receivers_; }
  std::size_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  // Release: pairs with the acquire loads of seems_*(), which must see a close that came before.
  void set_count(std::size_t n) noexcept { count_.store(n, std::memory_order_release); }
  std::byte* slot(std::size_t index) noexcept { return ring_ + index * element_->size; }
  void put(void* value, std::size_t n) noexcept;
  void push_ring(void* value) noexcept;
  void pop_ring(void* value) noexcept;
  void move(void* to, void* from) const noexcept;
  bool hand_over(void* value, runtime::goroutine*& woken) noexcept;
  bool take_over(void* value, runtime::goroutine*& woken) noexcept;
  bool let_in(runtime::goroutine*& woken) noexcept;

  // offer() and take() where they must not cost a call.
  friend void send(core*, void*);
  friend outcome try_send(core*, void*);
  friend outcome receive(core*, void*);
  friend outcome try_receive(core*, void*) noexcept;
  outcome offer_inline(void* value, runtime::goroutine*& woken) noexcept;
  outcome take_inline(void* value, runtime::goroutine*& woken) noexcept;

  std::atomic<bool> closed_{false};
  std::atomic<std::size_t> count_{0};  ///< elements in the ring
  std::size_t first_ = 0;              ///< slot of the oldest
  const std::size_t capacity_;
  std::byte* const ring_;
  const element_type* const element_;
  waiter_queue receivers_;
  waiter_queue senders_;
  const clock_feed* const feed_;
};

// Both look in this order: not ready first, then not closed. A channel is never opened again, so it was open
// at the moment of the first look as well; and a ring that is not full (not empty) is all that a send (a
// receive) needs where there is one, because receivers wait only while it is empty, and senders only while it
// is full.

inline bool core::seems_sendable() const noexcept {
  // Acquire, both: pairs with the releases in set_count() and the queue; who sees them emptied by or after a
  // close sees that close.
  const bool ready = capacity_ == 0 ? receivers_.head.load(std::memory_order_acquire) != nullptr
                                    : count_.load(std::memory_order_acquire) < capacity_;
  return ready || is_closed();
}

inline bool core::seems_receivable() const noexcept {
  // Acquire, both: pairs with the releases in set_count() and the queue, as above.
  const bool ready = capacity_ == 0 ? senders_.head.load(std::memory_order_acquire) != nullptr
                                    : count_.load(std::memory_order_acquire) != 0;
  return ready || is_closed() || fed();
}

}  // namespace warren::channels
