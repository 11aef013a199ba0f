// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

#include "../runtime/clock.hpp"

namespace warren {

namespace timing {

void sleep_ns(std::int64_t ns);
void sleep_until_ns(std::int64_t when);

}  // namespace timing

/// Waits at least `d`; returns at once when `d` is not positive.
/// Parks: yes.
/// Source: Go time.Sleep.
template <class Rep, class Period>
void sleep(std::chrono::duration<Rep, Period> d) {
  timing::sleep_ns(runtime::saturating_ns(d));
}

/// A bare number has no unit. POSIX's sleep, which would hold the whole thread, is `::sleep`.
template <class Number>
  requires std::is_arithmetic_v<Number>
void sleep(Number) = delete;

/// Waits until the clock of `t` reads it; returns at once when it has. That clock is looked at when the wait
/// begins: setting it meanwhile changes nothing.
/// Parks: yes.
template <class Clock, class Duration>
void sleep_until(std::chrono::time_point<Clock, Duration> t) {
  timing::sleep_until_ns(runtime::to_clock(t).time_since_epoch().count());
}

}  // namespace warren
