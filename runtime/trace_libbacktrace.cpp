// SPDX-License-Identifier: MIT
#include "trace.hpp"

// Function, file and line of an address by GCC's libbacktrace, which reads the DWARF of the program and of the shared
// objects loaded when it is asked for the first time. It takes its memory by mmap and may be called in a signal handler.

#include <atomic>
#include <backtrace.h>
#include <cstring>

namespace warren::runtime {

namespace {

constinit std::atomic<backtrace_state*> opened{nullptr};

void no_information(void*, const char*, int) {}

backtrace_state* state() noexcept {
  // Acquire: pairs with the release of the exchange below.
  backtrace_state* s = opened.load(std::memory_order_acquire);
  if (s != nullptr) return s;
  s = backtrace_create_state(nullptr, 1, no_information, nullptr);
  backtrace_state* first = nullptr;
  // Release: pairs with the acquire above. Who comes second takes the first one's; states cannot be freed.
  const bool won = opened.compare_exchange_strong(first, s, std::memory_order_acq_rel, std::memory_order_acquire);
  return won ? s : first;
}

/// The place found last is held back until it is known whether it is the outermost: a real function, with a symbol.
struct search {
  void (*visit)(void*, const place&);
  void* visit_state;
  place held;
  bool holds;
};

int found_place(void* raw, std::uintptr_t, const char* file, int line, const char* function) {
  auto& s = *static_cast<search*>(raw);
  if (s.holds) s.visit(s.visit_state, s.held);
  s.held = {function, file, line};
  s.holds = true;
  return 0;
}

void found_symbol(void* raw, std::uintptr_t, const char* symbol, std::uintptr_t, std::uintptr_t) {
  auto& function = static_cast<search*>(raw)->held.function;
  // GCC leaves the mangled name out of the debug information of some functions of local classes.
  const bool better = function == nullptr || std::strncmp(function, "_Z", 2) != 0;
  if (symbol != nullptr && better) function = symbol;
}

}  // namespace

void visit_places(std::uintptr_t at, void (*visit)(void*, const place&), void* visit_state) noexcept {
  search s{visit, visit_state, {}, false};
  backtrace_state* from = state();
  if (from != nullptr) {
    backtrace_pcinfo(from, at, found_place, no_information, &s);
    backtrace_syminfo(from, at, found_symbol, no_information, &s);
  }
  visit(visit_state, s.held);
}

}  // namespace warren::runtime
