// SPDX-License-Identifier: MIT
#pragma once

// A timer's node, inside its owner: arming allocates nothing.
//
// Laws
//   * arm() and disarm() of one node are serialised by its owner (a channel's lock, a context's lock, a stack that only
//     one goroutine uses). They may be called under that lock: lock order is owner, then heap.
//   * A node is in at most one heap. Due nodes are taken out under the heap's lock, pinned there, and fired after it is
//     released: fire() takes the owner's lock itself, and finds out there whether it is still wanted.
//   * pin() runs under the heap's lock: it takes a reference to the owner, which fails when the owner is on its way out
//     (then the node is left alone: the owner's disarm() has the last word). fire() gives the reference back.
//   * disarm() returning false means: not armed, or taken out to be fired; its owner must expect fire().

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"

namespace warren::runtime {

class timer_heap;
struct timer_node;

struct timer_kind {
  /// Keeps the owner alive until fire(); false: leave it. Null: nothing to do.
  bool (*pin)(timer_node*) noexcept;
  /// Runs on some worker or on the monitor, on its own stack: must not park, throw or run user code. Goroutines to be
  /// made runnable are put on the list.
  void (*fire)(timer_node*, std::int64_t now, goroutine_list& woken) noexcept;
};

struct timer_node {
  explicit constexpr timer_node(const timer_kind& k) noexcept : kind(&k) {}

  const timer_kind* kind;
  std::int64_t when = 0;  ///< monotonic ns

  // The heap's, under its lock.
  std::atomic<timer_heap*> heap{nullptr};  ///< null: not armed
  timer_node* child = nullptr;
  timer_node* sibling = nullptr;
  timer_node* back = nullptr;  ///< the parent of a first child, else the sibling before
};

}  // namespace warren::runtime
