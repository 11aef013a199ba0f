// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// The threads of workers, and the life of a run.
//
// Laws
//   * A record in the table is used by at most one thread (`in_use`), and never freed. It is free again when the thread
//     has been joined: what a thread does at its end is over when run() returns, or it would meet the end of the process.
//   * A run that ends does not wait for ever for threads that sit in a goroutine which does not stop. Such a thread goes
//     on into later runs as a stranger: its record says which run it belongs to (`epoch`), and it is not counted.

#include <algorithm>
#include <new>
#include <utility>

#include "entry.hpp"
#include "fatal.hpp"
#include "system.hpp"

namespace warren::runtime {

// --- threads

std::uint32_t scheduler::worker_count() const noexcept {
  // Acquire: pairs with the release in take_record(); the table's entries.
  return worker_count_.load(std::memory_order_acquire);
}

/// A record that nobody uses becomes that of a thread about to start in that run. False: the run is over.
bool scheduler::renew(worker* w, std::uint32_t run) noexcept {
  w->current = nullptr;
  w->locked = nullptr;
  w->handed.store(nullptr, std::memory_order_relaxed);
  w->searching = false;
  w->dead_stack = nullptr;
  w->left_poller_at = 0;
  w->tick = 0;
  w->epoch = run;
  w->handle = 0;
  share_queues_of(w);  // what its last thread put there when its run was over already
  w->attention.store(0, std::memory_order_relaxed);
  // StoreLoad; pairs with the fence in stop(), which may have set the bit before it was cleared here.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (is_stopping()) w->attention.fetch_or(attention::stop, std::memory_order_relaxed);
  spin_guard hold(places_);
  if (epoch_.load(std::memory_order_relaxed) != run) return false;
  w->place.store(presence::present, std::memory_order_relaxed);
  return true;
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
  if (sanitizer::watching_switches) {
    sanitizer::adopt(w->own_stack);
    sanitizer::hand_over_begin(w);  // the record, and the thread's own variables
  }
  set_this_thread(w);
}

/// A thread that its run did not wait for ends in a later one, which never counted it. It was late in hearing of the end,
/// and may have become that run's searcher on the way.
void scheduler::end_on_thread(worker* w) noexcept {
  w->blocks.drain();
  w->stack_pool.drain();
  bool counted = false;
  const bool searched = w->searching;
  const sys::thread_handle handle = w->handle;
  {
    spin_guard hold(places_);
    counted = !is_stranger(w);
    if (counted) {
      if (w->place.load(std::memory_order_relaxed) == presence::idle) leave_idle_list(w);
      unseat(w, presence::unused);
      --threads_;
      if (handle != 0) {
        w->next_ended = ended_;
        ended_ = w;
      }
    } else {
      w->place.store(presence::unused, std::memory_order_relaxed);
    }
    w->searching = false;
    if (searched) searching_.store(0, std::memory_order_relaxed);
  }
  if (!counted) stacks::tidy_all();  // its run has done so before, and there may be no monitor
  set_this_thread(nullptr);
  // Release: pairs with the acquire in take_record().
  if (!counted || handle == 0) w->in_use.store(false, std::memory_order_release);
  if (!counted) {
    if (handle != 0) sys::forget_thread(handle);
    if (searched) wake_for_work();  // who added work meanwhile counted on us
    return;
  }
  // Release: pairs with the acquire in wait_for_workers().
  leaving_word_.fetch_add(1, std::memory_order_release);
  sys::futex_wake(leaving_word_, 1);
}

/// A thread for which a place was made in that run. If none can be had, none will be had at once: those who hold the places
/// find the work, or the monitor tries again.
void scheduler::start_searcher(std::uint32_t run) noexcept {
  worker* w = take_record();
  if (w != nullptr && renew(w, run)) {
    w->searching = true;
    if (sys::start_thread(worker_thread, w, "warren", false, sys::thread_end::joined) == 0) return;
    w->searching = false;
  }
  {
    spin_guard hold(places_);
    if (w != nullptr) w->place.store(presence::unused, std::memory_order_relaxed);
    // A run that has ended meanwhile took its counts with it.
    if (epoch_.load(std::memory_order_relaxed) == run) {
      --threads_;
      present_.store(present_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
      searching_.store(0, std::memory_order_relaxed);
    }
  }
  // Release: pairs with the acquire in take_record(); the record is free again.
  if (w != nullptr) w->in_use.store(false, std::memory_order_release);
}

void scheduler::run_worker(worker* w) noexcept {
  while (goroutine* g = find_work(w)) run_from_scheduler(w, g);
}

void scheduler::worker_thread(void* raw) {
  auto* w = static_cast<worker*>(raw);
  w->handle = sys::this_thread_handle();
  void* signal_stack = sys::install_signal_stack();
  sched.begin_on_thread(w);
  sched.run_worker(w);
  sched.end_on_thread(w);
  sys::release_signal_stack(signal_stack);
}

void scheduler::work_on_this_thread(goroutine* first) {
  thread* before = this_thread();
  worker* w = take_record();
  if (w == nullptr) fatal("out of memory");
  renew(w, epoch_.load(std::memory_order_relaxed));
  {
    spin_guard hold(places_);
    ++threads_;
    seat(nullptr);
  }
  if (world() != nullptr) {
    make_predictable(w);
  } else {
    w->attention.fetch_or(attention::caller, std::memory_order_relaxed);
  }
  begin_on_thread(w);
  // run() may be called in a catch block or while unwinding: that state is not the goroutines'.
  exception_state callers;
  swap_exceptions(w->exceptions, callers, {});
  run_from_scheduler(w, first);
  run_worker(w);
  set_exceptions(find_exception_state(), callers);
  if (is_explored()) w->next_id = w->ids_end = 0;
  sys::set_timer_slack(0);  // as it was
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
  world_.store(s.world, std::memory_order_relaxed);
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
}

void scheduler::stop() noexcept {
  // Release: pairs with the acquire in is_stopping().
  stopping_.store(true, std::memory_order_release);
  // StoreLoad; pairs with the fence in renew().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
    worker* w = worker_at(i);
    w->attention.fetch_or(attention::stop, std::memory_order_relaxed);
    ring(w, wake_up::look_again);
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

void scheduler::leave_places() noexcept {
  spin_guard hold(places_);
  // A thread that did not come keeps running its goroutine: what that makes ready is for others.
  for (std::uint32_t i = 0, n = worker_count(); i < n; ++i) {
    worker_at(i)->place.store(presence::unused, std::memory_order_relaxed);
  }
}

void scheduler::close() noexcept {
  world_.store(nullptr, std::memory_order_relaxed);
  // Release: pairs with the acquire in is_open().
  open_.store(false, std::memory_order_release);
}

void scheduler::join_ended(std::int64_t deadline) noexcept {
  worker* w = nullptr;
  {
    spin_guard hold(places_);
    w = std::exchange(ended_, nullptr);
  }
  while (w != nullptr) {
    worker* next = w->next_ended;
    sys::join_thread(w->handle, deadline);
    // Release: pairs with the acquire in take_record().
    w->in_use.store(false, std::memory_order_release);
    w = next;
  }
}

bool scheduler::wait_for_workers(std::int64_t deadline) noexcept {
  const bool all_left = all_leave(deadline);
  join_ended(deadline);
  return all_left;
}

bool scheduler::all_leave(std::int64_t deadline) noexcept {
  for (;;) {
    // Acquire: pairs with the release in end_on_thread().
    const std::uint32_t left = leaving_word_.load(std::memory_order_acquire);
    {
      spin_guard hold(places_);
      if (threads_ == 0) return true;
    }
    if (monotonic_ns() >= deadline) return false;
    sys::futex_wait(leaving_word_, left, deadline);
  }
}

}  // namespace warren::runtime
