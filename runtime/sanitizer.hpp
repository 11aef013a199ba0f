// SPDX-License-Identifier: MIT
#pragma once

// Tells sanitizers and Valgrind about stacks and switches. The hooks are weak references, looked at once, so that the
// plain installed library also serves a program that was built with a sanitizer.

#include <cstddef>

namespace warren::runtime {
struct goroutine;
struct stack;
}

namespace warren::runtime::sanitizer {

/// True when any tool has to be told of switches: one predictable branch on the fast path.
extern bool watching_switches;
/// True when guards must be made by mprotect, because a tool reads whole mappings (LeakSanitizer) or knows no markers.
bool needs_plain_guards() noexcept;
/// True under ThreadSanitizer, whose runtime has a thread of its own.
bool has_own_thread() noexcept;

/// What the tools keep for one stack (or one thread's own stack).
struct fiber {
  void* thread_sanitizer = nullptr;
  void* fake_stack = nullptr;        ///< AddressSanitizer's, while switched away
  const void* bottom = nullptr;      ///< lowest usable byte
  std::size_t bytes = 0;
};

/// A worker's or thread's own stack, seen from itself.
void adopt(fiber& own) noexcept;
/// A stack that is about to run a goroutine for the first time.
void begin(fiber& f, const void* bottom, std::size_t bytes) noexcept;
/// Just before the jump. `last` when the stack that is left will never be returned to.
void leaving(fiber& from, fiber& to, bool last) noexcept;
/// Just after the jump, on the new stack. `thread_own` is the stack that was left when it is a thread's own: its bounds
/// are learnt here.
void arrived(fiber& on, fiber* thread_own) noexcept;
/// After the last switch away from the stack.
void end(fiber& f) noexcept;

/// The stack may be used by another goroutine now: forget what frames left behind.
void forget(const void* bottom, std::size_t bytes) noexcept;
/// Memory that holds pointers though no tool has seen it allocated.
void add_root(const void* at, std::size_t bytes) noexcept;
unsigned register_stack(const void* bottom, const void* top) noexcept;
/// What the goroutine that ended on a stack did happens before what the next one on it does.
void hand_over_begin(void* stack_memory) noexcept;
void hand_over_end(void* stack_memory) noexcept;

}  // namespace warren::runtime::sanitizer
