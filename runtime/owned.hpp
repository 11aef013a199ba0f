// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <type_traits>

namespace warren::runtime {

#if defined(WARREN_STEPPING)  // see tests/stepping/atomics.hpp
template <class T>
using peeked_at = stepping::peeked<T>;
#else
template <class T>
using peeked_at = std::atomic<T>;
#endif

/// A field that one thread of control writes at a time and others may peek at: relaxed loads and stores, no
/// read-modify-write. Who owns it is said where it stands. A worker's fields are of this type because goroutines that
/// take turns on one worker are ordered by the processor, but by nothing that a race detector sees.
template <class T>
class owned {
 public:
  constexpr owned() noexcept = default;
  constexpr owned(T value) noexcept : value_(value) {}
  owned(const owned&) = delete;

  T get() const noexcept { return value_.load(std::memory_order_relaxed); }
  void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
  operator T() const noexcept { return get(); }
  T operator->() const noexcept
    requires std::is_pointer_v<T>
  {
    return get();
  }
  owned& operator=(T value) noexcept {
    set(value);
    return *this;
  }
  owned& operator=(const owned& other) noexcept { return *this = other.get(); }
  void add(T n) noexcept { set(get() + n); }

 private:
  peeked_at<T> value_{};
};

}  // namespace warren::runtime
