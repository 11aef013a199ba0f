// SPDX-License-Identifier: MIT
#pragma once

// Atomics under which every access is a step that the explorer (world.hpp) decides about. The library is compiled with
// this page before everything else (-include): its sources stay what they are, and their `std::atomic` becomes the one
// below. A separate build: meson setup -Datomics=stepping.
//
// Laws
//   * A store goes into the store buffer of its simulated thread and reaches memory later, in the order of that thread's
//     stores: the memory model of x86 (total store order). Read-modify-writes, seq_cst stores and seq_cst fences wait until
//     the buffer is empty. A load sees the thread's own buffer first.
//   * Outside of a simulated thread everything happens at once.
//   * An atomic that is destroyed takes its own thread's pending stores with it. One that another thread has stored to, and
//     which that thread may yet write, is a fault: the store would hit whatever lies there next. So is any access to an
//     atomic that is gone, until another is made in its place.
//   * `peeked` is for fields that one thread owns and others look at: buffered like the rest, but no step of its own.

#include "standard_headers.hpp"

#define WARREN_STEPPING 1

namespace warren::stepping {

using std::memory_order;
using where = std::source_location;

enum class access : std::uint8_t { load, store, exchange, fence, call };

/// True while a simulated thread runs.
extern bool exploring;

/// The running thread is about to make this access: another may go first.
void step(access what, const void* at, const where& from) noexcept;
/// The value that the access of the last step() found or left, for the report.
void note(std::uint64_t value) noexcept;
/// The running thread has changed something: others may go before it comes to the plain variables that it looks at next.
void changed(std::uint64_t to) noexcept;
/// The running thread's store buffer.
void buffer(void* at, std::uint64_t value, unsigned size) noexcept;
bool find_buffered(const void* at, std::uint64_t& value) noexcept;
void write_buffer_out() noexcept;
/// Where an atomic begins and ends to be.
void made(const void* at) noexcept;
void gone(void* at) noexcept;

template <class T>
std::uint64_t bits_of(T value) noexcept {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}

template <class T>
T of_bits(std::uint64_t bits) noexcept {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

/// The operations on a place in memory.
template <class T>
struct cell {
  static T load(const T& at, const where& from) noexcept {
    if (!exploring) return at;
    step(access::load, &at, from);
    return look(at);
  }

  static T look(const T& at) noexcept {
    std::uint64_t bits = 0;
    const T value = find_buffered(&at, bits) ? of_bits<T>(bits) : at;
    note(bits_of(value));
    return value;
  }

  static void store(T& at, T value, memory_order order, const where& from) noexcept {
    if (!exploring) {
      at = value;
      return;
    }
    step(access::store, &at, from);
    note(bits_of(value));
    buffer(&at, bits_of(value), sizeof(T));
    if (order == std::memory_order_seq_cst) write_buffer_out();
  }

  template <class F>
  static T change(T& at, F&& next, const where& from) noexcept {
    if (exploring) {
      step(access::exchange, &at, from);
      write_buffer_out();
    }
    const T before = at;
    at = next(before);
    if (exploring) changed(bits_of(at));
    return before;
  }

  static bool compare_exchange(T& at, T& expected, T desired, const where& from) noexcept {
    if (exploring) {
      step(access::exchange, &at, from);
      write_buffer_out();
    }
    const bool same = bits_of(at) == bits_of(expected);
    if (same) {
      at = desired;
      if (exploring) changed(bits_of(desired));
    } else {
      expected = at;
      if (exploring) note(bits_of(expected));
    }
    return same;
  }
};

template <class T>
class atomic {
 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  constexpr atomic(T value) noexcept : value_(value) {
    if (!std::is_constant_evaluated() && exploring) made(&value_);
  }
  constexpr ~atomic() {
    if (!std::is_constant_evaluated() && exploring) gone(&value_);
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  T load(memory_order = std::memory_order_seq_cst, const where& from = where::current()) const noexcept {
    return cell<T>::load(value_, from);
  }
  void store(T value, memory_order order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    cell<T>::store(value_, value, order, from);
  }
  T exchange(T value, memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::change(value_, [&](T) { return value; }, from);
  }
  bool compare_exchange_strong(T& expected, T desired, memory_order = std::memory_order_seq_cst,
                               memory_order = std::memory_order_seq_cst,
                               const where& from = where::current()) noexcept {
    return cell<T>::compare_exchange(value_, expected, desired, from);
  }
  bool compare_exchange_weak(T& expected, T desired, memory_order = std::memory_order_seq_cst,
                             memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::compare_exchange(value_, expected, desired, from);
  }
  template <class D>
  T fetch_add(D n, memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::change(value_, [&](T v) { return static_cast<T>(v + n); }, from);
  }
  template <class D>
  T fetch_sub(D n, memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::change(value_, [&](T v) { return static_cast<T>(v - n); }, from);
  }
  T fetch_or(T n, memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::change(value_, [&](T v) { return static_cast<T>(v | n); }, from);
  }
  T fetch_and(T n, memory_order = std::memory_order_seq_cst, const where& from = where::current()) noexcept {
    return cell<T>::change(value_, [&](T v) { return static_cast<T>(v & n); }, from);
  }
  operator T() const noexcept { return load(); }
  T operator=(T value) noexcept {
    store(value);
    return value;
  }

 private:
  T value_;
};

template <class T>
class atomic_ref {
 public:
  explicit atomic_ref(T& at) noexcept : at_(&at) {
    if (exploring) made(at_);  // what it refers to is a plain variable
  }
  T load(memory_order = std::memory_order_seq_cst, const where& from = where::current()) const noexcept {
    return cell<T>::load(*at_, from);
  }
  void store(T value, memory_order order = std::memory_order_seq_cst,
             const where& from = where::current()) const noexcept {
    cell<T>::store(*at_, value, order, from);
  }

 private:
  T* at_;
};

/// See runtime/owned.hpp.
template <class T>
class peeked {
 public:
  constexpr peeked() noexcept : peeked(T{}) {}
  constexpr peeked(T value) noexcept : value_(value) {
    if (!std::is_constant_evaluated() && exploring) made(&value_);
  }
  constexpr ~peeked() {
    if (!std::is_constant_evaluated() && exploring) gone(&value_);
  }
  T load(memory_order) const noexcept {
    std::uint64_t bits = 0;
    return exploring && find_buffered(&value_, bits) ? of_bits<T>(bits) : value_;
  }
  void store(T value, memory_order) noexcept {
    if (exploring) return buffer(&value_, bits_of(value), sizeof(T));
    value_ = value;
  }

 private:
  T value_;
};

inline void fence(memory_order order, const where& from = where::current()) noexcept {
  if (!exploring) return;
  step(access::fence, nullptr, from);
  if (order == std::memory_order_seq_cst) write_buffer_out();
}

}  // namespace warren::stepping

namespace std {
template <class T>
using stepping_atomic = warren::stepping::atomic<T>;
template <class T>
using stepping_atomic_ref = warren::stepping::atomic_ref<T>;
inline void stepping_fence(memory_order order,
                           const source_location& from = source_location::current()) noexcept {
  warren::stepping::fence(order, from);
}
}  // namespace std

#define atomic stepping_atomic
#define atomic_ref stepping_atomic_ref
#define atomic_thread_fence stepping_fence
