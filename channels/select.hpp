// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <type_traits>
#include <utility>

#include "cases.hpp"
#include "channel.hpp"
#include "select_any.hpp"
#include "select_case.hpp"
#include "waiter.hpp"

// select, as a function of its cases:
//
//     select(recv(a, [](int v) { ... }),              switch (select(recv(a, v), recv(b, v, ok), otherwise))
//     {
//            recv(b, [](int v, bool ok) { ... }),       case 0: ...; break;
//            send(c, value),                            case 1: ...; break;
//            otherwise([] { ... }));                  }
//
// The names stand beside POSIX's select, recv and send without getting in their way.
//
// C++ leaves open in which order the arguments of a call are evaluated. Where one of them has a side effect
// on another, evaluate it before.

namespace warren {

/// The case that is taken if at one moment no other was ready: `otherwise`, or `otherwise([] { ... })`.
inline constexpr channels::otherwise_keyword otherwise{};

/// A case that receives, and drops what comes.
template <channels::receivable C>
channels::receive_case<channels::element_t<C>, channels::dropped> recv(C&& from) {
  return {channels::channel_operand(std::forward<C>(from)), channels::dropped{}};
}

/// A case that receives. `then` is a variable of exactly the element type, which is assigned if the case is
/// chosen; else a handler, called with (value, ok), (value) or (), the first of these that it can be called
/// with. For chan<void>: a bool variable, or a handler called with (ok) or ().
template <channels::receivable C, class Then>
auto recv(C&& from, Then&& then) {
  using T = channels::element_t<C>;
  using handler = std::remove_reference_t<Then>;
  channels::channel_operand operand(std::forward<C>(from));
  if constexpr (std::is_void_v<T>) {
    if constexpr (std::same_as<Then, bool&>) {
      return channels::receive_case<void, channels::stored<void>>(std::move(operand), {&then});
    } else {
      static_assert(std::invocable<handler&, bool> || std::invocable<handler&>,
                    "recv: the second argument is a bool variable, or can be called with (bool) or ()");
      return channels::receive_case<void, Then>(std::move(operand), std::forward<Then>(then));
    }
  } else if constexpr (std::same_as<Then, T&>) {
    channels::check_zero<T>();
    channels::check_assignable<T>();
    return channels::receive_case<T, channels::stored<T>>(std::move(operand), {&then, nullptr});
  } else {
    static_assert(
        std::invocable<handler&, T, bool> || std::invocable<handler&, T> || std::invocable<handler&>,
        "recv: the second argument is a variable of exactly the element type, or can be called with "
        "(T, bool), (T) or ()");
    if constexpr (channels::wants_value<handler, T>) channels::check_zero<T>();
    return channels::receive_case<T, Then>(std::move(operand), std::forward<Then>(then));
  }
}

/// A case that receives into a variable, with false for the T{} of a closed channel.
template <channels::receivable C>
  requires(!std::is_void_v<channels::element_t<C>>)
auto recv(C&& from, std::add_lvalue_reference_t<channels::element_t<C>> value, bool& ok) {
  using T = channels::element_t<C>;
  channels::check_zero<T>();
  channels::check_assignable<T>();
  return channels::receive_case<T, channels::stored<T>>(channels::channel_operand(std::forward<C>(from)),
                                                        {&value, &ok});
}

/// A case that sends. An lvalue is copied now; a temporary or std::move(x) of the element type is moved from
/// only if the case is chosen; anything else is converted now. The handler is called with no argument.
template <channels::sendable C, class U = channels::element_t<C>, class Then = channels::nothing_more>
  requires(!std::is_void_v<channels::element_t<C>>) && std::convertible_to<U, channels::element_t<C>>
auto send(C&& to, U&& value, Then&& then = {}) {
  using T = channels::element_t<C>;
  static_assert(std::invocable<std::remove_reference_t<Then>&>,
                "send: the handler is called with no argument");
  using held = std::conditional_t<std::same_as<U, T>, T&, T>;
  return channels::send_case<held, Then>(channels::channel_operand(std::forward<C>(to)),
                                         static_cast<std::conditional_t<std::same_as<U, T>, T&, U&&>>(value),
                                         std::forward<Then>(then));
}

template <channels::sendable C, class Then = channels::nothing_more>
  requires std::is_void_v<channels::element_t<C>> && std::invocable<std::remove_reference_t<Then>&>
auto send(C&& to, Then&& then = {}) {
  return channels::send_case<void, Then>(channels::channel_operand(std::forward<C>(to)),
                                         std::forward<Then>(then));
}

/// Blocks for ever.
inline int select() { return channels::select_any({}, false); }

/// Waits until one of the cases can go ahead and lets it: uniformly chosen among those that are ready;
/// exactly one takes effect, and its handler runs on the calling goroutine after all locks are released.
/// Parks: yes, unless there is an otherwise. Returns: the position of the case that ran.
/// Throws: channel_error for a send that was chosen on a closed channel; what the handler throws.
template <class... Cases>
  requires(sizeof...(Cases) > 0 && (channels::select_operand<Cases> && ...))
int select(Cases&&... cases) {
  constexpr int n = sizeof...(Cases);
  constexpr int n_others = (0 + ... + channels::is_otherwise<std::remove_cvref_t<Cases>>);
  static_assert(n_others <= 1, "select: there is at most one otherwise");

  if constexpr (n == 2 && n_others == 1) {
    // The most frequent form, a try that fails, costs a look.
    if (!(channels::seems_ready(cases) || ...)) {
      constexpr int otherwise_at = channels::position_of_otherwise<std::remove_cvref_t<Cases>...>();
      int at = 0;
      (void)((at++ == otherwise_at && (cases.complete(false), true)) || ...);
      return otherwise_at;
    }
  }
  channels::channel_waiter waiters[n];
  int filled = 0;
  const auto fill = [&](auto& one) {
    if constexpr (!channels::is_otherwise<std::remove_cvref_t<decltype(one)>>) one.fill(waiters[filled++]);
  };
  (fill(cases), ...);

  int chosen = channels::select_any({waiters, std::size_t(n - n_others)}, n_others != 0);
  bool ok = false;
  if constexpr (n_others == 0) {
    ok = waiters[chosen].success;
  } else {
    constexpr int otherwise_at = channels::position_of_otherwise<std::remove_cvref_t<Cases>...>();
    if (chosen == channels::chose_otherwise) {
      chosen = otherwise_at;
    } else {
      ok = waiters[chosen].success;
      chosen += chosen >= otherwise_at ? 1 : 0;
    }
  }
  int at = 0;
  (void)((at++ == chosen && (cases.complete(ok), true)) || ...);
  return chosen;
}

}  // namespace warren
