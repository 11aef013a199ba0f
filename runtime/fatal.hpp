// SPDX-License-Identifier: MIT
#pragma once

// The ends that nobody can catch. Each says why on standard error and shows the trace of who called it.
//
// Every floor of the runtime may have to give up, so this file stands below all of them and knows neither goroutines
// nor threads: dump.cpp, which does, tells it who prints the caller.

#include <cstddef>
#include <cstdint>

namespace warren::runtime {

class stack_trace;
class text_writer;

/// What prints what runs on the calling thread, with its trace. Before it is set the thread is shown.
void show_callers_by(void (*print)(text_writer& out, const stack_trace& trace) noexcept) noexcept;

/// `fatal error: TEXT`, the calling goroutine and its trace; status 2, as Go's.
[[noreturn]] void fatal(const char* text) noexcept;
/// The same where no goroutine is to be shown.
[[noreturn]] void fatal_without_trace(const char* text) noexcept;
/// A goroutine left the bounds of its stack and was found out at a switch, not by its guard; status 2.
[[noreturn]] void fatal_stack_overflow(std::uint64_t id, const char* name, std::size_t limit) noexcept;
/// The library contradicts itself; SIGABRT, so that there is a core to look at.
[[noreturn]] void broken(const char* sentence) noexcept;

}  // namespace warren::runtime
