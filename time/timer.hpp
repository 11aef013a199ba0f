// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../channels/channel.hpp"
#include "../runtime/clock.hpp"
#include "alarm.hpp"

namespace warren {

namespace timing {

alarm_handle new_timer(std::int64_t ns);
/// A channel that is due `ns` from now and then each `period` ns (0: once), without a handle that could stop it.
channels::any_channel new_channel(std::int64_t ns, std::int64_t period);

/// `a` - `b`, or as much of it as fits.
constexpr clock::duration saturating_difference(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t between = 0;
  if (__builtin_sub_overflow(a, b, &between)) between = b < 0 ? INT64_MAX : INT64_MIN;
  return clock::duration(between);
}

}  // namespace timing

/// Something that happens once, after a while: the time at which it was due is received from `c()`, or the function
/// given to after_func is run. A handle: copies share, a default one is nil, and the last one stops it, unless
/// it is an after_func's.
///
/// Nothing is ever received that was due before a stop() or reset(). All may be called from anywhere, and none parks.
/// Source: Go time.Timer (1.23 and later).
class timer {
 public:
  constexpr timer() noexcept = default;
  constexpr timer(std::nullptr_t) noexcept {}

  /// Starts a timer that is due `d` from now; at once when `d` is not positive. Source: Go time.NewTimer.
  template <class Rep, class Period>
  explicit timer(std::chrono::duration<Rep, Period> d) : alarm_(timing::new_timer(runtime::saturating_ns(d))) {}

  /// Returns: the channel from which the time is received; nil for an after_func and for nil. A value is there when its
  /// time has come, yet `len()` and `cap()` are 0. A channel that outlives all handles of its timer stays silent.
  recv_chan<clock::time_point> c() const;

  /// Stops it. Returns: whether that prevented something: the time had not been received yet, or the function not
  /// started. Does not wait for a function that runs.
  /// Throws: panic_error for a nil timer.
  bool stop() const;

  /// Starts it anew, `d` from now. Returns: what stop() would have.
  /// Throws: panic_error for a nil timer.
  template <class Rep, class Period>
  bool reset(std::chrono::duration<Rep, Period> d) const {
    return reset_ns(runtime::saturating_ns(d));
  }

  friend bool operator==(const timer& a, const timer& b) noexcept = default;
  friend bool operator==(const timer& t, std::nullptr_t) noexcept { return t.alarm_.get() == nullptr; }

 private:
  template <class Rep, class Period, class F>
  friend timer after_func(std::chrono::duration<Rep, Period> d, F&& f);

  explicit timer(timing::alarm* owned) noexcept : alarm_(owned) {}
  bool reset_ns(std::int64_t ns) const;

  timing::alarm_handle alarm_;
};

/// Returns: a channel from which the time is received once `d` has passed. One allocation, which is freed with the
/// last handle of the channel, whether the time has come or not. Source: Go time.After.
template <class Rep, class Period>
recv_chan<clock::time_point> time_after(std::chrono::duration<Rep, Period> d) {
  return recv_chan<clock::time_point>(timing::new_channel(runtime::saturating_ns(d), 0));
}

/// Returns: how long ago `t` was on its clock. Source: Go time.Since.
template <class Clock, class Duration>
clock::duration since(std::chrono::time_point<Clock, Duration> t) {
  return timing::saturating_difference(runtime::saturating_ns(Clock::now().time_since_epoch()),
                                       runtime::saturating_ns(t.time_since_epoch()));
}

/// Returns: how long it is until its clock reads `t`. Source: Go time.Until.
template <class Clock, class Duration>
clock::duration until(std::chrono::time_point<Clock, Duration> t) {
  return timing::saturating_difference(runtime::saturating_ns(t.time_since_epoch()),
                                       runtime::saturating_ns(Clock::now().time_since_epoch()));
}

}  // namespace warren
