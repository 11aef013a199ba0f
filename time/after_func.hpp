// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "../runtime/clock.hpp"
#include "timer.hpp"

namespace warren {

namespace timing {

/// All that compiled code knows of a function's type. One constant a type.
struct function_type {
  std::size_t size;
  std::size_t align;
  void (*call)(void* function);
  void (*destroy)(void* function) noexcept;
};

/// An alarm that is being made, and where its function is to be constructed.
struct func_alarm_room {
  alarm* made;
  void* room;
};

func_alarm_room new_func_alarm(const function_type& type);
/// Frees it without a function.
void give_up(const func_alarm_room& r) noexcept;

}  // namespace timing

/// Runs `f()` in a goroutine of its own once `d` has passed, and again after each later reset(); a result is dropped.
/// `f` runs also when no handle of the timer is left. The runs of a timer that is reset early may overlap.
/// Parks: no. Throws: std::bad_alloc, and what the copy throws. Order: the call happens before `f` begins.
/// Source: Go time.AfterFunc.
template <class Rep, class Period, class F>
timer after_func(std::chrono::duration<Rep, Period> d, F&& f) {
  using function = std::decay_t<F>;
  static_assert(std::is_invocable_v<function&>, "after_func(d, f): f is called without arguments");
  static constexpr timing::function_type type{
      sizeof(function), alignof(function), [](void* at) { static_cast<void>((*static_cast<function*>(at))()); },
      [](void* at) noexcept { static_cast<function*>(at)->~function(); }};

  const timing::func_alarm_room l = timing::new_func_alarm(type);
  if constexpr (std::is_nothrow_constructible_v<function, F&&>) {
    ::new (l.room) function(std::forward<F>(f));
  } else {
    try {
      ::new (l.room) function(std::forward<F>(f));
    } catch (...) {
      timing::give_up(l);
      throw;
    }
  }
  l.made->reset(runtime::saturating_ns(d), 0);
  return timer(l.made);
}

}  // namespace warren
