// SPDX-License-Identifier: MIT
#include "trace.hpp"

// Names of functions by the loader alone, where no libbacktrace was found: those that a shared object exports, and in a
// program linked with -rdynamic its own. The rest is shown as module and offset, which addr2line and gdb can read.

#include <dlfcn.h>

namespace warren::runtime {

void visit_places(std::uintptr_t at, void (*visit)(void*, const place&), void* state) noexcept {
  Dl_info found{};
  place here;
  if (::dladdr(reinterpret_cast<void*>(at), &found) != 0) here.function = found.dli_sname;
  visit(state, here);
}

}  // namespace warren::runtime
