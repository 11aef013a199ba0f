// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "../runtime/wait_queue.hpp"

namespace warren::sync {

/// A lock that only one goroutine or thread holds at a time. It meets the standard's Lockable requirements.
///
/// It belongs to nobody: any goroutine may unlock it. It is not recursive. It is unlocked when it is made,
/// and may be destroyed as soon as nobody holds it or waits for it, even if the last unlock() has not
/// returned yet.
/// Source: Go sync.Mutex.
class mutex {
 public:
  constexpr mutex() noexcept = default;
  ~mutex() {
    if ((state_.load(std::memory_order_relaxed) & queued) != 0) forsake_waiters();
  }
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;

  /// Waits until the lock is free and takes it. Parks: while somebody else holds it; a switch point in any
  /// case.
  /// Order: those who find it held wait in line; newcomers may overtake them, until one has waited for 1 ms.
  void lock();

  /// Takes the lock if that is possible without waiting. Returns: whether it did.
  bool try_lock() noexcept {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    while ((s & locked) == 0) {
      if (enter(s, s | locked)) return true;
    }
    return false;
  }

  /// Frees the lock, or hands it to the first in line if that one has waited for 1 ms. Never switches.
  /// Unlocking what is not locked ends the program.
  void unlock() noexcept {
    std::uint32_t s = locked;
    if (!leave(s, 0)) [[unlikely]] unlock_contended();
  }

 private:
  // The state diagram stands in mutex.cpp.
  static constexpr std::uint32_t locked = 1;  ///< somebody holds it
  static constexpr std::uint32_t queued = 2;  ///< somebody may stand in the queue
  static constexpr std::uint32_t woken = 4;   ///< a waiter is on its way to try again

  bool enter(std::uint32_t& s, std::uint32_t next) noexcept {
    // Acquire: pairs with the releases in leave() and unlock_contended().
    return state_.compare_exchange_weak(s, next, std::memory_order_acquire, std::memory_order_relaxed);
  }
  bool leave(std::uint32_t& s, std::uint32_t next) noexcept {
    // Release: pairs with the acquire in enter().
    return state_.compare_exchange_weak(s, next, std::memory_order_release, std::memory_order_relaxed);
  }
  void lock_with_attention();
  void lock_contended();
  void unlock_contended() noexcept;
  void forsake_waiters() noexcept;

  std::atomic<std::uint32_t> state_{0};
  runtime::wait_queue queue_;
};

}  // namespace warren::sync
