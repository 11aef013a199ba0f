// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// Whose timers are looked at when, and who is woken for them.
//
// A worker with a place arms timers in its own heap and looks at it every 8th pick and before it sleeps. A worker
// asleep sleeps until its own heap's first deadline at most; one of the sleepers, the timekeeper, until the first of all
// heaps. `wake_at_` says until when it sleeps; who arms an earlier timer lowers it and wakes the timekeeper:
//
//      arm()                                  timekeeper
//      1. earliest() of the heap := when      1. wake_at_ := never (under places_)
//      2. fence, seq_cst                      2. fence, seq_cst
//      3. when < wake_at_: lowers it,         3. reads earliest() of all heaps; lowers wake_at_ to that
//         wakes the timekeeper                   (under places_); sleeps until wake_at_
//
//   Firing needs no place: what it wakes goes to the inject queue then. Heaps of workers that neither run nor sleep are
//   the monitor's care when there is no timekeeper.

#include <algorithm>
#include <utility>

#include "system.hpp"

namespace warren::runtime {

std::int64_t scheduler::earliest_deadline() noexcept {
  std::int64_t first = shared_timers_.earliest();
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) first = std::min(first, worker_at(i)->timers.earliest());
  return first;
}

void scheduler::set_timers_aside() noexcept {
  shared_timers_.move_all_to(timers_of_ended_runs_);
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) worker_at(i)->timers.move_all_to(timers_of_ended_runs_);
}

std::int64_t scheduler::armed_timers() noexcept {
  std::int64_t sum = shared_timers_.size();
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) sum += worker_at(i)->timers.size();
  return sum;
}

void scheduler::arm(timer_node& node, std::int64_t when) noexcept {
  worker* w = this_worker();
  if (w != nullptr && stopped(w)) {
    timers_of_ended_runs_.insert(node, when);
    return;
  }
  const bool own = has_place(w);
  if ((own ? w->timers : shared_timers_).insert(node, when)) deadline_added(when, own);
}

/// A heap has a new first deadline. `own`: the heap of the caller, who has a place and looks into it.
void scheduler::deadline_added(std::int64_t when, bool own) noexcept {
  // StoreLoad, the arming half; pairs with the fences in sleep_idle() and sleep_once().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::int64_t wake_at = wake_at_.load(std::memory_order_relaxed);
  if (wake_at == INT64_MIN) {
    // Nobody sleeps until a deadline. Whoever holds a place looks into its own heap and the shared one.
    if (!own && present_.load(std::memory_order_relaxed) == 0) wake_for_work();
    return;
  }
  if (when >= wake_at) return;
  spin_guard hold(places_);
  if (timekeeper_ == nullptr || when >= wake_at_.load(std::memory_order_relaxed)) return;
  wake_at_.store(when, std::memory_order_relaxed);
  ring(timekeeper_, wake_up::look_again);
}

bool scheduler::timers_due(worker* w) noexcept {
  const std::int64_t first = std::min(w->timers.earliest_hint(), shared_timers_.earliest_hint());
  return first != never && first <= now_ns();
}

void scheduler::run_own_timers(worker* w) noexcept {
  if (!timers_due(w)) return;
  const std::int64_t now = now_ns();
  fire_timers(w->timers, now);
  fire_timers(shared_timers_, now);
}

void scheduler::fire_timers(timer_heap& heap, std::int64_t now) noexcept {
  goroutine_list woken;
  heap.fire_due(now, woken);
  ready(std::move(woken));
}

void scheduler::fire_all_timers(std::int64_t now) noexcept {
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) fire_timers(worker_at(i)->timers, now);
  fire_timers(shared_timers_, now);
}

/// A worker without a place does not look into its heap.
void scheduler::share_timers_of(worker* w) noexcept {
  if (w->timers.size() == 0) return;
  w->timers.move_all_to(shared_timers_);
  deadline_added(shared_timers_.earliest(), false);
}

}  // namespace warren::runtime
