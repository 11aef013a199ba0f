// SPDX-License-Identifier: MIT
#include "counters.hpp"

#include "netpoll.hpp"
#include "population.hpp"
#include "scheduler.hpp"
#include "thread.hpp"

namespace warren::runtime {

counters count_all() noexcept {
  counters c;
  c.goroutines = live_goroutines();
  c.stacks_in_use = stacks_in_use();
  c.armed_timers = sched.armed_timers();
  c.event_waits = netpoll::waits();
  c.files = netpoll::files();
  for_each_thread([&](thread* t) { c.queued_waiters += t->waiters_queued; });
  return c;
}

}  // namespace warren::runtime
