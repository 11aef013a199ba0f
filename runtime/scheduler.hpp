// SPDX-License-Identifier: MIT
#pragma once

// Who runs what: places, queues, the search for work, sleep and wake-up. The essays open scheduler.cpp and its sisters.

#include <atomic>
#include <cstdint>

#include "event.hpp"
#include "inject_queue.hpp"
#include "netpoll.hpp"
#include "spinlock.hpp"
#include "timer_heap.hpp"
#include "worker.hpp"

namespace warren::runtime {

struct closed_world;
enum class world_end : std::uint8_t;

class scheduler {
 public:
  static constexpr std::uint32_t most_workers = 10'000;  ///< as Go's default limit of threads

  // --- life (run.cpp)

  struct settings {
    std::uint32_t max_procs;
    std::uint32_t max_threads;
    bool detect_deadlock;
    closed_world* world;
  };

  /// Makes everything ready for goroutines; no thread is started but the monitor's.
  void open(const settings& s) noexcept;
  /// Runs goroutine 1 on the calling thread until it leaves it: a thread that ran others could not return from run()
  /// when one of them does not stop.
  void work_on_this_thread(goroutine* first);
  void wait_until_stopped() noexcept;
  /// Nothing is started or resumed after this; workers leave at their next switch point.
  void stop() noexcept;
  /// Waits until all workers have left, at most until the clock reads `deadline`. True when all have.
  bool wait_for_workers(std::int64_t deadline) noexcept;
  /// The workers hold no places any more, whoever still runs.
  void leave_places() noexcept;
  void close() noexcept;

  bool is_open() const noexcept;
  bool is_stopping() const noexcept;

  // --- work

  /// A goroutine that has never run, from the calling thread.
  void start(goroutine* g) noexcept;
  /// See park.hpp.
  void ready(goroutine* g) noexcept;
  void ready(goroutine_list&& list) noexcept;
  /// Threads that are no workers, goroutines that have a thread for themselves, and those whose run is over.
  static bool stands_in_no_queue(const goroutine* g) noexcept;
  /// Asks for what its switch will read while the waker still goes on: among many goroutines it is in no cache.
  static void fetch_frames(const goroutine* g) noexcept;
  /// What the caller did happens before what the goroutine does next; for race detectors.
  static void hand_over(goroutine* g) noexcept;
  /// To the end of the worker's queue.
  void requeue(worker* w, goroutine* g) noexcept;
  void inject(goroutine* g) noexcept;
  /// The next goroutine that this worker has at hand, or null. Never looks at other workers. Null also when timers are
  /// due: the caller may hold the lock of a channel that one of them feeds, so they are fired from the worker's own
  /// stack, after the switch.
  /// `timers_fired`: just now, by the caller. If others are due again already they wait until the next time: a timer that is
  /// always due must not keep everything else waiting.
  template <bool timers_fired = false>
  goroutine* pick(worker* w) noexcept;
  bool timers_due(worker* w) noexcept;
  /// A goroutine could not start for want of a stack: it waits for one.
  void wait_for_stack(goroutine* g) noexcept;
  void stack_released() noexcept;

  // --- timers

  void arm(timer_node& node, std::int64_t when) noexcept;
  /// The earliest deadline of all heaps.
  std::int64_t earliest_deadline() noexcept;
  std::int64_t armed_timers() noexcept;
  /// At the end of a run: what is armed still never fires, but can be disarmed.
  void set_timers_aside() noexcept;
  bool is_of_ended_run(const timer_heap* heap) const noexcept { return heap == &timers_of_ended_runs_; }

  // --- places

  /// The calling worker gives its place away until come_back().
  void go_outside(worker* w) noexcept;
  /// True when it got a place again; else the goroutine must go to the inject queue and the worker to sleep.
  bool come_back(worker* w) noexcept;
  /// The monitor: takes the place of a worker that does not come to a switch point. False: it had none.
  bool send_away(worker* w) noexcept;
  std::uint32_t max_procs() const noexcept { return max_procs_.load(std::memory_order_relaxed); }
  /// How many workers hold a place.
  std::uint32_t present() const noexcept { return present_.load(std::memory_order_relaxed); }
  std::uint32_t set_max_procs(std::uint32_t n) noexcept;
  void locked_ready(goroutine* g) noexcept;

  // --- for the monitor, the deadlock detector and dumps

  /// Moves what waits in the queues of a worker that has no place to where all look.
  void share_queues_of(worker* w) noexcept;
  /// At the end of a run, when no worker runs: every goroutine that waits in a queue.
  goroutine_list take_all_queued() noexcept;

  std::uint32_t worker_count() const noexcept;
  worker* worker_at(std::uint32_t i) const noexcept { return table_[i].load(std::memory_order_relaxed); }
  bool work_visible() noexcept;
  /// Work that no present worker has seen: another worker is woken if there is a place.
  void wake_for_work() noexcept;
  void fire_timers(timer_heap& heap, std::int64_t now) noexcept;
  timer_heap& shared_timers() noexcept { return shared_timers_; }
  bool has_timekeeper() const noexcept;
  /// The one that sleeps until the earliest deadline looks where it has to sleep.
  void wake_timekeeper() noexcept;
  void poll_network_if_nobody_does() noexcept;
  /// What is due in any heap.
  void fire_all_timers(std::int64_t now) noexcept;
  /// Somebody who has no place waits for an event: somebody must ask the poller.
  void ensure_timekeeper() noexcept;
  /// Whoever was woken up to now. What was seen asleep since it read the same has been so all the time.
  std::uint64_t awakenings() const noexcept { return awakenings_.load(std::memory_order_relaxed); }
  /// There is a free place, and nobody searches for work. What lies in a queue at that moment, put there by one who is
  /// done with it, was missed: a lost wake-up.
  bool unattended() const noexcept { return present() < max_procs() && !somebody_searches(); }
  bool somebody_searches() const noexcept { return searching_.load(std::memory_order_relaxed) != 0; }
  /// Nobody runs, searches, or is in a call: whatever sleeps now can be woken only from outside the library.
  bool all_asleep() noexcept;
  std::uint32_t waiting_for_stack() const noexcept { return without_stack_count_.load(std::memory_order_relaxed); }
  /// The kernel's id of the thread that waits in run(); 0: none does.
  int caller_thread() const noexcept { return caller_thread_.load(std::memory_order_relaxed); }
  bool detects_deadlock() const noexcept { return detect_deadlock_; }
  /// Of the current run. Null: it has none.
  closed_world* world() const noexcept { return world_.load(std::memory_order_relaxed); }
  bool is_explored() const noexcept;
  /// Ends the run; unless it came by itself, with everybody's trace on standard error.
  void end_world(world_end why) noexcept;
  std::uint32_t max_threads() const noexcept { return max_threads_; }

  std::uint32_t look() const noexcept { return look_.load(std::memory_order_relaxed); }
  void next_look() noexcept { look_.store(look() + 1, std::memory_order_relaxed); }

 private:
  friend class monitor;

  enum class searcher : std::uint8_t { woken, to_be_started, not_wanted };
  struct nap {
    std::int64_t until;
    bool as_timekeeper;
  };

  void make_runnable(goroutine* g) noexcept;
  void make_runnable(goroutine_list&& list) noexcept;
  void ready_elsewhere(goroutine* g) noexcept;
  goroutine* pick_sometimes(worker* w, std::uint32_t tick) noexcept;
  bool streak_is_over(worker* w, std::uint32_t streak) noexcept;
  goroutine* pick_after_streak(worker* w, goroutine* g) noexcept;
  goroutine* take_injected(worker* w) noexcept;
  goroutine* take_aged(worker* w) noexcept;
  goroutine* steal_fresh(worker* thief, worker* victim) noexcept;
  goroutine* find_work(worker* w) noexcept;
  void pay_attention(worker* w) noexcept;
  goroutine* next_at_hand(worker* w) noexcept;
  goroutine* choose(worker* w) noexcept;
  bool all_stand_still(std::uint32_t present) noexcept;
  void go_on() noexcept;
  goroutine* search(worker* w) noexcept;
  goroutine* steal_from(worker* thief, worker* victim, bool late) noexcept;
  void begin_search(worker* w) noexcept;
  void end_search(worker* w) noexcept;
  void run_own_timers(worker* w) noexcept;

  goroutine* take_from_network(worker* w) noexcept;
  bool enter_poller(worker* w) noexcept;
  void leave_poller(worker* w) noexcept;
  void begin_errand(worker* w) noexcept;
  void bring(const netpoll::batch& events) noexcept;
  void hand_over_timekeeping() noexcept;
  bool is_stranger(const worker* w) const noexcept;
  bool sleep_in_poller(worker* w, std::int64_t deadline) noexcept;
  static void ring(worker* w, std::uint32_t word) noexcept;
  static void ring_prepared(worker* w) noexcept;
  void sleep_idle(worker* w) noexcept;
  bool sleep_once(worker* w) noexcept;
  bool take_place(worker* w) noexcept;
  nap next_nap(worker* w) noexcept;
  void enter_idle(worker* w) noexcept;
  void leave_idle_list(worker* w) noexcept;
  void wait_for_locked(worker* w) noexcept;
  bool leave_as_caller(worker* w) noexcept;

  void push(worker* w, goroutine* g) noexcept;
  void push_fresh(worker* w, goroutine* g) noexcept;
  void push_half_out(worker* w, goroutine* g) noexcept;
  void leave_over(goroutine* g) noexcept;
  void work_added(worker* w, bool quietly) noexcept;
  void wake_for_added(worker* w, bool quietly) noexcept;
  void wake_searcher() noexcept;
  searcher call_searcher(std::uint32_t& run) noexcept;
  void start_searcher(std::uint32_t run) noexcept;
  void seat(worker* w) noexcept;
  void unseat(worker* w, presence then) noexcept;
  static bool counts_as_outside(const worker* w) noexcept;
  void wake_monitor() noexcept;
  void wake_monitor_if_all_sleep() noexcept;
  void wait_for_another_thread() noexcept;
  worker* take_record() noexcept;
  bool renew(worker* w, std::uint32_t run) noexcept;
  static void worker_thread(void* raw);
  void run_worker(worker* w) noexcept;
  void make_predictable(worker* w) const noexcept;
  void begin_on_thread(worker* w) noexcept;
  void end_on_thread(worker* w) noexcept;
  bool all_leave(std::int64_t deadline) noexcept;
  void join_ended(std::int64_t deadline) noexcept;
  void share_timers_of(worker* w) noexcept;
  void share_stacks_of(worker* w) noexcept;
  void deadline_added(std::int64_t when, bool own) noexcept;
  void empty_queues_of(worker* w, goroutine_list& to) noexcept;

  // Read by every ready(), written when workers go to sleep or wake.
  alignas(64) std::atomic<std::uint32_t> max_procs_{1};
  std::atomic<std::uint32_t> present_{0};    ///< workers that hold a place; changed under places_
  std::atomic<std::uint32_t> searching_{0};  ///< 0 or 1
  std::atomic<std::int64_t> wake_at_{INT64_MIN};  ///< until when the timekeeper sleeps; INT64_MIN: there is none
  std::atomic<std::uint32_t> look_{0};       ///< the monitor's looks
  std::atomic<std::int64_t> errand_ns_{0};   ///< how long a worker that left the poller was busy, lately
  std::atomic<std::uint32_t> polled_at_{0};  ///< the look at which a busy worker last asked the poller

  alignas(64) spinlock places_;
  worker* ended_ = nullptr;                  ///< whose threads have left and are to be joined
  worker* idle_ = nullptr;                   ///< those asleep, the last to fall asleep first
  worker* timekeeper_ = nullptr;             ///< the one of them that sleeps until the earliest deadline
  std::atomic<worker*> in_poller_{nullptr};  ///< who sleeps in the poller: the timekeeper, or the last one on its way out
  std::uint32_t outside_ = 0;                ///< goroutines that run without a place
  std::uint32_t threads_ = 0;                ///< worker threads, the one in run() included
  bool monitor_asleep_ = false;
  event monitor_bell_;
  std::atomic<std::uint64_t> awakenings_{0};   ///< of workers, and of threads that are none

  std::atomic<std::uint32_t> epoch_{0};        ///< counts runs; changed under places_
  std::atomic<bool> open_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint32_t> stopped_word_{0};  ///< 1 once stop() was called; run() sleeps on it
  std::atomic<std::uint32_t> leaving_word_{0};  ///< counts workers that left; run() sleeps on it
  std::atomic<int> caller_thread_{0};
  std::uint32_t max_threads_ = most_workers;
  bool detect_deadlock_ = false;
  std::atomic<closed_world*> world_{nullptr};

  inject_queue inject_;
  timer_heap shared_timers_;                 ///< of threads that are no workers, and of workers without a place
  timer_heap timers_of_ended_runs_;
  spinlock without_stack_lock_;
  goroutine_list without_stack_;
  std::atomic<std::uint32_t> without_stack_count_{0};

  std::atomic<std::uint32_t> worker_count_{0};
  std::atomic<worker*> table_[most_workers] = {};
};

/// The process has one.
extern scheduler sched;

template <bool timers_fired>
WARREN_FLATTENED goroutine* scheduler::pick(worker* w) noexcept {
  const std::uint32_t tick = w->tick + 1;
  if ((tick & 7) == 0 || w->look_seen != look()) [[unlikely]] {
    // Without a tick: what this one is for comes after the timers.
    if (!timers_fired && timers_due(w)) return nullptr;
    w->tick = tick;
    if (goroutine* g = pick_sometimes(w, tick)) return g;
  }
  w->tick = tick;
  if (w->run_next.load(std::memory_order_relaxed) != nullptr) {
    // Acquire: pairs with the release in make_runnable() and the exchanges of thieves.
    if (goroutine* g = w->run_next.exchange(nullptr, std::memory_order_acq_rel)) {
      const std::uint32_t streak = w->run_next_streak + 1;
      w->run_next_streak = streak;
      return (streak & 15) != 4 ? g : pick_after_streak(w, g);
    }
  }
  w->run_next_streak = 0;
  if (goroutine* g = w->ready_queue.pop()) return g;
  return w->fresh.empty() ? nullptr : w->fresh.pop_newest();
}

WARREN_FLATTENED void scheduler::push(worker* w, goroutine* g) noexcept {
  if (!w->ready_queue.push(g)) [[unlikely]] push_half_out(w, g);
}

WARREN_FLATTENED void scheduler::requeue(worker* w, goroutine* g) noexcept {
  if (!has_place(w)) [[unlikely]] return inject(g);
  push(w, g);
}

WARREN_FLATTENED bool scheduler::stands_in_no_queue(const goroutine* g) noexcept {
  return g->has(goroutine::no_queue) || g->left_over.load(std::memory_order_relaxed);
}

WARREN_FLATTENED void scheduler::fetch_frames(const goroutine* g) noexcept {
  constexpr int cache_lines = 5;  // registers, the frames of parking, and those of the channel
  const auto* lowest = static_cast<const char*>(g->context);
  for (int i = 0; i < cache_lines; ++i) __builtin_prefetch(lowest + i * 64);
}

WARREN_FLATTENED void scheduler::hand_over(goroutine* g) noexcept {
  if (sanitizer::watching_switches) [[unlikely]] sanitizer::hand_over_begin(g->hand_over_key());
}

}  // namespace warren::runtime
