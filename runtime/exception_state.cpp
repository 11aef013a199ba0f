// SPDX-License-Identifier: MIT
#include "exception_state.hpp"

// Declared anew without the `const` attribute of <cxxabi.h>, under which compilers keep the address over a switch.
extern "C" warren::runtime::exception_state* warren_exception_globals() noexcept __asm__("__cxa_get_globals");

namespace warren::runtime {

exception_state* find_exception_state() noexcept { return warren_exception_globals(); }

}  // namespace warren::runtime
