// SPDX-License-Identifier: MIT
#include "mutex.hpp"

// A word for those who meet nobody, a queue for those who do.
//
//      locked  queued  woken
//        0       0       0     free                      lock(): one locked instruction
//        1       0       0     held                      unlock(): one compare-exchange
//        1       1       0     held, others wait         unlock() takes the first out of the queue; if it
//                                                        has waited for 1 ms it becomes the holder, else
//                                                        the lock is freed and it is woken: next line
//        0       -       1     free, a waiter is coming  the waiter or a newcomer gets it, who comes first
//        1       -       1     a newcomer was first      unlock() frees it and wakes nobody; the waiter goes
//                                                        back to the head of the queue if it finds it held
//
// Laws
//   * `locked` is set by who takes the lock, or left set by who hands it over, and cleared by the holder
//     alone.
//   * `queued` and `woken` are set only by somebody who has the queue's lock. A waiter that was woken clears
//     `woken`, by taking the mutex or when it stands in the queue again. So while the mutex is held, the
//     queue's lock is, and `woken` is clear, nobody else changes the word.
//   * Nobody falls asleep while the mutex is free: who goes to sleep sets `queued` by a compare-exchange that
//     finds `locked`, and has the queue's lock until it sleeps; so the holder's unlock() finds it, or finds
//     `woken`, and then the waiter that is coming will hold the mutex and unlock it in its turn.
//   * `queued` may outlast the last waiter (goroutines left over by a run are taken out of the queue): an
//     unlock that finds nobody clears it.
//   * unlock() touches nothing of the mutex after the store that frees it, unless a waiter is still inside
//     lock(): whoever takes it then may destroy it.
//   * Queue's lock: nothing is taken under it.
//
// Fairness. Newcomers have the advantage that they run already, which is what makes a contended mutex fast:
// the holder can lock it again and again without a switch. A waiter that loses keeps its place and its time;
// once it has waited for 1 ms, an unlock makes it the holder, before it even runs. (The rule is that of Go's
// starvation mode, applied to each waiter by itself.)

#include "../runtime/clock.hpp"
#include "../runtime/fatal.hpp"
#include "../runtime/park.hpp"
#include "../runtime/scheduler.hpp"

namespace warren::sync {

namespace {

constexpr std::int64_t handed_over_after_ns = 1'000'000;
constexpr std::uint32_t handed_over = 1;  // a waiter's answer: it holds the mutex

// A critical section is often shorter than a switch and back. More looks do not pay where few processors run
// more goroutines: the holder may be waiting for the very processor that looks.
constexpr int looks_before_waiting = 4;
constexpr int pauses_between_looks = 30;

bool worth_spinning() noexcept { return runtime::sched.max_procs() > 1 || runtime::this_worker() == nullptr; }

void pause_between_looks() noexcept {
  for (int i = 0; i < pauses_between_looks; ++i) runtime::cpu_pause();
}

}  // namespace

// Without a frame of its own: what it pushed would have to reach memory before the locked instruction.
void mutex::lock() {
  const runtime::thread* t = runtime::this_thread();
  if (t == nullptr || t->attention.load(std::memory_order_relaxed) != 0) [[unlikely]] return lock_with_attention();
  // Not by a compare-exchange: setting a bit (`lock bts`) takes a tenth less, and changes nothing of what is held.
  // Acquire: pairs with the releases in leave() and unlock_contended().
  if ((state_.fetch_or(locked, std::memory_order_acquire) & locked) != 0) [[unlikely]] return lock_contended();
}

[[gnu::noinline]] void mutex::lock_with_attention() {
  // Before, not after: a goroutine that gives way here does not make others wait for what it holds.
  runtime::switch_point();
  std::uint32_t s = 0;
  if (!enter(s, locked)) lock_contended();
}

[[gnu::noinline]] void mutex::lock_contended() {
  runtime::queue_waiter w;
  std::uint32_t mine = 0;  // `woken`, when it is for this waiter that it is set
  int looks = worth_spinning() ? 0 : looks_before_waiting;
  for (;;) {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    while ((s & locked) == 0) {
      if (enter(s, (s | locked) & ~mine)) return;
    }
    if (looks < looks_before_waiting) {
      ++looks;
      pause_between_looks();
      continue;
    }
    if (w.since == 0) w.since = runtime::now_ns();
    queue_.lock();
    s = state_.load(std::memory_order_relaxed);
    while ((s & locked) != 0 &&
           !state_.compare_exchange_weak(s, (s | queued) & ~mine, std::memory_order_relaxed)) {
    }
    if ((s & locked) == 0) {
      queue_.unlock();
      continue;
    }
    queue_.wait(w, runtime::wait_reason::mutex_lock, mine != 0);
    if (w.answer == handed_over) return;
    mine = woken;
    looks = looks_before_waiting;
  }
}

void mutex::unlock_contended() noexcept {
  for (;;) {
    std::uint32_t s = state_.load(std::memory_order_relaxed);
    if ((s & locked) == 0) runtime::fatal("sync: unlock of unlocked mutex");
    if ((s & queued) == 0 || (s & woken) != 0) {
      if (leave(s, s & ~locked)) return;
      continue;
    }
    const std::int64_t long_ago = runtime::now_ns() - handed_over_after_ns;
    queue_.lock();
    runtime::queue_waiter* first = queue_.pop_front();
    const std::uint32_t more = queue_.empty() ? 0 : queued;
    if (first == nullptr) {
      state_.store(locked, std::memory_order_relaxed);
      queue_.unlock();
      continue;
    }
    if (first->since <= long_ago) {
      first->answer = handed_over;
      state_.store(locked | more, std::memory_order_relaxed);
    } else {
      // Release: pairs with the acquire in enter().
      state_.store(woken | more, std::memory_order_release);
    }
    queue_.unlock();
    runtime::wake(first);
    return;
  }
}

void mutex::forsake_waiters() noexcept {
  queue_.lock();
  queue_.take_all();
  queue_.unlock();
}

}  // namespace warren::sync
