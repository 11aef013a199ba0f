// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "../runtime/wait_queue.hpp"

namespace warren::sync {

/// A lock that many readers hold together, or one writer alone. It meets the standard's Lockable and
/// SharedLockable requirements.
///
/// A writer that waits keeps new readers out, so reading must not be nested: a writer may come in between.
/// Like `mutex` it belongs to nobody, and may be destroyed as soon as nobody holds it or waits for it.
/// Source: Go sync.RWMutex.
class rw_mutex {
 public:
  /// What rlocker() returns: lock() and unlock() are those of a reader.
  class read_locker {
   public:
    void lock() { of_->rlock(); }
    bool try_lock() noexcept { return of_->try_rlock(); }
    void unlock() noexcept { of_->runlock(); }

   private:
    friend class rw_mutex;
    explicit read_locker(rw_mutex& of) noexcept : of_(&of) {}
    rw_mutex* of_;
  };

  constexpr rw_mutex() noexcept = default;
  ~rw_mutex() {
    if ((state_.load(std::memory_order_relaxed) & (readers_queued | writers_queued)) != 0) forsake_waiters();
  }
  rw_mutex(const rw_mutex&) = delete;
  rw_mutex& operator=(const rw_mutex&) = delete;

  /// Takes the lock for writing. Parks: while anybody else holds it; a switch point in any case.
  /// Order: as `mutex::lock` among writers; readers that wait when a writer unlocks go before the next
  /// writer.
  void lock();

  /// Takes the lock for writing if that is possible without waiting. Returns: whether it did.
  bool try_lock() noexcept {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    while (writer_may_enter(s)) {
      if (enter(s, s | writing)) return true;
    }
    return false;
  }

  /// Gives the lock back after writing. Never switches. Without a writer it ends the program.
  void unlock() noexcept {
    std::uint32_t s = writing;
    if (!leave(s, 0)) [[unlikely]] unlock_contended();
  }

  /// Takes the lock for reading. Parks: while a writer holds it or waits for it; a switch point in any case.
  void rlock();

  /// Takes the lock for reading if that is possible without waiting. Returns: whether it did.
  bool try_rlock() noexcept {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    while ((s & no_reader) == 0) {
      if (enter(s, s + reader)) return true;
    }
    return false;
  }

  /// Gives the lock back after reading. Never switches. Without a reader it ends the program.
  void runlock() noexcept {
    // Release: pairs with the acquire of the next writer, in enter() or last_reader_left().
    const std::uint32_t before = state_.fetch_sub(reader, std::memory_order_release);
    if (!nobody_waits_for(before)) [[unlikely]] last_reader_left(before);
  }

  /// The standard's names of rlock(), try_rlock() and runlock().
  void lock_shared() { rlock(); }
  bool try_lock_shared() noexcept { return try_rlock(); }
  void unlock_shared() noexcept { runlock(); }

  /// Returns: this lock as one whose lock() takes it for reading, for those who want a Lockable.
  read_locker rlocker() noexcept { return read_locker(*this); }

 private:
  // The state diagram stands in rw_mutex.cpp.
  static constexpr std::uint32_t writing = 1;         ///< a writer holds it
  static constexpr std::uint32_t readers_queued = 2;  ///< readers may stand in their queue
  static constexpr std::uint32_t writers_queued = 4;  ///< writers may stand in theirs
  static constexpr std::uint32_t woken = 8;           ///< a writer is on its way to try again
  static constexpr std::uint32_t reader = 16;         ///< one of the readers that hold it
  static constexpr std::uint32_t no_reader = writing | writers_queued | woken;

  static constexpr bool writer_may_enter(std::uint32_t s) noexcept {
    return s < reader && (s & writing) == 0 && ((s & writers_queued) == 0 || (s & woken) != 0);
  }
  /// Of the word before a reader took itself off. False as well when there was no reader.
  static constexpr bool nobody_waits_for(std::uint32_t s) noexcept {
    return s >= 2 * reader || (s >= reader && (s & (writers_queued | woken)) != writers_queued);
  }

  bool enter(std::uint32_t& s, std::uint32_t next) noexcept {
    // Acquire: pairs with the releases in leave(), runlock(), unlock_contended() and let_readers_in().
    return state_.compare_exchange_weak(s, next, std::memory_order_acquire, std::memory_order_relaxed);
  }
  bool leave(std::uint32_t& s, std::uint32_t next) noexcept {
    // Release: pairs with the acquire in enter().
    return state_.compare_exchange_weak(s, next, std::memory_order_release, std::memory_order_relaxed);
  }
  void lock_contended();
  void unlock_contended() noexcept;
  void rlock_contended();
  void last_reader_left(std::uint32_t before) noexcept;
  bool let_readers_in(std::uint32_t flags) noexcept;
  void forsake_waiters() noexcept;

  std::atomic<std::uint32_t> state_{0};
  runtime::wait_queue writers_;
  runtime::wait_queue readers_;
};

}  // namespace warren::sync
