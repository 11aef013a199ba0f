// SPDX-License-Identifier: MIT
#pragma once

// Stack traces: the frames of the calling stack, of an interrupted one and of a parked one, and their text, as Go's:
//
//     shop::queue<...>::add(...)
//     	src/shop/queue.cpp:41
//
// Laws
//   * Taking a trace and printing it allocates nothing with malloc and may be done in a signal handler.
//   * A parked stack is only read, by a thread that makes sure that nobody resumes it meanwhile.
//   * Printed traces begin and end with the user's own frames; the library's are left out. A trace without any of the
//     user's is printed whole.

#include <cstddef>
#include <cstdint>

namespace warren::runtime {

class text_writer;

/// Return addresses, from the innermost frame on. Of a deep stack it keeps both ends.
class stack_trace {
 public:
  static constexpr std::size_t kept = 64;  ///< at each end

  void add(std::uintptr_t at) noexcept {
    (count_ < kept ? inner_[count_] : outer_[count_ % kept]) = at;
    ++count_;
  }
  std::size_t count() const noexcept { return count_; }
  /// Frames that were not kept lie between these two.
  std::size_t inner_end() const noexcept { return count_ < kept ? count_ : kept; }
  std::size_t outer_begin() const noexcept { return count_ < 2 * kept ? inner_end() : count_ - kept; }
  std::uintptr_t operator[](std::size_t i) const noexcept { return i < kept ? inner_[i] : outer_[i % kept]; }

 private:
  std::size_t count_ = 0;
  std::uintptr_t inner_[kept];
  std::uintptr_t outer_[kept];
};

/// The frames of the caller and those below it.
[[gnu::noinline]] void trace_here(stack_trace& trace) noexcept;
/// In a signal handler: the frames of what it interrupted. `context` is the handler's third argument.
[[gnu::noinline]] void trace_interrupted(stack_trace& trace, const void* context) noexcept;
/// The frames of a goroutine that is switched away, from what the switch left on its stack.
[[gnu::noinline]] void trace_switched_away(stack_trace& trace, const void* context) noexcept;

/// Reads what names and lines are made of. To be called before other threads are stopped, who may hold the loader's lock.
void prepare_traces() noexcept;
void print_trace(text_writer& out, const stack_trace& trace) noexcept;
/// `function in goroutine N` with file and line on a second line; the address is the return address of a call.
void print_creation(text_writer& out, const void* created_at, std::uint64_t creator) noexcept;

// --- what trace_libbacktrace.cpp or trace_plain.cpp knows of an address

struct place {
  const char* function = nullptr;  ///< mangled; null: unknown
  const char* file = nullptr;      ///< null: unknown
  int line = 0;
};

/// Calls `visit` for each function that the compiler put into one another there, the innermost first; at least once.
void visit_places(std::uintptr_t at, void (*visit)(void* state, const place&), void* state) noexcept;

}  // namespace warren::runtime
