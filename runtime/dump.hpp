// SPDX-License-Identifier: MIT
#pragma once

// Who there is and what each waits for, in Go's form:
//
//     goroutine 7 "reader" [chan receive]:
//     read_all(...)
//     	src/reader.cpp:23
//     created by serve in goroutine 1
//     	src/serve.cpp:80
//
// Laws
//   * Everything here may be used in a signal handler.
//   * A dump of all is for a process that ends, or a closed world in which nobody runs: it reads what belongs to others,
//     whose threads sleep or were stopped.

namespace warren::runtime {

class stack_trace;
class text_writer;

/// What runs on the calling thread, a goroutine or the thread itself, with its trace.
void print_running(text_writer& out, const stack_trace& trace) noexcept;

/// Everything: what the calling thread does first if `own` is given, then the goroutines by id, then the threads that
/// wait in the library.
void dump_all(text_writer& out, const stack_trace* own) noexcept;

/// `fatal error: all goroutines are asleep - deadlock!` and all goroutines; status 2.
[[noreturn]] void report_deadlock() noexcept;

}  // namespace warren::runtime
