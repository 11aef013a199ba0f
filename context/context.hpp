// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../channels/channel.hpp"
#include "../errors/error.hpp"
#include "../errors/nil.hpp"
#include "../errors/panic.hpp"
#include "../runtime/clock.hpp"
#include "../time/after_func.hpp"
#include "../time/sleep.hpp"
#include "../time/ticker.hpp"
#include "../time/timer.hpp"
#include "cancel_func.hpp"
#include "context_value.hpp"
#include "registration.hpp"
#include "tree.hpp"
#include "value_node.hpp"

namespace warren {

namespace context_tree {

/// What `context::deadline_exceeded` is.
class deadline_error final : public errors::base {
 public:
  constexpr deadline_error() noexcept = default;
  std::string message() const override;
  bool is_timeout() const override;
};

inline constexpr errors::sentinel canceled_object{"context canceled"};
inline constexpr errors::immortal<deadline_error> deadline_exceeded_object{};

}  // namespace context_tree

/// Tells those who work on one request when to stop, and what belongs to it: a deadline, a signal to give up, and values.
/// Contexts make a tree; a cancel reaches all below. A handle: copies share, a default one is nil, and no function takes
/// a nil one.
///
/// A context holds its parent, not the other way round: when the last handle of a context is gone, and of all below it,
/// it leaves the tree and its deadline is disarmed, whether it was canceled or not. All functions may be called from
/// anywhere, and none parks.
/// Source: Go package context.
class context {
 public:
  /// What err() says after a cancel.
  static constexpr error canceled{context_tree::canceled_object};
  /// What err() says after the deadline; errors::is_timeout is true of it.
  static constexpr error deadline_exceeded{context_tree::deadline_exceeded_object};

  constexpr context() noexcept = default;
  constexpr context(std::nullptr_t) noexcept {}
  context(const context& other) noexcept : node_(other.node_) { context_tree::retain(node_); }
  context(context&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  context& operator=(context other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~context() { context_tree::release(node_); }

  /// Returns: the root of all trees: never canceled, no deadline, no values.
  static context background() noexcept;
  /// Returns: the same, for where it is not clear yet which context to use.
  static context todo() noexcept;

  /// Makes a context below `parent` that is canceled with it, or by the function returned.
  /// Throws: panic_error (`cannot create context from nil parent`), as all that follow; std::bad_alloc.
  static std::pair<context, cancel_func> with_cancel(const context& parent);

  /// The same with a cancel that takes the cause. The first cancel that reaches a context decides.
  static std::pair<context, cancel_cause_func> with_cancel_cause(const context& parent);

  /// The same as with_cancel; and at the latest when `d` has passed it is canceled with deadline_exceeded.
  template <class Rep, class Period>
  static std::pair<context, cancel_func> with_timeout(const context& parent, std::chrono::duration<Rep, Period> d) {
    return with_timeout_ns(parent, runtime::saturating_ns(d), nil);
  }

  /// The same with a cause for that; the function returned does not set it.
  template <class Rep, class Period>
  static std::pair<context, cancel_func> with_timeout_cause(const context& parent, std::chrono::duration<Rep, Period> d,
                                                            error cause) {
    return with_timeout_ns(parent, runtime::saturating_ns(d), std::move(cause));
  }

  /// As with_timeout, at the latest when the clock of `t` reads it; that clock is looked at now. Under a parent with an
  /// earlier deadline it is the same as with_cancel; when the time has passed already, the context is done at once.
  template <class Clock, class Duration>
  static std::pair<context, cancel_func> with_deadline(const context& parent, std::chrono::time_point<Clock, Duration> t) {
    return with_deadline_at(parent, runtime::to_clock(t), nil);
  }
  template <class Clock, class Duration>
  static std::pair<context, cancel_func> with_deadline_cause(const context& parent,
                                                             std::chrono::time_point<Clock, Duration> t, error cause) {
    return with_deadline_at(parent, runtime::to_clock(t), std::move(cause));
  }

  /// Makes a context with the values of `parent` that is not canceled with it, and has no deadline.
  static context without_cancel(const context& parent);

  /// Makes a context below `parent` in which `key` has this value. The type of a key is part of its identity: use one of
  /// your own. Text that is not a std::string becomes one, as key and as value.
  /// Throws: panic_error (`nil key`); what copies throw.
  template <class Key, class Value>
  static context with_value(const context& parent, Key&& key, Value&& value);

  /// Runs `f()` in a goroutine of its own once `ctx` is done, at once if it is; a result is dropped. Several functions of
  /// one context are independent of each other.
  /// Returns: a function that takes `f` back; see stop_func. `f` runs also when that, and `ctx`, are dropped.
  class stop_func;
  template <class F>
  static stop_func after_func(const context& ctx, F&& f);

  /// Returns: why `ctx` was canceled: what the first cancel that reached it gave as cause, or else err(); nil as long as
  /// it is not.
  static error cause(const context& ctx);

  /// Returns: a channel that is closed when the context is canceled; nil if that can never be.
  recv_chan<void> done() const;

  /// Returns: nil as long as done() is open, then canceled or deadline_exceeded. One load.
  error err() const;

  /// Returns: when the context will be canceled at the latest, nothing if there is no such time.
  std::optional<clock::time_point> deadline() const;

  /// Returns: the value of `key` in the nearest context above that has one, or nothing.
  template <class Key>
  context_value value(Key&& key) const;

  friend bool operator==(const context& a, const context& b) noexcept { return a.node_ == b.node_; }
  friend bool operator==(const context& c, std::nullptr_t) noexcept { return c.node_ == nullptr; }

  /// Writes to_string(c).
  friend std::ostream& operator<<(std::ostream& out, const context& c);

 private:
  friend struct std::hash<context>;
  friend context_tree::node* node_of(const context& c) noexcept { return c.node_; }

  /// Takes over the caller's reference.
  explicit context(context_tree::node* owned) noexcept : node_(owned) {}

  context_tree::node* checked() const;
  static std::pair<context, cancel_func> with_timeout_ns(const context& parent, std::int64_t ns, error cause);
  static std::pair<context, cancel_func> with_deadline_at(const context& parent, clock::time_point t, error cause);
  static context_tree::node* checked_parent(const context& parent);
  static context below(context_tree::node* parent, context_tree::value_node* made) noexcept;
  static void enlist(const context& ctx, context_tree::registration* r);
  context_value find(const context_tree::value_type& key_type, const void* wanted) const;

  context_tree::node* node_ = nullptr;
};

/// Returns: how the context was made, as `context.Background.WithCancel`; `<nil>` for nil.
std::string to_string(const context& c);

/// Takes the function of a context::after_func back. A handle: copies share, a default one is nil; dropping it
/// takes nothing back.
class context::stop_func {
 public:
  constexpr stop_func() noexcept = default;
  constexpr stop_func(std::nullptr_t) noexcept {}
  stop_func(const stop_func& other) noexcept : registration_(other.registration_) {
    if (registration_ != nullptr) registration_->retain();
  }
  stop_func(stop_func&& other) noexcept : registration_(std::exchange(other.registration_, nullptr)) {}
  stop_func& operator=(stop_func other) noexcept {
    std::swap(registration_, other.registration_);
    return *this;
  }
  ~stop_func() {
    if (registration_ != nullptr) registration_->release();
  }

  /// Returns: whether this call keeps the function from being run; false when it was started, or taken back before. Does
  /// not wait for a function that runs. The function is destroyed here. Throws: panic_error for nil.
  bool operator()() const;

  friend bool operator==(const stop_func& a, const stop_func& b) noexcept = default;
  friend bool operator==(const stop_func& f, std::nullptr_t) noexcept { return f.registration_ == nullptr; }

 private:
  friend class context;
  /// Takes over the caller's reference.
  explicit stop_func(context_tree::registration* owned) noexcept : registration_(owned) {}

  context_tree::registration* registration_ = nullptr;
};

template <class Key, class Value>
context context::with_value(const context& parent, Key&& key, Value&& value) {
  using context_tree::stored_as;
  static_assert(std::equality_comparable<stored_as<Key>>, "with_value: a key is compared with ==");
  context_tree::node* above = checked_parent(parent);
  if (context_tree::is_nil(key)) panic("nil key");
  if constexpr (std::is_null_pointer_v<stored_as<Key>>) {
    return {};
  } else {
    if constexpr (!std::is_null_pointer_v<stored_as<Value>>) {
      if (!context_tree::is_nil(value)) {
        using node = context_tree::stored_value<stored_as<Key>, stored_as<Value>>;
        return below(above, new node(std::forward<Key>(key), std::forward<Value>(value)));
      }
    }
    using node = context_tree::stored_value<stored_as<Key>, std::nullptr_t>;
    return below(above, new node(std::forward<Key>(key), nullptr));
  }
}

template <class F>
context::stop_func context::after_func(const context& ctx, F&& f) {
  static_assert(std::is_invocable_v<std::decay_t<F>&>, "after_func(ctx, f): f is called without arguments");
  checked_parent(ctx);
  stop_func stop(new context_tree::registration_of<std::decay_t<F>>(std::forward<F>(f)));
  enlist(ctx, stop.registration_);
  return stop;
}

template <class Key>
context_value context::value(Key&& key) const {
  using stored = context_tree::stored_as<Key>;
  static_assert(std::equality_comparable<stored>, "value: a key is compared with ==");
  if (context_tree::is_nil(key)) return {};
  if constexpr (std::same_as<stored, std::string>) {
    const std::string_view wanted(key);
    return find(context_tree::type_of<std::string>, &wanted);
  } else if constexpr (std::is_object_v<std::remove_reference_t<Key>> && !std::is_array_v<std::remove_reference_t<Key>>) {
    return find(context_tree::type_of<stored>, std::addressof(key));
  } else {
    const stored wanted = key;
    return find(context_tree::type_of<stored>, std::addressof(wanted));
  }
}

}  // namespace warren

template <>
struct std::hash<warren::context> {
  std::size_t operator()(const warren::context& c) const noexcept { return std::hash<const void*>{}(c.node_); }
};
