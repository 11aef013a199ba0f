// SPDX-License-Identifier: MIT
#include "signal_set.hpp"

#include <csignal>

namespace warren::signals {

namespace {

// Between the last of the classic signals and SIGRTMIN lie those that the C library uses among its threads.
constexpr int last_classic = 31;

bool can_be_caught(int signal) noexcept {
  switch (signal) {
    case SIGKILL:
    case SIGSTOP:
    case SIGILL:
    case SIGTRAP:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGSTKFLT:
    case SIGSYS: return false;
    default: return signal <= last_classic || signal >= SIGRTMIN;
  }
}

}  // namespace

signal_set signal_set::all() noexcept {
  signal_set s;
  for (int i = 1; i <= highest; ++i) s.insert(i);
  return s;
}

void signal_set::insert(int signal) noexcept {
  if (is_number(signal) && can_be_caught(signal)) bits_ |= bit(signal);
}

}  // namespace warren::signals
