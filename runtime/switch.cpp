// SPDX-License-Identifier: MIT
#include "switch.hpp"

#include <cstdint>

namespace warren::runtime {

void reset_floating_point() noexcept {
#if defined(__x86_64__)
  constexpr std::uint32_t standard_mxcsr = 0x1f80;
  constexpr std::uint16_t standard_x87 = 0x037f;
  std::uint32_t mxcsr = 0;
  std::uint16_t x87 = 0;
  asm volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
  // The low six bits are sticky flags, no part of the environment that a switch carries.
  if ((mxcsr & ~0x3fU) == standard_mxcsr && x87 == standard_x87) [[likely]] return;
  asm volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(standard_mxcsr), "m"(standard_x87));
#endif
}

namespace {

struct visit {
  void (*f)(void*);
  void* argument;
};

transfer visit_parked(transfer from) {
  const auto* v = static_cast<const visit*>(from.data);
  v->f(v->argument);
  return boost::context::detail::jump_fcontext(from.fctx, nullptr);
}

}  // namespace

void capture_on(goroutine* g, void (*f)(void*), void* argument) {
  visit v{f, argument};
  g->context = boost::context::detail::ontop_fcontext(g->context, &v, visit_parked).fctx;
}

}  // namespace warren::runtime
