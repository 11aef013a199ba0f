// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// How work finds a worker, and a worker sleep.
//
// Places. GOMAXPROCS workers hold a place (`present_`); only they take goroutines. A worker gives its place back when it
// goes to sleep, enters a blocking call, or is sent away by the monitor because it sits in one goroutine while work
// waits; and takes one when it wakes or comes back. All of that happens under `places_`, a leaf lock.
//
// Queues of a worker, in the order in which it looks: run_next (what it has just made ready, for a millisecond in a row),
// ready_queue, fresh (newest first). Every 8th pick: its timers, and a fresh goroutine that has waited for 10 ms, as far
// as its ration goes; every 64th the inject queue. So nothing waits for ever however busy the worker is.
//
// Search. A worker with nothing at hand looks into the others' queues; at most one does so at a time (`searching_`), and
// it goes on for some microseconds before it sleeps. It leaves run_next and a lone fresh goroutine to a worker that moves
// on, because they are about to be run there; from one that does not, or that lost its place, it takes them.
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
// Quiet wake-ups. A goroutine that readies another and parks right after it (ping-pong, go + wait) needs no second worker;
// waking one costs more than everything else it does. So a worker that woke a searcher from which nothing was stolen
// leaves the next such wake-ups out: 1, 3, 7, … 1023 of them, half as many again after each theft. If a goroutine then
// computes while work lies in run_next, the monitor sees it at its next look, wakes a searcher, and ends the silence.
//
// Timers. A worker with a place arms timers in its own heap and looks at it every 8th pick and before it sleeps. A worker
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
#include <new>

#include "counters.hpp"
#include "fatal.hpp"
#include "monitor.hpp"
#include "park.hpp"
#include "switch.hpp"
#include "system.hpp"

namespace warren::runtime {

constinit scheduler sched;

namespace {

constexpr std::uint32_t word_awake = 1;      // wake_word: taken out of the idle list, with a place
constexpr std::uint32_t word_look_again = 2; // still idle: the deadline moved, or the run stops
constexpr std::uint32_t most_injected_at_once = 64;
constexpr std::uint32_t most_fresh_stolen = 16;
constexpr int polls_before_sleep = 16;
constexpr int polls_before_late = 5;  // some microseconds without a switch anywhere
constexpr int pauses_between_polls = 60;

/// What a worker without a place makes ready would wait in its queues for somebody to search them.
bool has_place(const worker* w) noexcept {
  return w != nullptr && w->place.load(std::memory_order_relaxed) == presence::present;
}

/// The run of this worker's thread is over. (Its own flag: a thread that comes late may meet the next run.)
bool stopped(const worker* w) noexcept {
  return (w->attention.load(std::memory_order_relaxed) & attention::stop) != 0;
}

}  // namespace

// --- adding work

void scheduler::push(worker* w, goroutine* g) noexcept {
  if (w->ready_queue.push(g)) return;
  goroutine_list overflow;
  w->ready_queue.steal(overflow, run_queue::room / 2);
  overflow.push_back(g);
  inject_.append(std::move(overflow));
}

void scheduler::requeue(worker* w, goroutine* g) noexcept {
  if (!has_place(w)) return inject(g);
  push(w, g);
}

void scheduler::inject(goroutine* g) noexcept {
  if (worker* w = this_worker(); w != nullptr && stopped(w)) return leave_over(g);
  inject_.push(g);
  wake_for_work();
}

/// A goroutine that outlasts its run makes nothing runnable in a later one.
void scheduler::leave_over(goroutine* g) noexcept {
  if (g->left_over.exchange(true, std::memory_order_relaxed)) return;
  g->written_off = true;
  write_off(1, g->stack_at != nullptr ? 1 : 0);
}

void scheduler::start(goroutine* g) noexcept {
  g->fresh_since = look();
  worker* w = this_worker();
  if (!has_place(w)) return inject(g);
  const std::uint32_t before = w->fresh.push(g);
  work_added(w, before == 0);
}

void scheduler::make_runnable(goroutine* g) noexcept {
  worker* w = this_worker();
  if (!has_place(w)) return inject(g);
  if (w->run_next.load(std::memory_order_relaxed) == nullptr) {
    // Release: pairs with the acquire exchanges of run_next. Only the owner stores a goroutine, so none is lost.
    w->run_next.store(g, std::memory_order_release);
    return work_added(w, true);
  }
  // Acquire and release: pairs with the exchanges of thieves, and publishes g.
  if (goroutine* displaced = w->run_next.exchange(g, std::memory_order_acq_rel)) push(w, displaced);
  work_added(w, false);
}

void scheduler::make_runnable(goroutine_list&& list) noexcept {
  if (list.empty()) return;
  if (list.size() == 1) return make_runnable(list.pop_front());
  worker* w = this_worker();
  if (has_place(w)) {
    while (!list.empty() && w->ready_queue.size() < run_queue::room / 2) push(w, list.pop_front());
  }
  if (list.empty()) return wake_for_work();
  if (w != nullptr && stopped(w)) {
    while (goroutine* g = list.pop_front()) leave_over(g);
    return;
  }
  inject_.append(std::move(list));
  wake_for_work();
}

void scheduler::work_added(worker* w, bool quietly) noexcept {
  if (max_procs() == 1) return;  // the one place is ours
  if (quietly && w->quiet_left > 0) {
    w->quiet_left = w->quiet_left - 1;
    return;
  }
  // StoreLoad, the adder's half; pairs with the fence in sleep_idle() and end_search().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) >= max_procs() || searching_.load(std::memory_order_relaxed) != 0) return;
  if (quietly) {
    constexpr std::uint32_t longest_silence = 1023;
    const std::uint32_t stolen = w->stolen_from.load(std::memory_order_relaxed);
    const bool useful = stolen != w->stolen_seen;
    w->stolen_seen = stolen;
    w->quiet_span = useful ? w->quiet_span / 2 : std::min(w->quiet_span * 2 + 1, longest_silence);
    w->quiet_left = w->quiet_span;
  }
  wake_searcher();
}

void scheduler::wake_for_work() noexcept {
  // StoreLoad, the adder's half; pairs with the fence in sleep_idle() and end_search().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) < max_procs() && searching_.load(std::memory_order_relaxed) == 0) {
    wake_searcher();
  }
}

// --- picking

goroutine* scheduler::pick_sometimes(worker* w, std::uint32_t tick) noexcept {
  // The rarer look goes first, or the other would always win.
  if ((tick & 63) == 0) {
    if (goroutine* g = take_injected(w)) return g;
  }
  return take_aged(w);
}

bool scheduler::streak_is_over(worker* w, std::uint32_t streak) noexcept {
  // By time, not by count: a pair that works for long between hand-overs would get more than one that does not.
  constexpr std::int64_t slice_ns = 1'000'000;
  const std::int64_t now = now_ns();
  if (streak < 16) {
    w->streak_since = now;
    return false;
  }
  return now - w->streak_since >= slice_ns;
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

/// A fresh goroutine that has waited for 10 ms, at most every 8th pick. Starting the oldest opens another branch of a tree
/// of goroutines beside the one being walked in depth, so it is rationed: a few a look. (A ration that grows with the
/// number that waits feeds itself: the branches it opens wait as well.)
goroutine* scheduler::take_aged(worker* w) noexcept {
  constexpr std::uint32_t ration = 4;
  if (w->fresh.empty()) return nullptr;
  if (w->ration_of_look != look()) {
    w->ration_of_look = look();
    w->ration_left = ration;
  }
  if (w->ration_left == 0) return nullptr;
  goroutine* g = w->fresh.pop_aged(look());
  if (g != nullptr) w->ration_left = w->ration_left - 1;
  return g;
}

goroutine* scheduler::take_injected(worker* w) noexcept {
  if (inject_.empty()) return nullptr;
  goroutine_list some;
  inject_.take(some, std::min(inject_.size() / max_procs() + 1, most_injected_at_once));
  goroutine* first = some.pop_front();
  while (goroutine* g = some.pop_front()) {
    if (g->stack_at != nullptr) {
      push(w, g);
    } else {
      w->fresh.push(g);
    }
  }
  return first;
}

bool scheduler::work_visible() noexcept {
  if (!inject_.empty()) return true;
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
    worker* w = worker_at(i);
    if (!w->ready_queue.empty() || !w->fresh.empty()) return true;
    if (w->run_next.load(std::memory_order_relaxed) == nullptr) continue;
    // Its owner is awake and about to take it, unless it has lost its place.
    if (w->place.load(std::memory_order_relaxed) != presence::present) return true;
  }
  return false;
}

// --- searching

void scheduler::begin_search(worker* w) noexcept {
  std::uint32_t nobody = 0;
  if (!w->searching && searching_.load(std::memory_order_relaxed) == 0 &&
      searching_.compare_exchange_strong(nobody, 1, std::memory_order_relaxed)) {
    w->searching = true;
  }
}

void scheduler::end_search(worker* w) noexcept {
  if (!w->searching) return;
  w->searching = false;
  searching_.store(0, std::memory_order_relaxed);
  // StoreLoad; pairs with the fences in work_added() and wake_for_work(): who added work while we searched woke nobody.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) < max_procs() && work_visible()) wake_for_work();
}

/// The oldest of the victim's fresh goroutines; some that come after it go to the thief's own fresh ones, so that it
/// walks them in depth as well.
goroutine* scheduler::steal_fresh(worker* thief, worker* victim) noexcept {
  goroutine_list loot;
  victim->fresh.steal(loot, most_fresh_stolen);
  goroutine* first = loot.pop_front();
  if (first == nullptr) return nullptr;
  victim->stolen_from.fetch_add(1, std::memory_order_relaxed);
  while (goroutine* g = loot.pop_front()) thief->fresh.push(g);
  return first;
}

goroutine* scheduler::steal_from(worker* thief, worker* victim, bool late) noexcept {
  goroutine_list loot;
  victim->ready_queue.steal(loot, run_queue::room / 2);
  const bool placeless = victim->place.load(std::memory_order_relaxed) != presence::present;
  if (loot.empty() && (late || placeless || victim->fresh.size() > 1)) {
    if (goroutine* g = steal_fresh(thief, victim)) return g;
  }
  if (loot.empty() && (late || placeless) && victim->run_next.load(std::memory_order_relaxed) != nullptr) {
    // Acquire: pairs with the release in make_runnable().
    if (goroutine* g = victim->run_next.exchange(nullptr, std::memory_order_acq_rel)) loot.push_back(g);
  }
  goroutine* first = loot.pop_front();
  if (first == nullptr) return nullptr;
  victim->stolen_from.fetch_add(1, std::memory_order_relaxed);
  while (goroutine* g = loot.pop_front()) push(thief, g);
  return first;
}

goroutine* scheduler::search(worker* w) noexcept {
  const std::uint32_t n = worker_count();
  std::uint32_t ticks_before = 0;
  int polls_unmoved = 0;
  for (int poll = 0; poll < polls_before_sleep; ++poll) {
    if (stopped(w)) return nullptr;
    if (goroutine* g = take_injected(w)) return g;
    std::uint32_t ticks = 0;
    const std::uint32_t start = w->random.below(n);
    for (std::uint32_t i = 0; i < n; ++i) ticks += worker_at(i)->tick;
    polls_unmoved = ticks == ticks_before ? polls_unmoved + 1 : 0;
    const bool late = polls_unmoved >= polls_before_late;
    ticks_before = ticks;
    for (std::uint32_t i = 0; i < n; ++i) {
      worker* victim = worker_at((start + i) % n);
      if (victim == w) continue;
      if (goroutine* g = steal_from(w, victim, late)) return g;
    }
    run_own_timers(w);
    if (goroutine* g = w->ready_queue.pop()) return g;
    if (goroutine* g = w->run_next.exchange(nullptr, std::memory_order_relaxed)) return g;
    for (int i = 0; i < pauses_between_polls; ++i) cpu_pause();
  }
  return nullptr;
}

/// A new time slice begins, and a worker too many gives its place back.
void scheduler::pay_attention(worker* w) noexcept {
  const std::uint32_t bits = w->attention.fetch_and(
      ~(attention::slice_over | attention::loud | attention::resized), std::memory_order_relaxed);
  if ((bits & attention::loud) != 0) w->quiet_left = w->quiet_span = 0;
  if ((bits & attention::resized) == 0) return;
  {
    spin_guard hold(places_);
    if (!has_place(w) || present_.load(std::memory_order_relaxed) <= max_procs()) return;
    present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    w->place.store(presence::placeless, std::memory_order_relaxed);
  }
  share_queues_of(w);
}

goroutine* scheduler::find_work(worker* w) noexcept {
  for (;;) {
    if (w->attention.load(std::memory_order_relaxed) != 0) pay_attention(w);
    if (stopped(w)) return nullptr;
    if ((w->attention.load(std::memory_order_relaxed) & attention::caller) != 0 && w->locked == nullptr) {
      if (leave_as_caller(w)) return nullptr;
    }
    if (w->locked != nullptr) {
      wait_for_locked(w);
      if (goroutine* g = w->handed.exchange(nullptr, std::memory_order_acquire)) return g;  // pairs with locked_ready()
      continue;
    }
    if (has_place(w)) {
      goroutine* g = nullptr;
      do {
        run_own_timers(w);
        g = pick(w);
      } while (g == nullptr && timers_due(w));
      if (g == nullptr) g = take_injected(w);
      if (g == nullptr) {
        begin_search(w);
        if (w->searching) g = search(w);
      }
      if (g != nullptr) {
        end_search(w);
        return g;
      }
    }
    sleep_idle(w);
  }
}

// --- places, sleep and wake-up

bool scheduler::has_timekeeper() const noexcept { return wake_at_.load(std::memory_order_relaxed) != INT64_MIN; }

void scheduler::enter_idle(worker* w) noexcept {
  spin_guard hold(places_);
  const presence place = w->place.load(std::memory_order_relaxed);
  if (place == presence::present) present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  if (place == presence::away || place == presence::outside) --outside_;
  w->attention.fetch_and(~(attention::away | attention::resized), std::memory_order_relaxed);
  w->place.store(presence::idle, std::memory_order_relaxed);
  w->wake_word.store(0, std::memory_order_relaxed);
  w->prev_idle = nullptr;
  w->next_idle = idle_;
  if (idle_ != nullptr) idle_->prev_idle = w;
  idle_ = w;
  if (timekeeper_ == nullptr) {
    timekeeper_ = w;
    wake_at_.store(never, std::memory_order_relaxed);
  }
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
  if (has_place(w)) return true;  // a waker was quicker
  if (present_.load(std::memory_order_relaxed) >= max_procs()) return false;
  leave_idle_list(w);
  present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  w->place.store(presence::present, std::memory_order_relaxed);
  the_monitor.wake_if_asleep_locked(monitor_asleep_);
  return true;
}

std::int64_t scheduler::sleep_deadline(worker* w) noexcept {
  const std::int64_t own = w->timers.earliest();
  const std::int64_t first = earliest_deadline();
  spin_guard hold(places_);
  if (timekeeper_ != w) return own;
  const std::int64_t wake_at = std::min(first, wake_at_.load(std::memory_order_relaxed));
  wake_at_.store(wake_at, std::memory_order_relaxed);
  return wake_at;
}

/// True when the worker has a place again or the run stops.
bool scheduler::sleep_once(worker* w) noexcept {
  const std::int64_t deadline = sleep_deadline(w);
  if (deadline == never || deadline > now_ns()) {
    sys::futex_wait(w->wake_word, 0, deadline == never ? -1 : deadline);
  }
  // Acquire: pairs with the release of who woke us.
  const std::uint32_t word = w->wake_word.exchange(0, std::memory_order_acquire);
  if (word == word_awake || stopped(w)) return true;
  {
    spin_guard hold(places_);
    if (timekeeper_ == w) wake_at_.store(never, std::memory_order_relaxed);
  }
  // StoreLoad, the timekeeper's half; pairs with the fence in arm().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::int64_t now = now_ns();
  if (earliest_deadline() > now) return false;
  if (take_place(w)) return true;  // find_work fires what is due
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) fire_timers(worker_at(i)->timers, now);
  fire_timers(shared_timers_, now);
  return has_place(w);
}

void scheduler::sleep_idle(worker* w) noexcept {
  if (waiting_for_stack() > 0) share_stacks_of(w);
  // A worker that came back and found no place: those who hold the places may never search.
  if (!has_place(w)) share_queues_of(w);
  enter_idle(w);
  if (w->searching) {
    w->searching = false;
    searching_.store(0, std::memory_order_relaxed);
  }
  // StoreLoad, the sleeper's half; pairs with the fences in work_added(), wake_for_work() and arm().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (work_visible() && take_place(w)) {
    w->wake_word.store(0, std::memory_order_relaxed);
    begin_search(w);
    return;
  }
  while (!stopped(w) && !sleep_once(w)) {
  }
  if (stopped(w)) return;
  // Timers of other heaps that the timekeeper was woken for.
  const std::int64_t now = now_ns();
  if (earliest_deadline() <= now) {
    for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) fire_timers(worker_at(i)->timers, now);
  }
}

/// Goroutine 1 has left the thread that called run(). False: no other thread can be had, so this one stays a worker.
bool scheduler::leave_as_caller(worker* w) noexcept {
  go_outside(w);
  share_queues_of(w);
  const bool needed = work_visible() || earliest_deadline() != never;
  spin_guard hold(places_);
  --outside_;
  const bool alone = threads_ == 1;
  if (!needed || !alone) {
    w->place.store(presence::unused, std::memory_order_relaxed);
    return true;
  }
  present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  w->place.store(presence::present, std::memory_order_relaxed);
  w->attention.fetch_and(~attention::caller, std::memory_order_relaxed);
  return false;
}

void scheduler::wake_searcher() noexcept {
  std::uint32_t nobody = 0;
  if (!searching_.compare_exchange_strong(nobody, 1, std::memory_order_relaxed)) return;
  worker* w = nullptr;
  bool start_thread = false;
  {
    spin_guard hold(places_);
    if (present_.load(std::memory_order_relaxed) < max_procs() && !is_stopping()) {
      w = idle_;
      if (w != nullptr) {
        leave_idle_list(w);
      } else if (threads_ < max_threads_) {
        start_thread = true;
        ++threads_;
      } else {
        fatal("thread exhaustion");
      }
      present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      the_monitor.wake_if_asleep_locked(monitor_asleep_);
      if (w != nullptr) {
        // Under the lock: a sleeper that wakes by itself at this moment finds all three done.
        w->place.store(presence::present, std::memory_order_relaxed);
        w->searching = true;
        // Release: pairs with the acquire in sleep_once(); what we pushed, and its place.
        w->wake_word.store(word_awake, std::memory_order_release);
      }
    }
  }
  if (w != nullptr) return sys::futex_wake(w->wake_word, 1);
  if (start_thread) {
    worker* fresh_worker = new_worker();
    if (fresh_worker != nullptr) {
      fresh_worker->searching = true;
      if (sys::start_thread(worker_thread, fresh_worker, "warren", false) == 0) return;
      fresh_worker->searching = false;
      fresh_worker->place.store(presence::unused, std::memory_order_relaxed);
      // Release: pairs with the acquire in take_record(); the record is free again.
      fresh_worker->in_use.store(false, std::memory_order_release);
    }
    spin_guard hold(places_);
    --threads_;
    present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }
  searching_.store(0, std::memory_order_relaxed);
  // A thread that could not be started will not be had at once: those who hold the places find the work, or the monitor
  // tries again.
  if (start_thread) return;
  // StoreLoad; pairs with the fences of those who added work, saw a searcher in us, and woke nobody.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) < max_procs() && !is_stopping() && work_visible()) wake_for_work();
}

void scheduler::go_outside(worker* w) noexcept {
  {
    spin_guard hold(places_);
    if (w->place.load(std::memory_order_relaxed) == presence::present) {
      present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    if (w->place.load(std::memory_order_relaxed) != presence::away) ++outside_;
    w->place.store(presence::outside, std::memory_order_relaxed);
  }
  share_timers_of(w);
  // StoreLoad; pairs with the fences of those who add work or arm timers: they may have counted on this worker.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (work_visible() || (!has_timekeeper() && earliest_deadline() != never)) wake_for_work();
}

bool scheduler::come_back(worker* w) noexcept {
  spin_guard hold(places_);
  if (stopped(w)) return false;
  if (has_place(w)) return true;
  if (w->place.load(std::memory_order_relaxed) != presence::placeless) --outside_;
  w->attention.fetch_and(~attention::away, std::memory_order_relaxed);
  if (present_.load(std::memory_order_relaxed) >= max_procs()) {
    w->place.store(presence::placeless, std::memory_order_relaxed);
    return false;
  }
  present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  w->place.store(presence::present, std::memory_order_relaxed);
  the_monitor.wake_if_asleep_locked(monitor_asleep_);
  return true;
}

bool scheduler::send_away(worker* w) noexcept {
  {
    spin_guard hold(places_);
    if (w->place.load(std::memory_order_relaxed) != presence::present || w->current == nullptr) return false;
    w->place.store(presence::away, std::memory_order_relaxed);
    w->attention.fetch_or(attention::away, std::memory_order_relaxed);
    present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    ++outside_;
  }
  share_timers_of(w);
  return true;
}

std::uint32_t scheduler::set_max_procs(std::uint32_t n) noexcept {
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
    spin_guard hold(places_);
    ++outside_;
  }
  // Release: pairs with the acquire in find_work() and wait_for_locked().
  home->handed.store(g, std::memory_order_release);
  home->wake_word.store(word_look_again, std::memory_order_release);
  sys::futex_wake(home->wake_word, 1);
}

void scheduler::wait_for_locked(worker* w) noexcept {
  {
    spin_guard hold(places_);
    --outside_;
    // While it ran there was no deadlock to be seen; now there may be one.
    if (present_.load(std::memory_order_relaxed) == 0 && outside_ == 0) the_monitor.wake_if_asleep_locked(monitor_asleep_);
  }
  // Acquire: pairs with the release in locked_ready().
  while (!stopped(w) && w->handed.load(std::memory_order_acquire) == nullptr) {
    sys::futex_wait(w->wake_word, 0, -1);
    w->wake_word.store(0, std::memory_order_relaxed);
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

// --- timers

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
  // Release: pairs with the acquire in sleep_once().
  timekeeper_->wake_word.store(word_look_again, std::memory_order_release);
  sys::futex_wake(timekeeper_->wake_word, 1);
}

// --- threads

std::uint32_t scheduler::worker_count() const noexcept {
  // Acquire: pairs with the release in take_record(); the table's entries.
  return worker_count_.load(std::memory_order_acquire);
}

/// A record that nobody uses becomes that of a thread about to start in this run.
void scheduler::renew(worker* w) noexcept {
  w->current = nullptr;
  w->locked = nullptr;
  w->handed.store(nullptr, std::memory_order_relaxed);
  w->searching = false;
  w->dead_stack = nullptr;
  w->tick = 0;
  w->attention.store(0, std::memory_order_relaxed);
  // StoreLoad; pairs with the fence in stop(), which may have set the bit before it was cleared here.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (is_stopping()) w->attention.fetch_or(attention::stop, std::memory_order_relaxed);
  spin_guard hold(places_);
  w->epoch = epoch_.load(std::memory_order_relaxed);
  w->place.store(presence::present, std::memory_order_relaxed);
}

worker* scheduler::new_worker() noexcept {
  worker* w = take_record();
  if (w != nullptr) renew(w);
  return w;
}

worker* scheduler::take_record() noexcept {
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
    bool free = false;
    // Acquire: pairs with the release in end_on_thread(); the record is nobody's.
    if (worker_at(i)->in_use.compare_exchange_strong(free, true, std::memory_order_acquire)) return worker_at(i);
  }
  static constinit spinlock growing;
  spin_guard hold(growing);
  const std::uint32_t n = worker_count_.load(std::memory_order_relaxed);
  if (n == most_workers) return nullptr;
  auto* w = new (std::nothrow) worker;
  if (w == nullptr) return nullptr;
  w->index = n;
  w->as_worker = w;
  w->random = choice::next_stream();
  w->in_use.store(true, std::memory_order_relaxed);
  list_thread(w);
  table_[n].store(w, std::memory_order_relaxed);
  // Release: pairs with the acquire in worker_count().
  worker_count_.store(n + 1, std::memory_order_release);
  return w;
}

void scheduler::begin_on_thread(worker* w) noexcept {
  w->id = sys::thread_id();
  w->cpu_clock = sys::thread_cpu_clock();
  w->exceptions = find_exception_state();
  sys::set_timer_slack(1);
  if (sanitizer::watching_switches) sanitizer::adopt(w->own_stack);
  set_this_thread(w);
}

void scheduler::end_on_thread(worker* w) noexcept {
  w->blocks.drain();
  w->stack_pool.drain();
  {
    spin_guard hold(places_);
    if (w->epoch != epoch_.load(std::memory_order_relaxed)) return abandon_locked(w);
    if (w->place.load(std::memory_order_relaxed) == presence::present) {
      present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    if (w->place.load(std::memory_order_relaxed) == presence::idle) leave_idle_list(w);
    w->place.store(presence::unused, std::memory_order_relaxed);
    if (w->searching) searching_.store(0, std::memory_order_relaxed);
    w->searching = false;
    --threads_;
  }
  set_this_thread(nullptr);
  w->in_use.store(false, std::memory_order_release);  // pairs with the acquire in take_record()
  // Release: pairs with the acquire in wait_for_workers().
  leaving_word_.fetch_add(1, std::memory_order_release);
  sys::futex_wake(leaving_word_, 1);
}

/// A thread that its run did not wait for has ended in a later one, which never counted it.
void scheduler::abandon_locked(worker* w) noexcept {
  w->place.store(presence::unused, std::memory_order_relaxed);
  set_this_thread(nullptr);
  w->in_use.store(false, std::memory_order_release);  // pairs with the acquire in take_record()
}

void scheduler::run_worker(worker* w) noexcept {
  while (goroutine* g = find_work(w)) run_from_scheduler(w, g);
}

void scheduler::worker_thread(void* raw) {
  auto* w = static_cast<worker*>(raw);
  void* signal_stack = sys::install_signal_stack();
  sched.begin_on_thread(w);
  sched.run_worker(w);
  sched.end_on_thread(w);
  sys::release_signal_stack(signal_stack);
}

void scheduler::work_on_this_thread(goroutine* first) {
  thread* before = this_thread();
  worker* w = new_worker();
  if (w == nullptr) fatal("out of memory");
  {
    spin_guard hold(places_);
    ++threads_;
    present_.store(present_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  w->attention.fetch_or(attention::caller, std::memory_order_relaxed);
  begin_on_thread(w);
  // run() may be called in a catch block or while unwinding: that state is not the goroutines'.
  const exception_state callers = *w->exceptions;
  *w->exceptions = {};
  run_from_scheduler(w, first);
  run_worker(w);
  *find_exception_state() = callers;
  end_on_thread(w);
  set_this_thread(before);
}

// --- life

bool scheduler::is_open() const noexcept {
  // Acquire: pairs with the release in open().
  return open_.load(std::memory_order_acquire);
}

bool scheduler::is_stopping() const noexcept {
  // Acquire: pairs with the release in stop().
  return stopping_.load(std::memory_order_acquire);
}

void scheduler::open(const settings& s) noexcept {
  max_procs_.store(s.max_procs, std::memory_order_relaxed);
  max_threads_ = s.max_threads;
  detect_deadlock_ = s.detect_deadlock;
  {
    spin_guard hold(places_);
    // Threads that the last run did not wait for are not counted any more.
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    present_.store(0, std::memory_order_relaxed);
    searching_.store(0, std::memory_order_relaxed);
    wake_at_.store(INT64_MIN, std::memory_order_relaxed);
    idle_ = timekeeper_ = nullptr;
    outside_ = threads_ = 0;
    monitor_asleep_ = false;
  }
  stopping_.store(false, std::memory_order_relaxed);
  stopped_word_.store(0, std::memory_order_relaxed);
  // Release: pairs with the acquire in is_open().
  open_.store(true, std::memory_order_release);
  the_monitor.start();
}

void scheduler::stop() noexcept {
  // Release: pairs with the acquire in is_stopping().
  stopping_.store(true, std::memory_order_release);
  // StoreLoad; pairs with the fence in renew().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
    worker* w = worker_at(i);
    w->attention.fetch_or(attention::stop, std::memory_order_relaxed);
    // Release: pairs with the acquire in sleep_once() and wait_for_locked().
    w->wake_word.store(word_look_again, std::memory_order_release);
    sys::futex_wake(w->wake_word, 1);
  }
  // Release: pairs with the acquire in wait_until_stopped().
  stopped_word_.store(1, std::memory_order_release);
  sys::futex_wake(stopped_word_, 1);
}

void scheduler::wait_until_stopped() noexcept {
  caller_thread_.store(sys::thread_id(), std::memory_order_relaxed);
  // Acquire: pairs with the release in stop(); the status of goroutine 1.
  while (stopped_word_.load(std::memory_order_acquire) == 0) sys::futex_wait(stopped_word_, 0, -1);
  caller_thread_.store(0, std::memory_order_relaxed);
}

void scheduler::close() noexcept {
  the_monitor.stop();
  {
    spin_guard hold(places_);
    // A thread that did not come keeps running its goroutine: what that makes ready is for others.
    for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
      worker_at(i)->place.store(presence::unused, std::memory_order_relaxed);
    }
  }
  // Release: pairs with the acquire in is_open().
  open_.store(false, std::memory_order_release);
}

goroutine_list scheduler::take_all_queued() noexcept {
  goroutine_list all;
  inject_.take(all, UINT32_MAX);
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) empty_queues_of(worker_at(i), all);
  spin_guard hold(without_stack_lock_);
  all.append(std::move(without_stack_));
  without_stack_count_.store(0, std::memory_order_relaxed);
  return all;
}

void scheduler::empty_queues_of(worker* w, goroutine_list& to) noexcept {
  while (w->ready_queue.steal(to, run_queue::room) > 0) {
  }
  while (w->fresh.steal(to, UINT32_MAX) > 0) {
  }
  // Acquire: pairs with the release in make_runnable().
  if (goroutine* g = w->run_next.exchange(nullptr, std::memory_order_acq_rel)) to.push_back(g);
}

/// A worker without a place does not look into its heap.
void scheduler::share_timers_of(worker* w) noexcept {
  if (w->timers.size() == 0) return;
  w->timers.move_all_to(shared_timers_);
  deadline_added(shared_timers_.earliest(), false);
}

void scheduler::share_queues_of(worker* w) noexcept {
  goroutine_list all;
  empty_queues_of(w, all);
  if (all.empty()) return;
  inject_.append(std::move(all));
  wake_for_work();
}

bool scheduler::wait_for_workers(std::int64_t deadline) noexcept {
  for (;;) {
    // Acquire: pairs with the release in end_on_thread().
    const std::uint32_t left = leaving_word_.load(std::memory_order_acquire);
    {
      spin_guard hold(places_);
      if (threads_ == 0) return true;
    }
    if (now_ns() >= deadline) return false;
    sys::futex_wait(leaving_word_, left, deadline);
  }
}

}  // namespace warren::runtime
