// SPDX-License-Identifier: MIT
#pragma once

// A lock for sections of a few instructions that never park.
//
// Laws
//   * Whoever holds one makes no switch, calls no user code and takes no lock that the holder of that other lock
//     may wait for. The orders of locks stand in the files that own them.
//   * It may be released on another thread of control than the one that took it: park() releases a channel's lock
//     on behalf of the goroutine that has just left its stack.

#include <atomic>
#include <cstdint>

namespace warren::runtime {

class spinlock {
 public:
  constexpr spinlock() noexcept = default;
  spinlock(const spinlock&) = delete;
  spinlock& operator=(const spinlock&) = delete;

  void lock() noexcept {
    // Acquire: pairs with the release in unlock().
    if (word_.exchange(1, std::memory_order_acquire) != 0) [[unlikely]] lock_contended();
  }

  bool try_lock() noexcept {
    // Acquire: pairs with the release in unlock().
    return word_.load(std::memory_order_relaxed) == 0 && word_.exchange(1, std::memory_order_acquire) == 0;
  }

  void unlock() noexcept {
    // Release: pairs with the acquire in lock(), try_lock() and lock_contended(); publishes what the lock guards.
    word_.store(0, std::memory_order_release);
  }

 private:
  void lock_contended() noexcept;

  std::atomic<std::uint32_t> word_{0};
};

/// Holds a spinlock for a block.
class spin_guard {
 public:
  explicit spin_guard(spinlock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~spin_guard() { lock_.unlock(); }
  spin_guard(const spin_guard&) = delete;
  spin_guard& operator=(const spin_guard&) = delete;

 private:
  spinlock& lock_;
};

/// Tells the processor that this thread waits in a loop.
inline void cpu_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

}  // namespace warren::runtime
