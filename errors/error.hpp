// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "nil.hpp"

// The error value: a counted handle to an immutable object.
//
// Laws
//   * An object is never changed once a handle to it exists, so threads read it without a lock. The only
//     field that moves is `base::handles_`.
//   * `handles_` is 0 for an object that no handle owns: a member, an automatic one, a global. It becomes 1
//     when `error` puts an object on the heap and is from then on the number of handles. A handle to an
//     object with 0 is allowed for globals only; it never writes to it and never destroys it.
//   * Whoever takes the count from 1 to 0 destroys the object. Between the two nobody else can reach it.
//   * Errors that hold errors make trees without circles, since what an object holds is older than itself.
//     `wrap` and `join` are walked, printed and taken apart in loops, however deep: a goroutine's stack is
//     small.
//
// Global errors of a floor. Two lines, and neither constructor nor destructor runs, so that they may be used
// in the constructors and destructors of other globals, in exit handlers, and in goroutines left behind:
//
//     inline constexpr errors::sentinel canceled_object{"context canceled"};
//     inline constexpr error canceled{canceled_object};
//
// or, for a type of its own (any constexpr constructor will do),
//
//     inline constexpr errors::immortal<timeout> deadline_exceeded_object{};
//     inline constexpr error deadline_exceeded{deadline_exceeded_object};
//
// Both lines also work as `static constexpr` members. A type whose destructor is not constexpr takes
// `inline constinit const` in place of its first `constexpr`.

namespace warren {

class error;

namespace errors {

class composite;

/// What an error is behind its handle. Own types derive from it and override what they can say more about.
class base {
 public:
  /// Returns: the whole text, without a newline at its end.
  virtual std::string message() const = 0;

  /// Returns: the error that this one adds to, nil when there is none. It must be one that this object holds,
  /// not a new one: `as` hands out pointers into it.
  virtual error unwrap() const;

  /// Returns: the errors that this one stands for, when they are several; held by this object, too. Where it
  /// gives any, `is`, `as` and `is_timeout` go by them and do not ask `unwrap`.
  virtual std::span<const error> unwrap_all() const;

  /// Returns: whether this object, what it unwraps to left aside, counts as `target` beyond being the same.
  virtual bool is(error target) const;

  /// Returns: whether this object, what it unwraps to left aside, tells of a time that ran out.
  virtual bool is_timeout() const;

 protected:
  constexpr base() noexcept = default;
  // The handles of the original are not those of the copy.
  constexpr base(const base&) noexcept {}
  constexpr base& operator=(const base&) noexcept { return *this; }
  constexpr virtual ~base() = default;

 private:
  friend class warren::error;
  friend class composite;

  void retain() const noexcept {
    if (handles_.load(std::memory_order_relaxed) != 0) handles_.fetch_add(1, std::memory_order_relaxed);
  }

  /// Returns: whether that was the last handle, so that the caller has to destroy the object.
  [[nodiscard]] bool drop() const noexcept {
    // Acquire and release: pairs with itself in the other threads that drop, so that all they did with the
    // object is over before it is destroyed.
    return handles_.load(std::memory_order_relaxed) != 0 &&
           handles_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  void destroy() const noexcept;

  mutable std::atomic<std::size_t> handles_{0};
};

/// A type of error of the program's own, which a handle can be made from: it is copied or moved to the heap.
// Whether it can be copied is not asked: for a type with a constructor from `error` the answer would depend
// on itself.
template <class T>
concept own = !std::same_as<std::remove_cvref_t<T>, error> &&
              std::derived_from<std::remove_cvref_t<T>, base> && !std::is_abstract_v<std::remove_cvref_t<T>>;

/// A `T` that is never destroyed, for global errors; to be used with static storage duration only.
template <class T>
class immortal {
 public:
  template <class... Args>
  constexpr explicit immortal(Args&&... args) : object_(std::forward<Args>(args)...) {
    static_assert(std::derived_from<T, base>, "immortal<T>: T derives from errors::base");
  }
  immortal(const immortal&) = delete;
  immortal& operator=(const immortal&) = delete;
  // Not defaulted: that would be deleted, or destroy the object.
  constexpr ~immortal() {}

 private:
  friend class warren::error;

  union {
    T object_;
  };
};

/// An error whose text lives as long as the program: a string literal.
class literal final : public base {
 public:
  constexpr explicit literal(const char* text) noexcept : text_(text) {}
  literal(const literal&) = delete;
  literal& operator=(const literal&) = delete;

  std::string message() const override;

 private:
  std::string_view text_;
};

/// A global error with a fixed text, as in `inline constexpr errors::sentinel closed_object{"file closed"};`.
using sentinel = immortal<literal>;

template <class T, class... Args>
error of(Args&&... args);

}  // namespace errors

/// A nullable, immutable value that tells what went wrong in the world; nil when nothing did.
///
/// Copies share one object and compare equal; two errors with the same text do not.
class error {
 public:
  constexpr error() noexcept = default;
  constexpr error(std::nullptr_t) noexcept {}

  /// Shares a global error; nothing is counted.
  template <class T>
  constexpr error(const errors::immortal<T>& global) noexcept : object_(&global.object_) {}
  template <class T>
  error(const errors::immortal<T>&& temporary) = delete;

  /// Copies or moves an error of an own type to the heap, as in `return no_route{host};`.
  template <errors::own T>
  error(T&& object) : error(new std::remove_cvref_t<T>(std::forward<T>(object))) {}

  constexpr error(const error& other) noexcept : object_(other.object_) {
    // What exists while compiling are nil and handles to globals: neither is counted.
    if (!std::is_constant_evaluated() && object_ != nullptr) object_->retain();
  }
  constexpr error(error&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  constexpr error& operator=(const error& other) noexcept { return *this = error(other); }
  constexpr error& operator=(error&& other) noexcept {
    // The old object may own `other`, or look at this handle while it dies: it goes last.
    error old(std::move(other));
    std::swap(object_, old.object_);
    return *this;
  }
  constexpr ~error() {
    if (!std::is_constant_evaluated() && object_ != nullptr && object_->drop()) object_->destroy();
  }

  constexpr explicit operator bool() const noexcept { return object_ != nullptr; }

  /// Returns: the text, `<nil>` for nil.
  std::string message() const;

  /// Returns: the object behind the handle, as a smart pointer does; nullptr for nil.
  constexpr const errors::base* get() const noexcept { return object_; }

  friend constexpr bool operator==(const error& a, const error& b) noexcept { return a.object_ == b.object_; }
  friend constexpr bool operator==(const error& e, std::nullptr_t) noexcept { return e.object_ == nullptr; }
  // A new object is the same as no other: ask `errors::as<T>(err)` instead.
  template <errors::own T>
  friend bool operator==(const error&, const T&) = delete;

  /// Writes the text, `<nil>` for nil.
  friend std::ostream& operator<<(std::ostream& out, const error& e);

 private:
  friend class errors::composite;
  template <class T, class... Args>
  friend error errors::of(Args&&... args);

  explicit error(const errors::base* fresh) noexcept : object_(fresh) {
    fresh->handles_.store(1, std::memory_order_relaxed);
  }

  const errors::base* object_ = nullptr;
};

/// Returns: the text, `<nil>` for nil.
std::string to_string(const error& e);

namespace errors {

/// Makes an error of a type of the program's own in place: `return errors::of<no_route>(host, port);`.
template <class T, class... Args>
error of(Args&&... args) {
  static_assert(std::derived_from<T, base>, "errors::of<T>: T derives from errors::base");
  return error(new T(std::forward<Args>(args)...));
}

/// Makes an error with this text, different from every other. Source: Go errors.New.
error make(std::string_view text);
error make(std::nullptr_t) = delete;

/// Adds to an error what was being done: the text is `text: ` and that of `err`, and it unwraps to `err`.
/// A nil `err` prints as `<nil>`; the result is never nil. Source: Go fmt.Errorf("text: %w", err).
error wrap(std::string_view text, error err);
error wrap(std::nullptr_t, error) = delete;

/// Makes one error of several, a line of text each; nil ones are dropped, and nothing but nil ones makes nil.
/// Source: Go errors.Join.
error join(std::span<const error> errs);

template <std::convertible_to<error>... Errors>
error join(Errors&&... errs) {
  const error list[] = {std::forward<Errors>(errs)..., nil};
  return join(std::span<const error>(list));
}

/// Returns: the first object in the tree of `err` for which `match` is true, nullptr when there is none. The
/// order is an error before what it unwraps to, and among several the first with all it unwraps to first.
const base* find(const error& err, bool (*match)(const base&));

/// Returns: whether `target` is in the tree of `err`, or something in it says that it counts as `target`.
/// nil is nil only. Source: Go errors.Is.
bool is(const error& err, const error& target);

/// Returns: the first object in the tree of `err` that is a `T`, nullptr when there is none; valid as long as
/// a handle to `err` lives. `T` is an own type, an interface that own types have, or `std::error_code`.
/// Source: Go errors.AsType.
template <class T>
const T* as(const error& err) {
  static_assert(std::is_polymorphic_v<T>,
                "errors::as<T>: T derives from errors::base, or is std::error_code");
  return dynamic_cast<const T*>(
      find(err, [](const base& b) { return dynamic_cast<const T*>(&b) != nullptr; }));
}

template <>
const std::error_code* as<std::error_code>(const error& err);

/// A temporary error would be gone before its part is looked at: give it a name.
template <class T>
const T* as(const error&& temporary) = delete;

/// Returns: what `err` was wrapped around; nil for nil, for one that wraps nothing, and for a join.
/// Source: Go errors.Unwrap.
error unwrap(const error& err);

/// Returns: whether something in the tree of `err` tells of a time that ran out.
bool is_timeout(const error& err);

/// Makes an error of an error code; nil for one that means success. Errors of equal codes are each other's
/// under `is`, and so is the portable one of a system's code. A timeout is what Go's syscall.Errno takes for
/// one: timed_out, resource_unavailable_try_again and operation_would_block.
error from(std::error_code ec);

}  // namespace errors
}  // namespace warren

template <>
struct std::hash<warren::error> {
  std::size_t operator()(const warren::error& e) const noexcept { return std::hash<const void*>{}(e.get()); }
};
