// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// Who holds a place, who sleeps, and who is woken.
//
// Places. GOMAXPROCS workers hold a place (`present_`); only they take goroutines. A worker gives its place back when it
// goes to sleep, enters a blocking call, or is sent away by the monitor because it sits in one goroutine while work
// waits; and takes one when it wakes or comes back. All of that happens under `places_`, a leaf lock.
//
// Going to sleep and adding work meet as follows (StoreLoad on both sides; tests/runtime/wake_test.cpp):
//
//      who adds work                          who goes to sleep
//      1. pushes to a queue                   1. gives its place back, stops searching (enter_idle)
//      2. fence, seq_cst                      2. fence, seq_cst
//      3. reads present_ and searching_;      3. looks into all queues again; finds work: tries to get
//         a free place and no searcher:          its place back
//         wakes one as the searcher
//
//   One of the two sees the other. If the adder sees a searcher it wakes nobody: the searcher, when it has found work and
//   stops searching, fences and looks again, and wakes the next searcher if more is visible (end_search).
//   Missing here is only a run_next filled "quietly": its owner is awake and takes it at its next switch.
//
// Whoever wakes something counts it in `awakenings_`: the deadlock detector, which cannot look at everybody at one moment,
// takes what it saw for true only if nobody was woken meanwhile.

#include <algorithm>

#include "fatal.hpp"
#include "netpoll.hpp"
#include "system.hpp"

namespace warren::runtime {

// --- places

/// places_ is held. Null: a thread that is about to be started.
void scheduler::seat(worker* w) noexcept {
  present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  awakenings_.fetch_add(1, std::memory_order_relaxed);
  if (w != nullptr) w->place.store(presence::present, std::memory_order_relaxed);
  wake_monitor();
}

/// places_ is held.
void scheduler::unseat(worker* w, presence then) noexcept {
  if (has_place(w)) present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  w->place.store(then, std::memory_order_relaxed);
}

/// Its goroutine runs without a place, or is in its hands on the way to a queue.
bool scheduler::counts_as_outside(const worker* w) noexcept {
  const presence place = w->place.load(std::memory_order_relaxed);
  return place == presence::away || place == presence::outside || place == presence::placeless;
}

/// places_ is held. Its run is over, and another has begun, which does not count it.
bool scheduler::is_stranger(const worker* w) const noexcept { return w->epoch != epoch_.load(std::memory_order_relaxed); }

/// places_ is held. While somebody was awake there was no deadlock to be seen; now there may be one.
void scheduler::wake_monitor_if_all_sleep() noexcept {
  if (present_.load(std::memory_order_relaxed) == 0 && outside_ == 0) wake_monitor();
}

/// places_ is held.
void scheduler::wake_monitor() noexcept {
  if (!monitor_asleep_) return;
  monitor_asleep_ = false;
  monitor_bell_.ring();
}

// --- sleep and wake-up

bool scheduler::has_timekeeper() const noexcept { return wake_at_.load(std::memory_order_relaxed) != INT64_MIN; }

void scheduler::wake_timekeeper() noexcept {
  spin_guard hold(places_);
  if (timekeeper_ != nullptr) ring(timekeeper_, wake_up::look_again);
}

void scheduler::ensure_timekeeper() noexcept {
  // StoreLoad; pairs with the fences in go_outside() and sleep_idle().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_timekeeper() && present_.load(std::memory_order_relaxed) == 0) wake_for_work();
}

void scheduler::enter_idle(worker* w) noexcept {
  if (w->left_poller_at != 0) {
    const std::int64_t before = errand_ns_.load(std::memory_order_relaxed);
    errand_ns_.store((before * 3 + monotonic_ns() - w->left_poller_at) / 4, std::memory_order_relaxed);
    w->left_poller_at = 0;
  }
  spin_guard hold(places_);
  if (is_stranger(w)) return;
  if (counts_as_outside(w)) --outside_;
  w->attention.fetch_and(~(attention::away | attention::resized), std::memory_order_relaxed);
  unseat(w, presence::idle);
  w->wake_word.store(0, std::memory_order_relaxed);
  w->prev_idle = nullptr;
  w->next_idle = idle_;
  if (idle_ != nullptr) idle_->prev_idle = w;
  idle_ = w;
  if (timekeeper_ == nullptr) {
    timekeeper_ = w;
    wake_at_.store(never, std::memory_order_relaxed);
  }
  if (w->searching) {
    w->searching = false;
    searching_.store(0, std::memory_order_relaxed);
  }
  wake_monitor_if_all_sleep();
  if (stacks::any_worn()) wake_monitor();
}

/// places_ is held.
void scheduler::leave_idle_list(worker* w) noexcept {
  (w->prev_idle != nullptr ? w->prev_idle->next_idle : idle_) = w->next_idle;
  if (w->next_idle != nullptr) w->next_idle->prev_idle = w->prev_idle;
  w->next_idle = w->prev_idle = nullptr;
  if (timekeeper_ == w) {
    timekeeper_ = nullptr;
    wake_at_.store(INT64_MIN, std::memory_order_relaxed);
  }
}

/// An idle worker takes a place by itself. True when it has one now.
bool scheduler::take_place(worker* w) noexcept {
  spin_guard hold(places_);
  if (is_stranger(w)) return false;
  if (has_place(w)) return true;  // a waker was quicker
  if (present_.load(std::memory_order_relaxed) >= max_procs()) return false;
  leave_idle_list(w);
  seat(w);
  return true;
}

/// How long the worker sleeps, and whether as the timekeeper.
scheduler::nap scheduler::next_nap(worker* w) noexcept {
  const std::int64_t own = w->timers.earliest();
  const std::int64_t first = earliest_deadline();
  spin_guard hold(places_);
  // In a closed world no deadline is a moment to wake at.
  if (world() != nullptr) return {never, timekeeper_ == w};
  if (timekeeper_ != w) return {own, false};
  const std::int64_t wake_at = std::min(first, wake_at_.load(std::memory_order_relaxed));
  wake_at_.store(wake_at, std::memory_order_relaxed);
  return {wake_at, true};
}

/// Wakes an idle worker, or makes it look at its word before it sleeps.
void scheduler::ring(worker* w, std::uint32_t word) noexcept {
  // Release: pairs with the acquire of who wakes.
  w->wake_word.store(word, std::memory_order_release);
  ring_prepared(w);
}

/// The same when the word has been written.
void scheduler::ring_prepared(worker* w) noexcept {
  // StoreLoad; pairs with the fence in sleep_in_poller().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (w->in_poller.load(std::memory_order_relaxed)) return netpoll::interrupt();
  sys::futex_wake(w->wake_word, 1);
}

/// The last timekeeper may be on its way out of the poller still: then this one sleeps on its word until it is told.
bool scheduler::enter_poller(worker* w) noexcept {
  worker* nobody = nullptr;
  return netpoll::is_open() && in_poller_.compare_exchange_strong(nobody, w, std::memory_order_relaxed);
}

void scheduler::leave_poller(worker* w) noexcept {
  w->in_poller.store(false, std::memory_order_relaxed);
  in_poller_.store(nullptr, std::memory_order_relaxed);
  // StoreLoad; pairs with the fence in sleep_idle(): another became the timekeeper, and then found this one here.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_timekeeper()) return;
  spin_guard hold(places_);
  if (timekeeper_ != nullptr && timekeeper_ != w) ring(timekeeper_, wake_up::look_again);
}

/// Another idle worker keeps the time and asks the poller from now on. Waking it costs more than a short errand, so it is
/// done only if errands have been long: else the network waits until this worker comes back, or for the monitor's look.
void scheduler::hand_over_timekeeping() noexcept {
  if (max_procs() == 1) return;
  spin_guard hold(places_);
  if (timekeeper_ != nullptr || idle_ == nullptr) return;
  timekeeper_ = idle_;
  wake_at_.store(never, std::memory_order_relaxed);
  ring(timekeeper_, wake_up::look_again);
}

void scheduler::begin_errand(worker* w) noexcept {
  constexpr std::int64_t long_errand_ns = 100'000;
  w->left_poller_at = monotonic_ns();
  if (errand_ns_.load(std::memory_order_relaxed) > long_errand_ns) hand_over_timekeeping();
}

void scheduler::bring(const netpoll::batch& events) noexcept {
  goroutine_list woken;
  netpoll::dispatch(events, woken);
  ready(std::move(woken));
}

/// What the timekeeper does while there is a poller. True when it has a place.
bool scheduler::sleep_in_poller(worker* w, std::int64_t deadline) noexcept {
  w->in_poller.store(true, std::memory_order_relaxed);
  // StoreLoad; pairs with the fence in ring_prepared().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  netpoll::batch events;
  const bool rung = w->wake_word.load(std::memory_order_relaxed) != 0;
  netpoll::sleep(events, rung ? 0 : deadline);
  leave_poller(w);
  if (events.size == 0) return false;
  // With a place what the events make ready goes into its own queues.
  if (take_place(w)) {
    begin_errand(w);
    bring(events);
    return true;
  }
  {
    spin_guard hold(places_);
    if (!is_stranger(w)) ++outside_;  // what the events bring is in no queue yet
  }
  bring(events);
  {
    spin_guard hold(places_);
    if (is_stranger(w)) return true;
    --outside_;
    wake_monitor_if_all_sleep();
    if (has_place(w)) return true;
  }
  return all_stand_still(0) && take_place(w);
}

/// True when the worker has a place again or the run stops.
bool scheduler::sleep_once(worker* w) noexcept {
  const nap rest = next_nap(w);
  if (rest.until == never || rest.until > now_ns()) {
    if (!rest.as_timekeeper || !enter_poller(w)) {
      sys::futex_wait(w->wake_word, 0, rest.until == never ? -1 : rest.until);
    } else if (sleep_in_poller(w, rest.until)) {
      return true;
    }
  }
  // Acquire: pairs with the release of who woke us.
  const std::uint32_t word = w->wake_word.exchange(0, std::memory_order_acquire);
  if (word == wake_up::with_place || stopped(w)) return true;
  {
    // Without it a place may be seen whose giver has yet to say what comes with it: to be the searcher.
    spin_guard hold(places_);
    if (has_place(w)) return true;
    if (timekeeper_ == w) wake_at_.store(never, std::memory_order_relaxed);
  }
  // StoreLoad, the timekeeper's half; pairs with the fence in arm().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::int64_t now = now_ns();
  // In a closed world whoever has the place fires them, and must not find this one outside at a standstill.
  if (world() != nullptr || earliest_deadline() > now) return false;
  if (take_place(w)) return true;  // find_work fires what is due
  {
    spin_guard hold(places_);
    ++outside_;  // what it takes out of the heaps now is in no queue yet
  }
  fire_all_timers(now);
  spin_guard hold(places_);
  --outside_;
  wake_monitor_if_all_sleep();
  return has_place(w);
}

void scheduler::sleep_idle(worker* w) noexcept {
  if (waiting_for_stack() > 0) share_stacks_of(w);
  // A worker that came back and found no place: those who hold the places may never search.
  if (!has_place(w)) share_queues_of(w);
  enter_idle(w);
  // StoreLoad, the sleeper's half; pairs with the fences in wake_for_added(), wake_for_work() and arm().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((work_visible() || all_stand_still(0)) && take_place(w)) {
    w->wake_word.store(0, std::memory_order_relaxed);
    begin_search(w);
    return;
  }
  while (!stopped(w) && !sleep_once(w)) {
  }
  if (stopped(w)) return;
  // Timers of other heaps that the timekeeper was woken for.
  const std::int64_t now = now_ns();
  if (earliest_deadline() <= now) fire_all_timers(now);
}

/// Goroutine 1 has left the thread that called run(). False: no other thread can be had, so this one stays a worker.
bool scheduler::leave_as_caller(worker* w) noexcept {
  go_outside(w);
  share_queues_of(w);
  const bool needed = work_visible() || earliest_deadline() != never || netpoll::has_files();
  if (needed) wait_for_another_thread();
  spin_guard hold(places_);
  if (counts_as_outside(w)) --outside_;
  if (!needed || threads_ != 1 || stopped(w)) {
    unseat(w, presence::unused);
    wake_monitor_if_all_sleep();
    return true;
  }
  seat(w);
  w->attention.fetch_and(~attention::caller, std::memory_order_relaxed);
  return false;
}

/// Who holds `searching_` at this moment, so that nobody else is woken, starts a thread or is about to give it back.
void scheduler::wait_for_another_thread() noexcept {
  constexpr int looks = 100;
  for (int i = 0; i < looks; ++i) {
    {
      spin_guard hold(places_);
      if (threads_ != 1) return;
    }
    if (searching_.load(std::memory_order_relaxed) == 0) return wake_for_work();
    sys::yield_thread();
  }
}

void scheduler::wake_searcher() noexcept {
  std::uint32_t nobody = 0;
  if (!searching_.compare_exchange_strong(nobody, 1, std::memory_order_relaxed)) return;
  std::uint32_t run = 0;
  switch (call_searcher(run)) {
    case searcher::woken: return;
    case searcher::to_be_started: return start_searcher(run);
    case searcher::not_wanted: break;
  }
  searching_.store(0, std::memory_order_relaxed);
  // StoreLoad; pairs with the fences of those who added work, saw a searcher in us, and woke nobody.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) < max_procs() && !is_stopping() && work_visible()) wake_for_work();
}

/// Wakes an idle worker as the one that searches, or makes room for another thread, in the run with that number.
scheduler::searcher scheduler::call_searcher(std::uint32_t& run) noexcept {
  worker* w = nullptr;
  {
    spin_guard hold(places_);
    if (present_.load(std::memory_order_relaxed) >= max_procs() || is_stopping()) return searcher::not_wanted;
    w = idle_;
    if (w == nullptr) {
      if (threads_ >= max_threads_) fatal("thread exhaustion");
      ++threads_;
      seat(nullptr);
      run = epoch_.load(std::memory_order_relaxed);
      return searcher::to_be_started;
    }
    // All of it under the lock: a sleeper that wakes by itself at this moment finds everything done.
    leave_idle_list(w);
    seat(w);
    w->searching = true;
    // Release: pairs with the acquire in sleep_once(); what we pushed, and its place.
    w->wake_word.store(wake_up::with_place, std::memory_order_release);
  }
  ring_prepared(w);
  return searcher::woken;
}

void scheduler::go_outside(worker* w) noexcept {
  {
    if (is_explored()) return;
    spin_guard hold(places_);
    if (stopped(w)) return;  // a later run knows nothing of it
    if (!counts_as_outside(w)) ++outside_;
    unseat(w, presence::outside);
  }
  share_timers_of(w);
  // StoreLoad; pairs with the fences of those who add work or arm timers: they may have counted on this worker.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool to_be_watched = earliest_deadline() != never || netpoll::has_files();
  if (work_visible() || (!has_timekeeper() && to_be_watched)) wake_for_work();
}

bool scheduler::come_back(worker* w) noexcept {
  spin_guard hold(places_);
  if (stopped(w)) return false;
  if (has_place(w)) return true;
  w->attention.fetch_and(~attention::away, std::memory_order_relaxed);
  if (present_.load(std::memory_order_relaxed) >= max_procs()) {
    w->place.store(presence::placeless, std::memory_order_relaxed);
    return false;
  }
  --outside_;
  seat(w);
  return true;
}

bool scheduler::send_away(worker* w) noexcept {
  {
    spin_guard hold(places_);
    if (w->place.load(std::memory_order_relaxed) != presence::present || w->current == nullptr) return false;
    unseat(w, presence::away);
    w->attention.fetch_or(attention::away, std::memory_order_relaxed);
    ++outside_;
  }
  share_timers_of(w);
  return true;
}

std::uint32_t scheduler::set_max_procs(std::uint32_t n) noexcept {
  if (world() != nullptr) return max_procs();  // it has one place
  const std::uint32_t before = max_procs_.exchange(n, std::memory_order_relaxed);
  if (n < before) {
    for (std::uint32_t i = 0; i < worker_count(); ++i) {
      worker_at(i)->attention.fetch_or(attention::resized, std::memory_order_relaxed);
    }
  } else if (work_visible()) {
    wake_for_work();
  }
  return before;
}

bool scheduler::all_asleep() noexcept {
  spin_guard hold(places_);
  return present_.load(std::memory_order_relaxed) == 0 && outside_ == 0 &&
         searching_.load(std::memory_order_relaxed) == 0 && inject_.empty();
}

// --- goroutines that have a thread for themselves

void scheduler::locked_ready(goroutine* g) noexcept {
  worker* home = g->home;
  {
    // Under the lock: once it has been handed over its thread may be done with it, and be woken for something else.
    spin_guard hold(places_);
    ++outside_;
    awakenings_.fetch_add(1, std::memory_order_relaxed);
    // Release, twice: pairs with the acquires in find_work() and wait_for_locked().
    home->handed.store(g, std::memory_order_release);
    home->wake_word.store(wake_up::look_again, std::memory_order_release);
  }
  sys::futex_wake(home->wake_word, 1);
}

void scheduler::wait_for_locked(worker* w) noexcept {
  {
    spin_guard hold(places_);
    --outside_;
    wake_monitor_if_all_sleep();
  }
  if (all_stand_still(0)) wake_for_work();
  for (;;) {
    // seq_cst: pairs with the stores in locked_ready() and stop(). It must not come after the looks that follow it, or it
    // would wipe out the ring for what they have not seen.
    w->wake_word.exchange(0, std::memory_order_seq_cst);
    // Acquire: pairs with the release in locked_ready().
    if (stopped(w) || w->handed.load(std::memory_order_acquire) != nullptr) return;
    sys::futex_wait(w->wake_word, 0, -1);
  }
}

// --- stacks that could not be had

void scheduler::wait_for_stack(goroutine* g) noexcept {
  spin_guard hold(without_stack_lock_);
  without_stack_.push_back(g);
  without_stack_count_.store(without_stack_.size(), std::memory_order_relaxed);
}

/// Stacks that lie idle here are wanted elsewhere.
void scheduler::share_stacks_of(worker* w) noexcept {
  const std::uint32_t n = w->stack_pool.size();
  w->stack_pool.drain();
  for (std::uint32_t i = 0; i < n; ++i) stack_released();
}

void scheduler::stack_released() noexcept {
  goroutine* g = nullptr;
  {
    spin_guard hold(without_stack_lock_);
    g = without_stack_.pop_front();
    without_stack_count_.store(without_stack_.size(), std::memory_order_relaxed);
  }
  if (g != nullptr) inject(g);
}

}  // namespace warren::runtime
