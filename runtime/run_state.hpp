// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "owned.hpp"
#include "stack.hpp"
#include "worker.hpp"

namespace warren::runtime {

/// What the current run was told. Written by who opens it, before its first goroutine starts.
struct run_state {
  owned<std::uint8_t> stack_class = stacks::default_class;
};

run_state& the_run() noexcept;

/// A thread that is no worker wants goroutines or timers while no run is going on: the runtime starts by itself, runs
/// until the process ends, and reports no deadlock.
void start_in_background() noexcept;

/// The caller has been running without a place: it gets one again, or waits for one in the inject queue. Parks: maybe.
void return_to_place(worker* w);

}  // namespace warren::runtime
