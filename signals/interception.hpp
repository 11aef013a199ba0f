// SPDX-License-Identifier: MIT
#pragma once

// The handler of signals that somebody wants to be told of, and the actions that it stands in the place of.
//
//      not caught ── intercept() ──► caught ── let_go() ──► not caught: the earlier action is back
//           └──────── ignore() ───────┴───── ignore() ────► ignored
//
// Laws
//   * The handler takes no lock and waits for nothing: it sets the signal's bit in `arrived` and rings.
//   * A signal is wanted before the handler is in place, and until the earlier action is back in its place. So a handler
//     that finds it unwanted was on its way when the action was put back, and gives the signal to that action: nothing is
//     lost, and nothing is taken twice.
//   * Handlers are counted while they decide. Who takes back what is wanted waits until those are done; then `arrived`
//     holds all that was caught before.
//   * SIGQUIT stays with the runtime's own handler, which asks this one first (runtime/crash.hpp).
//   * All functions but next_arrivals() are called under one lock, that of the switchboard.

#include "signal_set.hpp"

namespace warren::signals::interception {

void intercept(int signal) noexcept;

/// The earlier action is back, unless somebody has put another in place meanwhile.
void let_go(int signal) noexcept;

void ignore(int signal) noexcept;

/// Signals are ignored by themselves, too: those the program was started without.
bool is_ignored(int signal) noexcept;

/// Until handlers that were on their way have decided.
void wait_for_handlers() noexcept;

/// Takes what has arrived.
signal_set take_arrived() noexcept;

/// Sleeps until something arrives, or wake_waiting_thread() is called. For one thread.
void wait_for_arrivals() noexcept;
void wake_waiting_thread() noexcept;

}  // namespace warren::signals::interception
