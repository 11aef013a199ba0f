// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// How work finds a worker. (How a worker goes to sleep: scheduler_places.cpp. Timers: scheduler_timers.cpp. Threads, and
// the life of a run: scheduler_threads.cpp.)
//
// Queues of a worker, in the order in which it looks: run_next (what it has just made ready, for a millisecond in a row),
// ready_queue, fresh (newest first). Every 8th pick: its timers, and a fresh goroutine that has waited for 10 ms, as far
// as its ration goes; every 64th the inject queue. So nothing waits for ever however busy the worker is.
//
// Search. A worker with nothing at hand looks into the others' queues; at most one does so at a time (`searching_`), and
// it goes on for some microseconds before it sleeps. It leaves run_next and a lone fresh goroutine to a worker that moves
// on, because they are about to be run there; from one that does not, or that lost its place, it takes them.
//
// Quiet wake-ups. A goroutine that readies another and parks right after it (ping-pong, go + wait) needs no second worker;
// waking one costs more than everything else it does. So a worker that woke a searcher from which nothing was stolen
// leaves the next such wake-ups out: 1, 3, 7, … 1023 of them, half as many again after each theft. If a goroutine then
// computes while work lies in run_next, the monitor sees it at its next look, wakes a searcher, and ends the silence.

#include <algorithm>

#include "netpoll.hpp"
#include "population.hpp"
#include "system.hpp"

namespace warren::runtime {

constinit scheduler sched;

namespace {

constexpr std::uint32_t most_injected_at_once = 64;
constexpr std::uint32_t most_fresh_stolen = 16;
constexpr int polls_before_sleep = 16;
constexpr int polls_before_late = 5;  // some microseconds without a switch anywhere
constexpr int pauses_between_polls = 60;

}  // namespace

// --- adding work

/// Without memory for one more in the ring it waits among those that are ready.
void scheduler::push_fresh(worker* w, goroutine* g) noexcept {
  if (!w->fresh.push(g)) [[unlikely]] push(w, g);
}

/// The ready queue is full: half of it and g go where all look.
void scheduler::push_half_out(worker* w, goroutine* g) noexcept {
  goroutine_list overflow;
  w->ready_queue.steal(overflow, run_queue::room / 2);
  overflow.push_back(g);
  inject_.append(std::move(overflow));
}

void scheduler::inject(goroutine* g) noexcept {
  inject_.push(g);
  wake_for_work();
}

/// A goroutine that outlasts its run starts nothing in a later one.
void scheduler::leave_over(goroutine* g) noexcept {
  g->left_over.store(true, std::memory_order_relaxed);
  if (!g->written_off.exchange(true, std::memory_order_relaxed)) write_off(1, g->stack_at != nullptr ? 1 : 0);
}

/// ready() for those that stand in no worker's queue.
void scheduler::ready_elsewhere(goroutine* g) noexcept {
  if (g->left_over.load(std::memory_order_relaxed)) return;
  if (g->has(goroutine::locked)) {
    g->state.store(goroutine_state::runnable, std::memory_order_relaxed);
    return locked_ready(g);
  }
  awakenings_.fetch_add(1, std::memory_order_relaxed);
  // Set here, not by the thread when it wakes: from now on it counts as one that may act.
  g->state.store(goroutine_state::running, std::memory_order_relaxed);
  // Release: pairs with the acquire in park_thread(). The record is never freed, so the wake may come late.
  g->wake_word.store(1, std::memory_order_release);
  sys::futex_wake(g->wake_word, 1);
}

void scheduler::ready(goroutine* g) noexcept {
  hand_over(g);
  if (stands_in_no_queue(g)) [[unlikely]] return ready_elsewhere(g);
  fetch_frames(g);
  g->state.store(goroutine_state::runnable, std::memory_order_relaxed);
  make_runnable(g);
}

void scheduler::ready(goroutine_list&& list) noexcept {
  goroutine_list workers_own;
  while (goroutine* g = list.pop_front()) {
    hand_over(g);
    if (stands_in_no_queue(g)) {
      ready_elsewhere(g);
      continue;
    }
    g->state.store(goroutine_state::runnable, std::memory_order_relaxed);
    workers_own.push_back(g);
  }
  make_runnable(std::move(workers_own));
}

void scheduler::start(goroutine* g) noexcept {
  hand_over(g);
  g->fresh_since = look();
  worker* w = this_worker();
  // On a worker's own stack it is an event or a timer that starts it, and this thread is only late in hearing of the end.
  if (w != nullptr && stopped(w) && w->current != nullptr) return leave_over(g);
  if (!has_place(w)) return inject(g);
  const bool alone = w->fresh.empty();
  push_fresh(w, g);
  work_added(w, alone);
}

[[gnu::always_inline]] inline void scheduler::make_runnable(goroutine* g) noexcept {
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
  inject_.append(std::move(list));
  wake_for_work();
}

[[gnu::always_inline]] inline void scheduler::work_added(worker* w, bool quietly) noexcept {
  if (max_procs() == 1) return;  // the one place is ours
  if (quietly && w->quiet_left > 0) {
    w->quiet_left = w->quiet_left - 1;
    return;
  }
  wake_for_added(w, quietly);
}

void scheduler::wake_for_added(worker* w, bool quietly) noexcept {
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
  // Once a look of the monitor at the latest, however long the goroutines here run between two picks. And this goes first,
  // or the other would always win.
  const bool new_look = w->look_seen != look();
  w->look_seen = look();
  if (new_look || (tick & 63) == 0) {
    if (goroutine* g = take_injected(w)) return g;
  }
  return take_aged(w);
}

bool scheduler::streak_is_over(worker* w, std::uint32_t streak) noexcept {
  // By time, not by count: a pair that works for long between hand-overs would get more than one that does not.
  constexpr std::int64_t slice_ns = 1'000'000;
  const std::int64_t now = monotonic_ns();
  if (streak < 16) {
    w->streak_since = now;
    return false;
  }
  return now - w->streak_since >= slice_ns;
}

/// g, taken from run_next like some before it, or another. A pair that hands over through run_next inherits its slice, or
/// it would keep all others waiting.
goroutine* scheduler::pick_after_streak(worker* w, goroutine* g) noexcept {
  if (!streak_is_over(w, w->run_next_streak)) return g;
  goroutine* other = w->ready_queue.pop();
  if (other == nullptr) other = w->fresh.pop_newest();
  if (other == nullptr) return g;
  w->run_next_streak = 0;
  requeue(w, g);
  return other;
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
  goroutine* first = nullptr;
  bool more = false;
  while (goroutine* g = some.pop_front()) {
    // Made ready by a thread just before the end of its run marked it: it never runs again.
    if (g->left_over.load(std::memory_order_relaxed)) continue;
    if (first == nullptr) {
      first = g;
      continue;
    }
    more = true;
    if (g->stack_at != nullptr) {
      push(w, g);
    } else {
      push_fresh(w, g);
    }
  }
  // They were in no queue for a moment: who searched then, and fell asleep, has not seen them.
  if (more) wake_for_work();
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
  // StoreLoad; pairs with the fences in wake_for_added() and wake_for_work(): who added work while we searched woke nobody.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (present_.load(std::memory_order_relaxed) < max_procs() && work_visible()) wake_for_work();
}

/// The oldest of the victim's fresh goroutines; some that come after it go to the thief's own fresh ones, so that it
/// walks them in depth as well.
goroutine* scheduler::steal_fresh(worker* thief, worker* victim) noexcept {
  goroutine* loot[most_fresh_stolen];
  const std::uint32_t n = victim->fresh.steal(loot, most_fresh_stolen);
  if (n == 0) return nullptr;
  victim->stolen_from.fetch_add(1, std::memory_order_relaxed);
  for (std::uint32_t i = 1; i < n; ++i) push_fresh(thief, loot[i]);
  return loot[0];
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
  // With one place there is nobody who could add work from inside, and who adds it from outside wakes us.
  const int polls = max_procs() == 1 ? 1 : polls_before_sleep;
  for (int poll = 0; poll < polls; ++poll) {
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
    for (int i = 0; i < pauses_between_polls && polls > 1; ++i) cpu_pause();
  }
  return nullptr;
}

/// Nothing is at hand: what the network brings, unless somebody sleeps there, and will bring it.
goroutine* scheduler::take_from_network(worker* w) noexcept {
  if (!netpoll::has_files() || has_timekeeper()) return nullptr;
  polled_at_.store(look(), std::memory_order_relaxed);
  netpoll::batch events;
  netpoll::look(events);
  if (events.size == 0) return nullptr;
  bring(events);
  return pick(w);
}

/// For the monitor: nobody was idle for long enough to ask.
void scheduler::poll_network_if_nobody_does() noexcept {
  if (!netpoll::has_files() || has_timekeeper() || polled_at_.load(std::memory_order_relaxed) == look()) return;
  netpoll::batch events;
  netpoll::look(events);
  bring(events);
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
    unseat(w, presence::placeless);
    ++outside_;
  }
  share_queues_of(w);
}

goroutine* scheduler::next_at_hand(worker* w) noexcept {
  run_own_timers(w);
  return is_explored() ? choose(w) : pick<true>(w);
}

goroutine* scheduler::find_work(worker* w) noexcept {
  // In no queue, where somebody else might come before it again and again.
  if (goroutine* g = w->picked) {
    w->picked = nullptr;
    if (!stopped(w) && has_place(w)) return g;
    inject(g);
  }
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
      goroutine* g = next_at_hand(w);
      if (g == nullptr) g = take_injected(w);
      if (g == nullptr) g = take_from_network(w);
      if (g == nullptr) {
        begin_search(w);
        if (w->searching) g = search(w);
      }
      if (g != nullptr) {
        end_search(w);
        if (!stopped(w)) return g;
        // Its run was over before g was found, so g may be another run's.
        inject(g);
        return nullptr;
      }
      if (!stopped(w) && all_stand_still(1)) {
        go_on();
        continue;
      }
    }
    sleep_idle(w);
  }
}

// --- queues of workers that do not run

void scheduler::share_queues_of(worker* w) noexcept {
  goroutine_list all;
  empty_queues_of(w, all);
  if (all.empty()) return;
  inject_.append(std::move(all));
  wake_for_work();
}

void scheduler::empty_queues_of(worker* w, goroutine_list& to) noexcept {
  while (w->ready_queue.steal(to, run_queue::room) > 0) {
  }
  goroutine* some[64];
  while (const std::uint32_t n = w->fresh.steal(some, std::size(some))) {
    for (std::uint32_t i = 0; i < n; ++i) to.push_back(some[i]);
  }
  // Acquire: pairs with the release in make_runnable().
  if (goroutine* g = w->run_next.exchange(nullptr, std::memory_order_acq_rel)) to.push_back(g);
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

}  // namespace warren::runtime
