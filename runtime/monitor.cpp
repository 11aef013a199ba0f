// SPDX-License-Identifier: MIT
#include "monitor.hpp"

#include <algorithm>

#include "deadlock.hpp"
#include "fatal.hpp"
#include "netpoll.hpp"
#include "stack.hpp"
#include "system.hpp"

namespace warren::runtime {

constinit monitor the_monitor;

namespace {
constexpr std::int64_t look_ns = 10'000'000;
constexpr std::int64_t longest_recheck_ns = 1'000'000'000;
}  // namespace

void monitor::start() noexcept {
  stopping_.store(false, std::memory_order_relaxed);
  running_.store(1, std::memory_order_relaxed);
  recheck_ns_ = look_ns;
  if (sys::start_thread([](void* m) { thread_body(m); }, this, "warren monitor", true) != 0) {
    running_.store(0, std::memory_order_relaxed);
    fatal("cannot start the monitor thread");
  }
}

void monitor::stop() noexcept {
  stopping_.store(true, std::memory_order_relaxed);
  sched.monitor_bell_.ring();
  // Acquire: pairs with the release in thread_body().
  while (running_.load(std::memory_order_acquire) != 0) sys::futex_wait(running_, 1, -1);
}

void monitor::thread_body(void* raw) noexcept {
  auto* m = static_cast<monitor*>(raw);
  m->thread_id_.store(sys::thread_id(), std::memory_order_relaxed);
  m->loop();
  m->thread_id_.store(0, std::memory_order_relaxed);
  // Release: pairs with the acquire in stop().
  m->running_.store(0, std::memory_order_release);
  sys::futex_wake(m->running_, 1);
}

void monitor::loop() noexcept {
  while (!stopping_.load(std::memory_order_relaxed)) {
    sched.monitor_bell_.wait(look_ns);
    if (stopping_.load(std::memory_order_relaxed)) return;
    if (sleep_if_idle()) continue;
    look();
    stacks::tidy();
    // Who found no stack while they were in our hands.
    if (sched.waiting_for_stack() > 0) sched.stack_released();
  }
}

/// True when it slept, or found that there is nothing to look at.
bool monitor::sleep_if_idle() noexcept {
  {
    spin_guard hold(sched.places_);
    // Work or timers that lie there while nobody runs are those of a thread that could not be started: look() tries again.
    const bool to_be_watched = sched.earliest_deadline() != never || netpoll::has_files();
    const bool left_alone = sched.work_visible() || (!sched.has_timekeeper() && to_be_watched);
    if (sched.present_.load(std::memory_order_relaxed) != 0 || left_alone || stacks::any_worn()) return false;
    sched.monitor_asleep_ = true;
  }
  const deadlock::verdict v = deadlock::look(thread_id());
  if (sched.waiting_for_stack() > 0) {
    // Nobody is there to end and leave a stack behind; there may be memory again.
    sched.stack_released();
    sched.monitor_bell_.wait(look_ns);
    spin_guard hold(sched.places_);
    sched.monitor_asleep_ = false;
    return true;
  }
  sched.monitor_bell_.wait(v == deadlock::verdict::alive ? never : recheck_ns_.get());
  const bool more_patient = v == deadlock::verdict::others_may_act;
  recheck_ns_ = more_patient ? std::min(recheck_ns_ * 2, longest_recheck_ns) : look_ns;
  spin_guard hold(sched.places_);
  sched.monitor_asleep_ = false;
  return true;
}

void monitor::look() noexcept {
  sched.next_look();
  recheck_ns_ = look_ns;
  const std::int64_t now = now_ns();
  look_at_timers(now);
  sched.poll_network_if_nobody_does();
  if (sched.waiting_for_stack() > 0) sched.stack_released();
  const bool timers_unwatched = !sched.has_timekeeper() && sched.earliest_deadline() < saturating_add(now, look_ns);
  const bool nobody_polls = sched.present() == 0 && !sched.has_timekeeper() && netpoll::has_files();
  const bool work_waits = timers_unwatched || nobody_polls || sched.work_visible();
  bool one_replaced = false;
  bool any_quiet_work = false;
  for (std::uint32_t i = 0, n = sched.worker_count(); i < n; ++i) {
    worker* w = sched.worker_at(i);
    const bool own_work = w->run_next.load(std::memory_order_relaxed) != nullptr;
    const std::uint32_t tick = w->tick;
    const bool stuck = tick == w->tick_seen && w->current != nullptr;
    if (own_work && stuck) any_quiet_work = true;
    look_at(w, work_waits || own_work, one_replaced);
    w->tick_seen = tick;
  }
  if (any_quiet_work || work_waits) sched.wake_for_work();
}

void monitor::look_at_timers(std::int64_t now) noexcept {
  // Those of workers that do not come to look, and do not sleep until the first of them either.
  if (sched.has_timekeeper() || sched.world() != nullptr || sched.earliest_deadline() > now) return;
  sched.fire_timers(sched.shared_timers(), now);
  for (std::uint32_t i = 0, n = sched.worker_count(); i < n; ++i) {
    worker* w = sched.worker_at(i);
    if (w->tick == w->tick_seen) sched.fire_timers(w->timers, now);
  }
}

void monitor::look_at(worker* w, bool work_waits, bool& one_replaced) noexcept {
  const presence place = w->place.load(std::memory_order_relaxed);
  if (place == presence::unused || place == presence::idle || place == presence::placeless) return;
  if (place != presence::present) return sched.share_queues_of(w);
  if (w->tick != w->tick_seen || w->current == nullptr) return;
  const std::int64_t cpu = sys::thread_cpu_time(w->cpu_clock);
  const bool stood_still = cpu >= 0 && cpu == w->cpu_seen;
  w->cpu_seen = cpu;
  w->attention.fetch_or(attention::slice_over | attention::loud, std::memory_order_relaxed);
  if (!work_waits) return;
  // It stood in the system's queue for a processor: a replacement would stand there as well.
  if (stood_still && sys::thread_is_runnable(w->id)) return;
  const bool asleep_in_kernel = stood_still;
  // One that computes keeps a processor busy, so its replacement only adds to the load: at most one a look.
  if (!asleep_in_kernel && one_replaced) return;
  if (!sched.send_away(w)) return;
  one_replaced = one_replaced || !asleep_in_kernel;
  sched.share_queues_of(w);
  sched.wake_for_work();
}

}  // namespace warren::runtime
