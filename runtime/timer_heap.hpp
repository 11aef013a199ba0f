// SPDX-License-Identifier: MIT
#pragma once

// A heap of armed timers: a pairing heap of nodes that live inside their owners, so arming allocates nothing and cannot
// fail, and a timer that is armed and disarmed before it is due costs the same with ten pending as with a million.
//
// Laws: see timer_node.hpp. Everything under `lock_`; `earliest_` is also read without it.
//   Lock order: the lock of a node's owner, then this one. Nothing is locked under it.
//
// Source: Fredman, Sedgewick, Sleator, Tarjan, "The pairing heap" (1986); two-pass merging.

#include <atomic>
#include <cstdint>

#include "clock.hpp"
#include "spinlock.hpp"
#include "timer_node.hpp"

namespace warren::runtime {

class timer_heap {
 public:
  /// When the first one is due; `never` when there is none. Stored with seq_cst: a worker that goes to sleep reads it
  /// after it has published until when it sleeps; who arms a timer reads that after this store.
  std::int64_t earliest() const noexcept {
    // seq_cst: pairs with the stores in insert() and publish(), see above.
    return earliest_.load(std::memory_order_seq_cst);
  }
  std::int64_t earliest_hint() const noexcept { return earliest_.load(std::memory_order_relaxed); }
  std::int64_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// True when the node became the first.
  bool insert(timer_node& n, std::int64_t when) noexcept;

  /// False when the node is not in this heap (any more).
  bool remove(timer_node& n) noexcept;

  /// Takes out all that are due, fires them, and hands out the goroutines to make runnable. Returns how many it fired.
  int fire_due(std::int64_t now, goroutine_list& woken) noexcept;

  /// The one place where two heaps are locked, this one first; `other` never fires.
  void move_all_to(timer_heap& other) noexcept;

 private:
  static constexpr int batch = 32;

  int take_due(std::int64_t now, timer_node* (&due)[batch]) noexcept;
  void unlink(timer_node& n) noexcept;
  void remove_locked(timer_node& n) noexcept;
  void publish() noexcept;

  spinlock lock_;
  timer_node* root_ = nullptr;
  std::atomic<std::int64_t> earliest_{never};
  std::atomic<std::int64_t> size_{0};
};

}  // namespace warren::runtime
