// SPDX-License-Identifier: MIT
#pragma once

// The one file that owns the switch: Boost.Context's jump_fcontext, which saves the callee-saved registers and the two
// floating-point control words, What it leaves out (exception state,
// the view of sanitizers) park.cpp adds.
//
// Laws
//   * The side that arrives finishes the switch for the side that left (finish_switch): it stores the context and runs
//     the commit. Before that nobody may find the goroutine that left.
//   * Nothing that belongs to a thread may be kept in a local over a jump.

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

#include "goroutine.hpp"
#include "stack.hpp"

namespace warren::runtime {

using transfer = boost::context::detail::transfer_t;

/// Prepares the goroutine's stack so that the first jump to its context runs `entry` there.
inline void* make_context(stack* s, void (*entry)(transfer)) noexcept {
  return boost::context::detail::make_fcontext(s->top(), s->usable_bytes(), entry);
}

/// Jumps; returns when somebody jumps back. `left` tells the other side who left.
WARREN_UNSEEN_BY_SANITIZERS inline transfer jump(void* context, goroutine* left) noexcept {
  return boost::context::detail::jump_fcontext(context, left);
}

/// Runs f(argument) on the stack of a parked goroutine that nobody can resume meanwhile.
void capture_on(goroutine* g, void (*f)(void*), void* argument);

/// Gives a goroutine that begins on a used stack the floating-point environment of a fresh thread.
void reset_floating_point() noexcept;

}  // namespace warren::runtime
