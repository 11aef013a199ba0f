// SPDX-License-Identifier: MIT
#pragma once

// The cases of a select as recv(), send() and otherwise make them: temporaries that live as long as the call
// of select. Each fills a waiter for the untyped select, and completes its part if it is the one that was
// chosen: by then no lock is held, so that it may call the program's code.

#include <concepts>
#include <type_traits>
#include <utility>

#include "any_channel.hpp"
#include "element.hpp"
#include "handle.hpp"
#include "waiter.hpp"

namespace warren::channels {

/// The channel of a case. That of a variable is not counted, which would cost more than the rest of a select
/// that finds a value: whoever holds the variable keeps it alive, and a select that parks takes a handle.
class channel_operand {
 public:
  template <channel C>
  explicit channel_operand(const C& variable) noexcept : channel_(variable.untyped().get()) {}
  template <channel C>
    requires(!std::is_reference_v<C> && !std::is_const_v<C>)
  explicit channel_operand(C&& temporary) noexcept
      : own_(std::move(temporary).untyped()), channel_(own_.get()) {}

  void fill(channel_waiter& w) const noexcept {
    w.channel = channel_;
    w.borrowed = own_.get() == nullptr;
  }
  bool seems_sendable() const noexcept { return channels::seems_sendable(channel_); }
  bool seems_receivable() const noexcept { return channels::seems_receivable(channel_); }
  any_channel share() const noexcept {
    retain(channel_);
    return any_channel(channel_);
  }

 private:
  any_channel own_;
  core* channel_;
};

struct case_base {};

// --- what becomes of a received value

/// recv(ch): nothing.
struct dropped {};

/// recv(ch, v) and recv(ch, v, ok).
template <class T>
struct stored {
  T* value;
  bool* ok;  ///< may be null
};
template <>
struct stored<void> {
  bool* ok;
};

template <class Then, class T>
concept takes_value_and_ok = std::invocable<Then&, T, bool>;
template <class Then, class T>
concept takes_value = std::invocable<Then&, T>;
template <class Then, class T>
concept wants_value = !std::same_as<Then, dropped> && (std::same_as<Then, stored<T>> ||
                                                       takes_value_and_ok<Then, T> || takes_value<Then, T>);

template <class T>
T value_or_zero(cell<T>& received, bool ok) {
  return ok ? received.take() : T{};
}

/// Hands on what was received. A value that nobody wants is dropped first.
template <class T, class Then>
void pass_on(Then& then, cell<T>& received, bool ok) {
  if constexpr (std::same_as<Then, stored<T>>) {
    *then.value = value_or_zero(received, ok);
    if (then.ok != nullptr) *then.ok = ok;
  } else if constexpr (std::same_as<Then, dropped>) {
    if (ok) received.drop();
  } else if constexpr (takes_value_and_ok<Then, T>) {
    then(value_or_zero(received, ok), ok);
  } else if constexpr (takes_value<Then, T>) {
    then(value_or_zero(received, ok));
  } else {
    if (ok) received.drop();
    then();
  }
}

template <class Then>
void pass_on_nothing(Then& then, bool ok) {
  if constexpr (std::same_as<Then, stored<void>>) {
    *then.ok = ok;
  } else if constexpr (std::same_as<Then, dropped>) {
  } else if constexpr (std::invocable<Then&, bool>) {
    then(ok);
  } else {
    then();
  }
}

// --- the cases

/// `Then` is one of the above, or a handler: a type for one given as a temporary, a reference for a variable.
template <class T, class Then>
class [[nodiscard("a case does nothing outside of select")]] receive_case : public case_base {
 public:
  using element = T;
  using then_type = Then;

  receive_case(channel_operand from, Then&& then) : from_(std::move(from)), then_(std::forward<Then>(then)) {}

  void fill(channel_waiter& w) noexcept {
    from_.fill(w);
    if constexpr (keeps) w.value = received_.at();
  }
  void complete(bool ok) {
    if constexpr (keeps) {
      pass_on<T>(then_, received_, ok);
    } else {
      pass_on<T>(then_, received_, false);  // nothing was received where nothing was asked for
    }
  }

  bool seems_ready() const noexcept { return from_.seems_receivable(); }
  const channel_operand& from() const noexcept { return from_; }
  Then&& then() noexcept { return std::forward<Then>(then_); }

 private:
  /// A value that can be dropped without a trace need not be received at all.
  static constexpr bool keeps =
      wants_value<std::remove_reference_t<Then>, T> || !std::is_trivially_destructible_v<T>;

  channel_operand from_;
  Then then_;
  cell<T> received_;
};

template <class Then>
class [[nodiscard("a case does nothing outside of select")]] receive_case<void, Then> : public case_base {
 public:
  using element = void;
  using then_type = Then;

  receive_case(channel_operand from, Then&& then) : from_(std::move(from)), then_(std::forward<Then>(then)) {}

  void fill(channel_waiter& w) noexcept { from_.fill(w); }
  void complete(bool ok) { pass_on_nothing(then_, ok); }

  bool seems_ready() const noexcept { return from_.seems_receivable(); }
  const channel_operand& from() const noexcept { return from_; }
  Then&& then() noexcept { return std::forward<Then>(then_); }

 private:
  channel_operand from_;
  Then then_;
};

/// send(ch, v) without a handler.
struct nothing_more {
  void operator()() const noexcept {}
};

/// `Value` is T for a value that the case owns, T& for one that it moves from only if it is chosen.
template <class Value, class Then>
class [[nodiscard("a case does nothing outside of select")]] send_case : public case_base {
 public:
  using element = std::remove_reference_t<Value>;
  using then_type = Then;

  template <class From>
  send_case(channel_operand to, From&& value, Then&& then)
      : to_(std::move(to)),
        value_(static_cast<Value>(std::forward<From>(value))),
        then_(std::forward<Then>(then)) {}

  void fill(channel_waiter& w) noexcept {
    to_.fill(w);
    w.value = &value_;
    w.is_send = true;
  }
  void complete(bool) { then_(); }

  bool seems_ready() const noexcept { return to_.seems_sendable(); }
  const channel_operand& to() const noexcept { return to_; }
  element&& value() noexcept { return std::move(value_); }
  Then&& then() noexcept { return std::forward<Then>(then_); }

 private:
  channel_operand to_;
  Value value_;
  Then then_;
};

template <class Then>
class [[nodiscard("a case does nothing outside of select")]] send_case<void, Then> : public case_base {
 public:
  using element = void;
  using then_type = Then;

  send_case(channel_operand to, Then&& then) : to_(std::move(to)), then_(std::forward<Then>(then)) {}

  void fill(channel_waiter& w) noexcept {
    to_.fill(w);
    w.is_send = true;
  }
  void complete(bool) { then_(); }

  bool seems_ready() const noexcept { return to_.seems_sendable(); }
  const channel_operand& to() const noexcept { return to_; }
  Then&& then() noexcept { return std::forward<Then>(then_); }

 private:
  channel_operand to_;
  Then then_;
};

/// otherwise(handler).
template <class Then>
class [[nodiscard("a case does nothing outside of select")]] otherwise_case : public case_base {
 public:
  using then_type = Then;

  explicit otherwise_case(Then&& then) : then_(std::forward<Then>(then)) {}

  void complete(bool) { then_(); }
  Then&& then() noexcept { return std::forward<Then>(then_); }

 private:
  Then then_;
};

/// `otherwise` itself: a case without a handler, and what makes one with.
class otherwise_keyword : public case_base {
 public:
  using then_type = nothing_more;

  template <class Then>
  otherwise_case<Then> operator()(Then&& then) const {
    static_assert(std::invocable<std::remove_reference_t<Then>&>,
                  "otherwise: the handler is called with no argument");
    return otherwise_case<Then>(std::forward<Then>(then));
  }

  void complete(bool) const noexcept {}
  nothing_more then() const noexcept { return {}; }
};

template <class C>
inline constexpr bool is_otherwise = std::same_as<C, otherwise_keyword>;
template <class Then>
inline constexpr bool is_otherwise<otherwise_case<Then>> = true;

/// For a select of one case beside an otherwise.
template <class C>
bool seems_ready(const C& one) noexcept {
  if constexpr (is_otherwise<C>) {
    return false;
  } else {
    return one.seems_ready();
  }
}

/// Where among the cases of a select the otherwise stands; their number if there is none.
template <class... Cases>
constexpr int position_of_otherwise() noexcept {
  int at = 0;
  (void)((is_otherwise<Cases> || (++at, false)) || ...);
  return at;
}

/// What select takes: a temporary case, since one that sends is used up by that; or the word `otherwise`.
template <class C>
concept select_operand = std::derived_from<std::remove_cvref_t<C>, case_base> &&
                         (!std::is_reference_v<C> || std::same_as<std::remove_cvref_t<C>, otherwise_keyword>);

}  // namespace warren::channels
