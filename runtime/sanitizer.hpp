// SPDX-License-Identifier: MIT
#pragma once

// Tells sanitizers and Valgrind about stacks and switches. The hooks are weak references, looked at once, so that the
// plain installed library also serves a program that was built with a sanitizer.
//
// Laws, for ThreadSanitizer's sake
//   * A goroutine has an identity (a "fiber") of its own, and a worker has that of its thread. From the moment a goroutine
//     leaves (step_out) until the next one goes on (step_in) the worker's identity is in force, whatever stack that runs
//     on: there it picks, jumps, and commits for the one that left. A commit must not run under the identity of the
//     goroutine that has parked: others may resume that one before it is over.
//   * Switches order nothing by themselves (no_sync), or no race between goroutines of one worker would be seen. What does:
//     step_out hands over what the goroutine did to its worker, so that the commit publishes it; ready() and go() hand
//     over to the goroutine, which takes that when it steps in.
//   * A new identity counts as ordered after the worker that made it, which knows what its parked goroutines did. So some races
//     with a goroutine's first steps stay unseen, but none is reported that is none.
//   * A function in which the identity changes may not be instrumented: its entry would be counted for one, and its exit
//     for another (WARREN_UNSEEN_BY_SANITIZERS). Between such a change and the jump no instrumented function may be left.

#include <cstddef>

#if defined(__clang__)
#define WARREN_UNSEEN_BY_SANITIZERS __attribute__((disable_sanitizer_instrumentation))
#else
#define WARREN_UNSEEN_BY_SANITIZERS
#endif

/// A part of the hot path that is a function only for the reader. Under a sanitizer it stays one: what it is not to see
/// must not melt into what it is.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define WARREN_FLATTENED inline
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define WARREN_FLATTENED inline
#endif
#endif
#if !defined(WARREN_FLATTENED)
#define WARREN_FLATTENED [[gnu::always_inline]] inline
#endif

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
/// The worker's identity instead of the goroutine's.
void step_out(fiber& worker_own) noexcept;
/// The goroutine's identity again, or for the first time, with what was handed over to it at `key`.
void step_in(fiber& f, void* key) noexcept;
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
/// What was done so far happens before what comes after the matching hand_over_end().
void hand_over_begin(void* key) noexcept;
void hand_over_end(void* key) noexcept;

}  // namespace warren::runtime::sanitizer
