// SPDX-License-Identifier: MIT
#pragma once

// What libstdc++ keeps of exceptions for a thread, and each goroutine must have for itself: it may park inside a catch
// block, and go on on another thread.
//
// Law: the thread's own record is touched by that thread only. Goroutines that take turns on it are ordered by the
// processor, which race detectors do not see: hence `unseen_by_sanitizers`.

#include "sanitizer.hpp"

namespace warren::runtime {

/// __cxa_eh_globals of the Itanium C++ ABI.
struct exception_state {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

/// The calling thread's: `__cxa_get_globals`, to be asked once a thread.
exception_state* find_exception_state() noexcept;

/// Saves what the thread has, and gives it another.
WARREN_UNSEEN_BY_SANITIZERS inline void swap_exceptions(exception_state* here, exception_state& out,
                                                        const exception_state& in) noexcept {
  out = *here;
  *here = in;
}

WARREN_UNSEEN_BY_SANITIZERS inline void set_exceptions(exception_state* here, const exception_state& in) noexcept {
  *here = in;
}

}  // namespace warren::runtime
