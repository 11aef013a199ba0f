// SPDX-License-Identifier: MIT
#include "deadlock.hpp"

#include "dump.hpp"
#include "fatal.hpp"
#include "netpoll.hpp"
#include "population.hpp"
#include "sanitizer.hpp"
#include "scheduler.hpp"
#include "system.hpp"

namespace warren::runtime::deadlock {

namespace {

bool nothing_comes_by_itself() noexcept {
  return sched.is_open() && !sched.is_stopping() && sched.all_asleep() && sched.armed_timers() == 0 && netpoll::waits() == 0;
}

bool sleeps_in_the_library(int id) noexcept {
  if (id == sched.caller_thread()) return true;
  bool known = false;
  for_each_thread([&](thread* t) {
    if (t->id != id || !t->in_use.load(std::memory_order_relaxed)) return;
    // A thread that called run() has two records: its own, and the worker's that it was.
    known = known || t->as_worker != nullptr ||
            // Acquire: pairs with the release in park_thread(); what the thread woke before is counted.
            t->self.state.load(std::memory_order_acquire) == goroutine_state::parked;
  });
  return known;
}

/// Threads that are neither the library's nor parked in it. Any of them may be about to send.
bool others_live(int monitor_thread) noexcept {
  int ids[1024];
  const int n = sys::list_threads(ids);
  if (n < 0 || n > static_cast<int>(std::size(ids))) return true;
  bool spared = !sanitizer::has_own_thread();
  for (int i = 0; i < n; ++i) {
    if (ids[i] == monitor_thread || sleeps_in_the_library(ids[i])) continue;
    if (!spared && sys::thread_blocks_all_signals(ids[i])) {
      spared = true;
      continue;
    }
    return true;
  }
  return false;
}

/// Somebody who is not the library's may stop a timer or close a file without waking a worker.
bool end_depends_on_others(int monitor_thread) noexcept {
  return sched.armed_timers() > 0 || (netpoll::waits() > 0 && sched.all_asleep() && others_live(monitor_thread));
}

}  // namespace

verdict look(int monitor_thread) noexcept {
  if (!sched.detects_deadlock()) return verdict::alive;
  const std::uint64_t awakenings = sched.awakenings();
  if (!nothing_comes_by_itself()) return end_depends_on_others(monitor_thread) ? verdict::others_may_act : verdict::alive;
  if (others_live(monitor_thread)) return verdict::others_may_act;
  // A thread may have been born while the list was read: only two looks that agree count.
  sys::sleep_ns(1'000'000);
  if (others_live(monitor_thread)) return verdict::others_may_act;
  // They were looked at one after the other. One may have woken another that had been seen asleep, and gone to sleep
  // itself before its turn came.
  if (!nothing_comes_by_itself() || sched.awakenings() != awakenings) return verdict::in_motion;
  if (sched.waiting_for_stack() > 0) fatal("out of memory: cannot map a goroutine stack");
  if (live_goroutines() == 0) fatal_without_trace("no goroutines (main called runtime.Goexit) - deadlock!");
  report_deadlock();
}

}  // namespace warren::runtime::deadlock
