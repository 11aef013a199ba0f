// SPDX-License-Identifier: MIT
#pragma once

// A channel whose values come from the clock: what stands behind timer, ticker, time_after and tick. One allocation.
//
// Laws
//   * As since Go 1.23, it looks like a channel without a buffer that a sender stands ready at from `when_` on. So its
//     node is in a heap only while somebody waits on the channel; otherwise whether the time has come is found out
//     when somebody looks (poll), and a timer nobody looks at costs nothing, and is freed with its last handle.
//   * `when_` and `period_` are guarded by the channel's lock, and so are arm() and disarm() of the node. Lock order:
//     channel, then heap.
//   * stop() and reset() empty the ring under the same lock under which they change `when_`, and whoever delivers looks
//     at `when_` under it. So after them no value of before is ever received; and what was due and not received counts
//     as stopped. A firing that is under way finds out in fire() that it is too late.
//   * While receivers stand in the queue (awaited()), the node is armed or on its way to fire(), unless `when_` is
//     `idle`. While none does, it is not armed; fire() may still be on its way, and poll() be faster.
//   * Counts: `core::handles` keeps the memory, and counts channel handles, a firing under way, and one for all handles
//     of timer or ticker together. Those are counted in `alarm`; the last of them stops the clock, so that a value never
//     comes to a channel whose timer is gone. time_after and tick have no such handles.

#include <chrono>
#include <cstdint>

#include "../channels/core.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/timer.hpp"
#include "alarm.hpp"

namespace warren::timing {

class timer_channel final : public channels::core, public alarm, private runtime::timer_node {
 public:
  /// Due `ns` from now and then each `period` ns (0: once). The caller owns one channel handle, or, taken together
  /// as a timer, the one of its alarm.
  timer_channel(std::int64_t ns, std::int64_t period) noexcept;

  bool stop() noexcept override;
  bool reset(std::int64_t ns, std::int64_t period) noexcept override;
  channels::core* channel() noexcept override { return this; }

 private:
  static constexpr std::int64_t idle = INT64_MIN;

  static const channels::clock_feed feed;
  static const runtime::timer_kind firing;

  ~timer_channel() = default;
  void abandon() noexcept override;

  void come_due(std::int64_t now, runtime::goroutine_list& woken) noexcept;
  void fire(std::int64_t now, runtime::goroutine_list& woken) noexcept;
  bool set(std::int64_t at, std::int64_t period) noexcept;

  std::int64_t when_;
  std::int64_t period_;
  clock::time_point slot_;
};

}  // namespace warren::timing
