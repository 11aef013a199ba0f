// SPDX-License-Identifier: MIT
#pragma once

// One goroutine (or thread) that waits at one channel: a node on the waiting stack. A select is an array of
// them.
//
// Laws
//   * The first five fields belong to the waiting goroutine until it queues the node; the others mean
//     something only from then on, and everything is guarded by the channel's lock while `queued`.
//   * Whoever takes the node out of its queue under that lock, and wins its claim, may write through `value`,
//     writes `success` and wakes `who`. After that the node may be gone.

#include <atomic>
#include <cstdint>

namespace warren::runtime {
struct goroutine;
}

namespace warren::channels {

class core;

/// What the waiters of one select share, on the selecting stack: the first to claim it decides the select.
struct select_claim {
  static constexpr std::int32_t unclaimed = -1;
  std::atomic<std::int32_t> winner{unclaimed};  ///< the position of the case that goes ahead
};

// What is not initialised here is written when the node is queued: most operations never get there.
struct channel_waiter {
  constexpr channel_waiter() noexcept = default;
  channel_waiter(core* at, void* element, bool sends) noexcept
      : channel(at), value(element), is_send(sends) {}

  core* channel = nullptr;  ///< null: a nil channel, never ready
  /// Send: the element. Receive: raw memory for one, or null, which is for elements without a destructor
  /// only: then the value is dropped.
  void* value = nullptr;
  bool is_send = false;
  bool borrowed = false;    ///< in a select: nobody keeps a handle to the channel while it waits
  bool success = false;     ///< the value went over; false: the channel is closed

  bool queued;
  std::int32_t position;    ///< in the array of its select
  runtime::goroutine* who;
  select_claim* claim;      ///< null: a plain send or receive
  channel_waiter* next;
  channel_waiter* prev;
};

}  // namespace warren::channels
