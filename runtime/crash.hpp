// SPDX-License-Identifier: MIT
#pragma once

// What ends a process from below: faults, uncaught exceptions, SIGQUIT.
//
// Laws
//   * A handler reads memory, writes to standard error, and does little else: no lock of the library's, no malloc.
//   * A fault that is not a goroutine's overflow belongs to whoever had the handler before.
//   * After the report of an overflow the handler puts the earlier one back and returns: the fault comes again, and the
//     process dies of it, with the overflowing frames in the core.
//   * SIGQUIT is handled from the start of the program, so that a hang before run() is answered as well. The handler stays
//     when the program wants the signal for itself, because it is also what stops threads: it asks first.

namespace warren::runtime {

/// While it lives, overflows and SIGQUIT are reported, and exceptions that leave a goroutine. There is one at a time.
class crash_handlers {
 public:
  crash_handlers() noexcept;
  /// Puts back what was there, except where somebody has put something else in place meanwhile.
  ~crash_handlers();
  crash_handlers(const crash_handlers&) = delete;
  crash_handlers& operator=(const crash_handlers&) = delete;
};

/// Is asked, in the handler, before a SIGQUIT is answered with a report: true, and it has found another end.
using quit_taker = bool (*)() noexcept;
void offer_quit_to(quit_taker t) noexcept;

/// SIGQUIT comes to the library, and not to a handler that was put in the place of its own.
bool answers_quit() noexcept;

}  // namespace warren::runtime
