// SPDX-License-Identifier: MIT
#pragma once

// How a goroutine is made, begun and ended: between go.cpp, which knows the callable, and park.cpp, which switches.

#include "goroutine.hpp"

namespace warren {
struct go_options;
}

namespace warren::runtime {

/// Makes the goroutine in a block a fresh one, in no queue yet. See start().
void fill(goroutine* g, void (*invoke)(void*), const go_options& options, void* caller) noexcept;

/// Runs the goroutine's callable and ends it. Only goexit's private type is caught here: any other exception finds no
/// handler, so that terminate is called with the throwing frames still on the stack.
void run_body(goroutine* g);

/// What a worker runs goroutines with, from its own stack; returns when there is nothing at hand.
void run_from_scheduler(worker* w, goroutine* g) noexcept;

}  // namespace warren::runtime
