// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "go.hpp"
#include "stack.hpp"
#include "worker.hpp"

namespace warren::runtime {

/// What the current run was told. Written before its first goroutine starts, constant until its end.
struct run_state {
  std::uint8_t stack_class = stacks::default_class;
};

run_state& the_run() noexcept;

/// Makes the goroutine in a block a fresh one, in no queue yet. See start().
void fill(goroutine* g, void (*invoke)(void*), const go_options& options, void* caller) noexcept;

/// A thread that is no worker wants goroutines or timers while no run is going on: the runtime starts by itself, runs
/// until the process ends, and reports no deadlock.
void start_in_background() noexcept;

/// The caller has been running without a place: it gets one again, or waits for one in the inject queue. Parks: maybe.
void return_to_place(worker* w);

}  // namespace warren::runtime
