// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <initializer_list>

namespace warren::signals {

/// A set of signals, by number. What cannot be caught is never in it: SIGKILL and SIGSTOP; those that tell of a fault of
/// the program itself; those that the C library keeps for itself; numbers that are no signal's.
class signal_set {
 public:
  constexpr signal_set() noexcept = default;
  signal_set(std::initializer_list<int> signals) noexcept {
    for (const int s : signals) insert(s);
  }

  /// All that can be caught.
  static signal_set all() noexcept;

  /// Those named; all when none is, as in Go's functions.
  template <std::same_as<int>... Signals>
  static signal_set of(Signals... signals) noexcept {
    if constexpr (sizeof...(Signals) == 0) return all();
    return signal_set{signals...};
  }

  void insert(int signal) noexcept;
  constexpr bool has(int signal) const noexcept { return is_number(signal) && (bits_ & bit(signal)) != 0; }
  constexpr bool empty() const noexcept { return bits_ == 0; }

  constexpr signal_set& operator|=(signal_set s) noexcept { return *this = signal_set(bits_ | s.bits_); }
  constexpr signal_set& operator-=(signal_set s) noexcept { return *this = signal_set(bits_ & ~s.bits_); }
  friend constexpr signal_set operator&(signal_set a, signal_set b) noexcept { return signal_set(a.bits_ & b.bits_); }
  friend constexpr signal_set operator-(signal_set a, signal_set b) noexcept { return a -= b; }
  friend constexpr bool operator==(signal_set a, signal_set b) noexcept = default;

  /// Calls f(number) for each, in the order of their numbers.
  template <class F>
  void for_each(F&& f) const {
    for (std::uint64_t left = bits_; left != 0; left &= left - 1) f(std::countr_zero(left) + 1);
  }

  /// For words that a handler writes.
  explicit constexpr signal_set(std::uint64_t bits) noexcept : bits_(bits) {}
  constexpr std::uint64_t bits() const noexcept { return bits_; }

 private:
  static constexpr int highest = 64;
  static constexpr bool is_number(int signal) noexcept { return signal >= 1 && signal <= highest; }
  static constexpr std::uint64_t bit(int signal) noexcept { return std::uint64_t{1} << (signal - 1); }

  std::uint64_t bits_ = 0;
};

}  // namespace warren::signals
