// SPDX-License-Identifier: MIT
#pragma once

// The one way to wait, for every floor above: park() and ready().
//
// Laws
//   * A waiter may be found by others only once its goroutine's context is stored. So the lock that guards the waiter
//     is taken before park() and released by `kind.commit`, which runs after the switch, on another stack.
//   * Whoever takes a waiter out of its queue calls ready() for it exactly once. A goroutine that nobody can find any
//     more is parked for ever.
//   * The memory of a waiter is the waiting stack: after ready() it may be gone. Take what you need out of it before.
//   * A thread that is no worker waits through the same calls: its `self` stands for it, and it sleeps on a futex.
//   * No lock may be held over park() but the one that commit releases.

#include "goroutine.hpp"
#include "thread.hpp"

namespace warren::runtime {

/// Leaves the calling goroutine until ready() is called for it. Parks: yes. May throw only at the end of a goexit that
/// somebody swallowed. Order: what happened before ready() happens before the return.
void park(const park_kind& kind, void* waiting_on);

/// Makes a parked goroutine runnable, on the caller's worker where it has one. Never switches.
void ready(goroutine* g) noexcept;

/// Makes them all runnable with one decision about waking workers.
void ready(goroutine_list&& list) noexcept;

/// Gives way: the caller goes to the end of its worker's queue. On a thread that is no worker: yields the processor.
void yield();

/// To be called at the end of a switch point that did not park: gives way when the time slice is over.
void switch_point_slow(thread* t);
inline void switch_point(thread* t) {
  if (t->attention.load(std::memory_order_relaxed) != 0) [[unlikely]] switch_point_slow(t);
}
inline void switch_point() { switch_point(current_thread()); }

/// For the fixture that looks for waiters left behind.
inline void count_waiters(thread* t, std::int64_t n) noexcept { t->waiters_queued.add(n); }

}  // namespace warren::runtime
