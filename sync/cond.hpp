// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

#include "../runtime/spinlock.hpp"

namespace warren::runtime {
struct goroutine;
}

namespace warren::sync {

/// A place where goroutines and threads wait for something to become true under a lock.
///
/// The lock is any with lock() and unlock(): a `mutex`, `std::unique_lock<mutex>`,
/// `std::shared_lock<rw_mutex>`. It may be destroyed once all who wait have been woken, even if they have not
/// returned yet. Source: Go sync.Cond.
class cond {
 public:
  constexpr cond() noexcept = default;
  ~cond() {
    if (first_.load(std::memory_order_relaxed) != nullptr) forsake_waiters();
  }
  cond(const cond&) = delete;
  cond& operator=(const cond&) = delete;

  /// Unlocks `lock`, waits for signal() or broadcast(), and locks it again. Parks: yes.
  /// Order: those who wait are woken first in, first out, in the order in which they called; never without a
  /// signal.
  template <class Lock>
  void wait(Lock& lock) {
    waiter w{*this};
    lock.unlock();
    w.sleep();
    lock.lock();
  }

  /// Waits until pred() is true; it is called with the lock held. Parks: until then.
  template <class Lock, class Predicate>
  void wait(Lock& lock, Predicate pred) {
    while (!pred()) wait(lock);
  }

  /// Wakes the one who has waited longest, if there is one. The lock need not be held. Never switches.
  void signal() noexcept {
    if (first_.load(std::memory_order_relaxed) != nullptr) wake_first();
  }

  /// Wakes all who wait. The lock need not be held. Never switches.
  void broadcast() noexcept {
    if (first_.load(std::memory_order_relaxed) != nullptr) wake_all();
  }

 private:
  /// One who waits, on the waiting stack; in the queue from its construction until it is taken out to be
  /// woken.
  class waiter {
   public:
    explicit waiter(cond& c) noexcept;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() {
      if (!slept_) leave();
    }
    void sleep();

   private:
    friend class cond;
    struct parking;

    enum class stage : std::uint8_t { awake, asleep, woken };

    bool take_out() noexcept;
    void leave() noexcept;

    std::atomic<cond*> at_{nullptr};  ///< null: in no queue
    waiter* next_ = nullptr;
    waiter* prev_ = nullptr;
    runtime::goroutine* who_;
    std::atomic<stage> stage_{stage::awake};
    bool slept_ = false;
  };

  void remove(waiter* w) noexcept;
  void wake_first() noexcept;
  void wake_all() noexcept;
  waiter* take_all() noexcept;
  void forsake_waiters() noexcept;

  runtime::spinlock lock_;
  std::atomic<waiter*> first_{nullptr};  ///< changed under the lock; the empty queue is seen without it
  waiter* last_ = nullptr;
};

}  // namespace warren::sync
