// SPDX-License-Identifier: MIT
#include "once_func.hpp"

// `once_` orders the call before everybody who comes after it, so the other fields need nothing of their own:
// the one who makes the call writes them, the others read them when do_() has returned.

#include "../errors/panic.hpp"
#include "../runtime/thread.hpp"

namespace warren::sync {

void shared_call::make_first() {
  try {
    call();
  } catch (...) {
    // goexit() unwinds by an exception as well, which belongs to this goroutine alone.
    if (!runtime::current_goroutine()->has(runtime::goroutine::exiting)) failure_ = std::current_exception();
    throw;
  }
  returned_ = true;
}

void shared_call::fail_again() const {
  if (failure_ != nullptr) std::rethrow_exception(failure_);
  panic(nil);
}

}  // namespace warren::sync
