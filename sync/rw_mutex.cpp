// SPDX-License-Identifier: MIT
#include "rw_mutex.hpp"

// A word for those who meet nobody, and two queues: of writers and of readers. R is the number of readers
// that hold it.
//
//      writing  writers_queued  woken   R
//         0           0           0     0    free: anybody may take it, by a compare-exchange
//         0           0           0    > 0   read: more readers may come
//         0           1           0    > 0   read, writers wait: nobody may come; the last reader goes to the
//                                            next line when it leaves
//         0           1           0     0    the last reader is about to make the first writer the holder:
//                                            nobody may come
//         0          0, 1         1    > 0   read, a writer is on its way to its queue: nobody may come
//         0          0, 1         1     0    free for writers: one is on its way, a newcomer may be first
//         1           0           0     0    written: unlock() is a compare-exchange
//         1          0, 1        0, 1   0    written, others wait or are on their way
//
//   readers_queued goes with any line but the first two. An unlock() that finds it lets all waiting readers
//   in, before any writer. Without it, unlock() does what that of `mutex` does: it hands the lock to the
//   first writer if that one has waited for 1 ms, else it frees it and wakes the first writer to try, and
//   none as long as one is on its way.
//
// Laws
//   * "The lock" below is that of `writers_`. That of `readers_` is taken under it, never the other way
//     round; a reader that goes to sleep passes from the first to the second.
//   * `writers_queued`, `readers_queued` and `woken` are set, and the first two cleared, under the lock;
//     `woken` is cleared by the writer that was woken, by taking the mutex or, under the lock, when it stands
//     in the queue again. So while `writing` is set and the lock is held, nobody else changes the word.
//   * Who goes to sleep finds by a compare-exchange, under the lock, what keeps it out, and leaves its flag
//     in the word; so whoever ends that state finds the flag: the writer in unlock(), the last reader in
//     runlock(). With `woken` set it is the writer on its way that will, by its own unlock().
//   * The two kinds of queue flags may outlast the last waiter (goroutines left over by a run are taken out
//     of the queues): who finds nobody clears them.
//   * unlock() and runlock() touch nothing of the mutex once it is free, unless a waiter is still inside
//     lock() or rlock(): whoever takes it then may destroy it.

#include "../runtime/clock.hpp"
#include "../runtime/fatal.hpp"
#include "../runtime/park.hpp"

namespace warren::sync {

namespace {

constexpr std::int64_t handed_over_after_ns = 1'000'000;
constexpr std::uint32_t handed_over = 1;  // a waiter's answer: it holds the mutex

std::uint32_t length(const runtime::queue_waiter* chain) noexcept {
  std::uint32_t n = 0;
  for (; chain != nullptr; chain = chain->next) ++n;
  return n;
}

}  // namespace

void rw_mutex::lock() {
  runtime::switch_point();
  std::uint32_t s = 0;
  if (!enter(s, writing)) [[unlikely]] lock_contended();
}

void rw_mutex::rlock() {
  runtime::switch_point();
  if (!try_rlock()) [[unlikely]] rlock_contended();
}

void rw_mutex::lock_contended() {
  runtime::queue_waiter w;
  std::uint32_t mine = 0;  // `woken`, when it is for this writer that it is set
  for (;;) {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    while (writer_may_enter(s)) {
      if (enter(s, (s | writing) & ~mine)) return;
    }
    if (w.since == 0) w.since = runtime::now_ns();
    writers_.lock();
    s = state_.load(std::memory_order_relaxed);
    while (!writer_may_enter(s) &&
           !state_.compare_exchange_weak(s, (s | writers_queued) & ~mine, std::memory_order_relaxed)) {
    }
    if (writer_may_enter(s)) {
      writers_.unlock();
      continue;
    }
    writers_.wait(w, runtime::wait_reason::rw_mutex_lock, mine != 0);
    if (w.answer == handed_over) return;
    mine = woken;
  }
}

void rw_mutex::unlock_contended() noexcept {
  for (;;) {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    if ((s & writing) == 0) runtime::fatal("sync: Unlock of unlocked RWMutex");
    if ((s & readers_queued) == 0 && ((s & writers_queued) == 0 || (s & woken) != 0)) {
      if (leave(s, s & ~writing)) return;
      continue;
    }
    const std::int64_t long_ago = runtime::now_ns() - handed_over_after_ns;
    writers_.lock();
    s = state_.load(std::memory_order_relaxed);
    if ((s & readers_queued) != 0) {
      if (let_readers_in(s & (writers_queued | woken))) return;
      state_.store(s & ~readers_queued, std::memory_order_relaxed);
      writers_.unlock();
      continue;
    }
    runtime::queue_waiter* first = writers_.pop_front();
    const std::uint32_t more = writers_.empty() ? 0 : writers_queued;
    if (first == nullptr) {
      state_.store(writing, std::memory_order_relaxed);
      writers_.unlock();
      continue;
    }
    if (first->since <= long_ago) {
      first->answer = handed_over;
      state_.store(writing | more, std::memory_order_relaxed);
    } else {
      // Release: pairs with the acquire in enter().
      state_.store(woken | more, std::memory_order_release);
    }
    writers_.unlock();
    runtime::wake(first);
    return;
  }
}

void rw_mutex::rlock_contended() {
  runtime::queue_waiter w;
  writers_.lock();
  std::uint32_t s = state_.load(std::memory_order_relaxed);
  for (;;) {
    if ((s & no_reader) == 0) {
      if (enter(s, s + reader)) break;
    } else if ((s & readers_queued) != 0 ||
               state_.compare_exchange_weak(s, s | readers_queued, std::memory_order_relaxed)) {
      readers_.lock();
      writers_.unlock();
      readers_.wait(w, runtime::wait_reason::rw_mutex_rlock);
      return;
    }
  }
  writers_.unlock();
}

/// Under the lock: makes all waiting readers holders, releases the lock and wakes them. `flags` is what the
/// word keeps. False, and nothing is done, when no reader waits.
bool rw_mutex::let_readers_in(std::uint32_t flags) noexcept {
  readers_.lock();
  runtime::queue_waiter* chain = readers_.take_all();
  readers_.unlock();
  if (chain == nullptr) return false;
  // Release: pairs with the acquires in last_reader_left() and enter().
  state_.store(length(chain) * reader | flags, std::memory_order_release);
  writers_.unlock();
  runtime::wake_all(chain);
  return true;
}

void rw_mutex::last_reader_left(std::uint32_t before) noexcept {
  if (before < reader) runtime::fatal("sync: RUnlock of unlocked RWMutex");
  writers_.lock();
  // Acquire: pairs with the release in runlock() of all readers; the writer is to see what they did.
  const std::uint32_t s = state_.load(std::memory_order_acquire);
  runtime::queue_waiter* first = writers_.pop_front();
  if (first == nullptr) {
    if (let_readers_in(0)) return;
    state_.store(0, std::memory_order_relaxed);
    writers_.unlock();
    return;
  }
  first->answer = handed_over;
  state_.store(writing | (s & readers_queued) | (writers_.empty() ? 0 : writers_queued),
               std::memory_order_relaxed);
  writers_.unlock();
  runtime::wake(first);
}

void rw_mutex::forsake_waiters() noexcept {
  writers_.lock();
  writers_.take_all();
  writers_.unlock();
  readers_.lock();
  readers_.take_all();
  readers_.unlock();
}

}  // namespace warren::sync
