// SPDX-License-Identifier: MIT
#pragma once

// A lock that lets the thread sleep: for sections that are too long for a spinlock and never park, in functions that must
// not park either.
//
// Laws
//   * Whoever holds one makes no switch, and takes no lock that the holder of that other lock may wait for. So who waits
//     for it waits for a thread that runs.
//   * It is held or free; contended is held with, maybe, threads that sleep. Who finds it held makes it contended before it
//     sleeps, and takes it as contended: others may be asleep still.

#include <atomic>
#include <cstdint>

namespace warren::runtime {

/// Lockable, as the standard has it.
class thread_lock {
 public:
  constexpr thread_lock() noexcept = default;
  thread_lock(const thread_lock&) = delete;
  thread_lock& operator=(const thread_lock&) = delete;

  void lock() noexcept {
    if (!try_lock()) [[unlikely]] lock_contended();
  }

  bool try_lock() noexcept {
    std::uint32_t expected = free;
    // Acquire: pairs with the release in unlock().
    return word_.compare_exchange_strong(expected, held, std::memory_order_acquire, std::memory_order_relaxed);
  }

  void unlock() noexcept {
    // Release: pairs with the acquires in try_lock() and lock_contended(); publishes what the lock guards.
    if (word_.exchange(free, std::memory_order_release) == contended) [[unlikely]] wake_one();
  }

 private:
  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t contended = 2;

  void lock_contended() noexcept;
  void wake_one() noexcept;

  std::atomic<std::uint32_t> word_{free};
};

}  // namespace warren::runtime
