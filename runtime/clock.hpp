// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>

namespace warren {

/// The library's clock: monotonic, in nanoseconds. It satisfies the standard's Clock requirements.
/// Time points of other chrono clocks are accepted wherever a deadline is, and converted at the call.
struct clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<clock>;
  static constexpr bool is_steady = true;

  static time_point now() noexcept;
};

namespace runtime {

// The only places where the library reads a clock.

/// Nanoseconds on the clock that goroutines and timers live by: the monotonic one, or that of a closed world.
std::int64_t now_ns() noexcept;
/// Nanoseconds on the monotonic clock, whatever the goroutines live by: for whoever measures or waits in the kernel.
std::int64_t monotonic_ns() noexcept;
/// Nanoseconds since 1970 as the system has them, which may step back: for texts alone. In a closed world its own.
std::int64_t wall_ns() noexcept;
/// From now on now_ns() and wall_ns() read so many nanoseconds since 1970, until they are told otherwise; 0: they read the
/// system's clocks.
void stand_at_ns(std::int64_t ns) noexcept;

/// A deadline that is never reached.
inline constexpr std::int64_t never = INT64_MAX;

/// `now + d`, or the end of time where the sum does not fit.
constexpr std::int64_t saturating_add(std::int64_t now, std::int64_t d) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(now, d, &sum)) return d > 0 ? INT64_MAX : INT64_MIN;
  return sum;
}

/// Any duration in nanoseconds, rounded up, clamped to what fits.
template <class Rep, class Period>
constexpr std::int64_t saturating_ns(std::chrono::duration<Rep, Period> d) noexcept {
  using ns = std::chrono::duration<long double, std::nano>;
  const auto exact = std::chrono::duration_cast<ns>(d).count();
  if (exact >= 9.2233720368547758e18L) return INT64_MAX;
  if (exact <= -9.2233720368547758e18L) return INT64_MIN;
  return std::chrono::ceil<std::chrono::nanoseconds>(d).count();
}

/// A time point of any clock as one of `warren::clock`.
template <class Clock, class Duration>
clock::time_point to_clock(std::chrono::time_point<Clock, Duration> t) noexcept {
  if constexpr (std::is_same_v<Clock, clock>) {
    return clock::time_point(std::chrono::nanoseconds(saturating_ns(t.time_since_epoch())));
  } else {
    const std::int64_t left = saturating_ns(t - Clock::now());
    return clock::time_point(std::chrono::nanoseconds(saturating_add(now_ns(), left)));
  }
}

}  // namespace runtime
}  // namespace warren
