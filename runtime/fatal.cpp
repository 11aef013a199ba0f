// SPDX-License-Identifier: MIT
#include "fatal.hpp"

#include <atomic>

#include "report.hpp"
#include "standard_streams.hpp"
#include "system.hpp"
#include "trace.hpp"

namespace warren::runtime {

namespace {

using caller_printer = void (*)(text_writer&, const stack_trace&) noexcept;

void print_thread(text_writer& out, const stack_trace& trace) noexcept {
  out << "thread " << sys::thread_id() << " [running]:\n";
  print_trace(out, trace);
}

constinit std::atomic<caller_printer> print_caller{print_thread};

[[gnu::noinline]] void show_caller(text_writer& out) noexcept {
  out.flush();  // finding the lines of a trace takes time, and may fail
  stack_trace trace;
  trace_here(trace);
  print_caller.load(std::memory_order_relaxed)(out, trace);
  out.flush();
}

}  // namespace

void show_callers_by(caller_printer print) noexcept { print_caller.store(print, std::memory_order_relaxed); }

void fatal(const char* text) noexcept {
  begin_last_report();
  text_writer out;
  out << "fatal error: " << text << "\n\n";
  show_caller(out);
  end_by_report();
}

void fatal_without_trace(const char* text) noexcept {
  begin_last_report();
  text_writer out;
  out << "fatal error: " << text << '\n';
  out.flush();
  end_by_report();
}

void fatal_stack_overflow(std::uint64_t id, const char* name, std::size_t limit) noexcept {
  begin_last_report();
  text_writer out;
  print_overflow(out, limit);
  out.flush();
  stack_trace trace;
  trace_here(trace);
  print_goroutine_title(out, id, name);
  out << " [running]:\n";
  print_trace(out, trace);
  out.flush();
  end_by_report();
}

void broken(const char* sentence) noexcept {
  if (!take_report_turn()) sys::abort_process();
  sys::flush_streams();
  text_writer out;
  out << "warren: broken invariant: " << sentence << "\n\n";
  show_caller(out);
  sys::abort_process();
}

}  // namespace warren::runtime
