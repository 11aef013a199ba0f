// SPDX-License-Identifier: MIT
#pragma once

// Stopping the other threads of a process that is about to end, to show what they were doing.
//
//   the reporter                      each other thread that the library knows
//   stop_other_threads()  ── signal ─►  its handler takes the trace of what it interrupted,
//   waits, not for ever   ◄── list ──   puts it in the list and sleeps for ever
//
// Laws
//   * A stopped thread never goes on: the process must end.
//   * The list's nodes lie on the signal stacks of the stopped threads, which is why they may be read without a lock.

#include <csignal>
#include <cstdint>

#include "thread.hpp"
#include "trace.hpp"

namespace warren::runtime {

struct stopped_thread {
  const thread* who;
  stack_trace trace;
  stopped_thread* next;
};

/// The signal by which threads are stopped, and its handler, which calls stay_stopped() where is_stop_request() is true.
void stop_threads_by(int signal, void (*handler)(int, siginfo_t*, void*)) noexcept;

/// Asks all to stop and waits until they have answered or the time is over. Does nothing while the signal does not come
/// to the handler: it would end the process.
void stop_other_threads(std::int64_t patience_ns) noexcept;

/// In the handler: whether stop_other_threads() has sent the signal.
bool is_stop_request(const siginfo_t& info) noexcept;
[[noreturn]] void stay_stopped(const void* context) noexcept;

/// Null: the thread did not answer, or was not asked.
const stopped_thread* find_stopped(const thread* t) noexcept;

}  // namespace warren::runtime
