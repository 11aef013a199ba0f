// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "../channels/channel.hpp"
#include "../runtime/clock.hpp"
#include "alarm.hpp"

namespace warren {

/// Something that happens again and again: the time of each tick is received from `c()`. A receiver that is slow
/// misses ticks; one at most waits for it. A handle: copies share, a default one is nil, and the last one stops it.
///
/// Nothing is ever received that was due before a stop() or reset(). All may be called from anywhere, and none parks.
/// Source: Go time.Ticker (1.23 and later).
class ticker {
 public:
  constexpr ticker() noexcept = default;
  constexpr ticker(std::nullptr_t) noexcept {}

  /// Starts a ticker; the first tick is due `d` from now.
  /// Throws: panic_error when `d` is not positive.
  /// Source: Go time.NewTicker.
  template <class Rep, class Period>
  explicit ticker(std::chrono::duration<Rep, Period> d) : ticker(runtime::saturating_ns(d)) {}

  /// Returns: the channel from which the ticks are received; nil for nil. It is not closed by stop().
  recv_chan<clock::time_point> c() const;

  /// Ends the ticks, until a reset(). Nothing happens for nil.
  void stop() const;

  /// Starts anew with another interval; the next tick is due `d` from now.
  /// Throws: panic_error when `d` is not positive, and for a nil ticker.
  template <class Rep, class Period>
  void reset(std::chrono::duration<Rep, Period> d) const {
    reset_ns(runtime::saturating_ns(d));
  }

  friend bool operator==(const ticker& a, const ticker& b) noexcept = default;
  friend bool operator==(const ticker& k, std::nullptr_t) noexcept { return k.alarm_.get() == nullptr; }

 private:
  explicit ticker(std::int64_t ns);
  void reset_ns(std::int64_t ns) const;

  timing::alarm_handle alarm_;
};

namespace timing {
recv_chan<clock::time_point> tick_ns(std::int64_t ns);
}

/// Returns: the channel of a ticker that is never stopped, and ends with the last handle of the channel; nil
/// when `d` is not positive. Source: Go time.Tick.
template <class Rep, class Period>
recv_chan<clock::time_point> tick(std::chrono::duration<Rep, Period> d) {
  return timing::tick_ns(runtime::saturating_ns(d));
}

}  // namespace warren
