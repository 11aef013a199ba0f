// SPDX-License-Identifier: MIT
#pragma once

// A run of the whole library on simulated threads: workers, monitor, timers, poller.

#include <chrono>
#include <utility>

#include <warren/runtime/counters.hpp>
#include <warren/runtime/run.hpp>

#include "world.hpp"

namespace stepping {

/// Nothing tells the run of a deadlock but the explorer: when everybody waits the schedule has failed.
template <class F>
void whole_run(int workers, F&& f) {
  warren::run_options o;
  o.max_procs = workers;
  o.detect_deadlock = false;
  o.signal_handlers = false;
  o.main_stack = o.stack_size;
  o.stop_grace = std::chrono::hours(1);
  warren::run(o, std::forward<F>(f));
}

}  // namespace stepping
