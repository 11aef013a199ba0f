// SPDX-License-Identifier: MIT
#include "print_stack.hpp"

#include "dump.hpp"
#include "report.hpp"
#include "trace.hpp"

namespace warren {

void print_stack() {
  runtime::stack_trace trace;
  runtime::trace_here(trace);
  runtime::text_writer out;
  runtime::print_running(out, trace);
}

}  // namespace warren
