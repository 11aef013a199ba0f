// SPDX-License-Identifier: MIT
#pragma once

// Atomics that take their time: before one access in some dozens the thread gives way, waits, or sleeps, so that what is
// between two accesses is as long as it pleases. Compare-exchanges that may fail for no reason do. The library and its tests
// are compiled with this page before everything else (-include): a separate build, meson setup -Datomics=chaotic.

#include "../stepping/standard_headers.hpp"

#include <sched.h>
#include <x86intrin.h>

namespace warren::chaos {

using std::memory_order;

/// From the clock, not from a generator: a generator would have to belong to a thread, and goroutines change threads.
inline std::uint32_t any_number() noexcept {
  return static_cast<std::uint32_t>((__rdtsc() * 0x9E3779B97F4A7C15ULL) >> 32);
}

inline void dawdle(std::uint32_t n) noexcept {
  constexpr std::uint32_t longest_sleep_us = 50;
  if (n % 4096 == 0) {
    const timespec t{0, static_cast<long>(1000 * (n % longest_sleep_us))};
    ::nanosleep(&t, nullptr);
  } else if (n % 512 == 0) {
    ::sched_yield();
  } else {
    for (std::uint32_t i = n >> 24; i > 0; --i) __builtin_ia32_pause();
  }
}

inline void before_access() noexcept {
  const std::uint32_t n = any_number();
  if (n % 64 == 0) [[unlikely]] dawdle(n);
}

template <class T>
class atomic {
 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = std::atomic<T>::is_always_lock_free;

  constexpr atomic() noexcept = default;
  constexpr atomic(T value) noexcept : value_(value) {}
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(memory_order order = std::memory_order_seq_cst) const noexcept {
    before_access();
    return value_.load(order);
  }
  void store(T value, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    value_.store(value, order);
  }
  T exchange(T value, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    return value_.exchange(value, order);
  }
  template <class... Orders>
  bool compare_exchange_strong(T& expected, T desired, Orders... orders) noexcept {
    before_access();
    return value_.compare_exchange_strong(expected, desired, orders...);
  }
  template <class... Orders>
  bool compare_exchange_weak(T& expected, T desired, Orders... orders) noexcept {
    before_access();
    if (any_number() % 8 == 0) {
      expected = value_.load(std::memory_order_relaxed);
      return false;
    }
    return value_.compare_exchange_weak(expected, desired, orders...);
  }
  template <class D>
  T fetch_add(D n, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    return value_.fetch_add(n, order);
  }
  template <class D>
  T fetch_sub(D n, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    return value_.fetch_sub(n, order);
  }
  T fetch_or(T n, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    return value_.fetch_or(n, order);
  }
  T fetch_and(T n, memory_order order = std::memory_order_seq_cst) noexcept {
    before_access();
    return value_.fetch_and(n, order);
  }
  T operator++() noexcept { return fetch_add(1) + 1; }
  T operator++(int) noexcept { return fetch_add(1); }
  T operator--() noexcept { return fetch_sub(1) - 1; }
  T operator--(int) noexcept { return fetch_sub(1); }
  T operator+=(T n) noexcept { return fetch_add(n) + n; }
  T operator-=(T n) noexcept { return fetch_sub(n) - n; }
  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

 private:
  std::atomic<T> value_{};
};

}  // namespace warren::chaos

namespace std {
template <class T>
using chaotic_atomic = warren::chaos::atomic<T>;
}  // namespace std

#define atomic chaotic_atomic
