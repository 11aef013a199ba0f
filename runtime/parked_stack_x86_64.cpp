// SPDX-License-Identifier: MIT
#include "parked_stack.hpp"

// What Boost.Context's jump_fcontext leaves at a context, from low to high addresses:
//
//     0x00 mxcsr and x87 control word   0x08 r12   0x10 r13   0x18 r14   0x20 r15   0x28 rbx   0x30 rbp   0x38 return address
//
// That is what a function would have pushed whose frame ends at context + 0x40. So a trampoline whose unwind table says
// "my frame ends at rbx + 0x40, and these registers lie below" looks to every unwinder as if the parked goroutine had
// called it, wherever its own stack is.

extern "C" void warren_call_above(void (*f)(void*), void* argument, const void* context) noexcept;

asm(R"(
  .pushsection .text
  .p2align 4
  .hidden warren_call_above
  .globl warren_call_above
  .type warren_call_above, @function
warren_call_above:
  .cfi_startproc
  pushq %rbx
  .cfi_def_cfa_offset 16
  .cfi_offset %rbx, -16
  movq %rdx, %rbx
  movq %rdi, %rax
  movq %rsi, %rdi
  .cfi_remember_state
  .cfi_def_cfa %rbx, 0x40
  .cfi_offset %rbp, -0x10
  .cfi_offset %rbx, -0x18
  .cfi_offset %r15, -0x20
  .cfi_offset %r14, -0x28
  .cfi_offset %r13, -0x30
  .cfi_offset %r12, -0x38
  callq *%rax
  .cfi_restore_state
  popq %rbx
  .cfi_def_cfa_offset 8
  .cfi_restore %rbx
  retq
  .cfi_endproc
  .size warren_call_above, .-warren_call_above
  .popsection
)");

namespace warren::runtime {

void call_above(const void* context, void (*f)(void*), void* argument) noexcept {
  warren_call_above(f, argument, context);
}

}  // namespace warren::runtime
