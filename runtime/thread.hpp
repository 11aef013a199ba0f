// SPDX-License-Identifier: MIT
#pragma once

// What the library knows of an operating-system thread, reached by the library's one thread-local variable.
//
// Laws
//   * `this_thread()` must be asked anew after every switch: the goroutine may be on another thread. It reads the
//     variable by inline assembly, because compilers keep the address of a thread_local over a call that switches
//     (llvm-project#98479), and an accessor function does not stop all of them.
//   * Records are never freed. That of a thread that has ended is used again for a new one.
//   * Fields of type owned<> belong to the thread itself; `attention` is set by anybody.

#include <atomic>
#include <cstdint>

#include "choice.hpp"
#include "goroutine.hpp"
#include "owned.hpp"

namespace warren::runtime {

/// Reasons to leave the fast path at the next switch point.
namespace attention {
inline constexpr std::uint32_t slice_over = 1;  ///< the running goroutine had its share
inline constexpr std::uint32_t away = 2;        ///< the monitor has given this worker's place to another
inline constexpr std::uint32_t stop = 4;        ///< the run is over
inline constexpr std::uint32_t swallowed = 8;   ///< a goexit was caught by a catch (...)
inline constexpr std::uint32_t resized = 16;    ///< GOMAXPROCS went down
inline constexpr std::uint32_t loud = 32;       ///< work lay here unseen: stop holding wake-ups back
inline constexpr std::uint32_t locked = 64;     ///< the running goroutine has this thread for itself
inline constexpr std::uint32_t explored = 256;  ///< a chooser says who goes next, at every switch point; see closed_world.hpp
inline constexpr std::uint32_t caller = 128;    ///< the thread that called run(): it runs goroutine 1 and nothing else
}  // namespace attention

struct thread {
  owned<goroutine*> current = nullptr;  ///< null on a worker's own stack
  worker* as_worker = nullptr;          ///< null for a thread that is no worker
  std::atomic<std::uint32_t> attention{0};
  owned<exception_state*> exceptions = nullptr;  ///< this thread's, found once
  choice random;

  // Counters: sums over all threads mean something, a single one does not.
  owned<std::int64_t> goroutines_started = 0;
  owned<std::int64_t> goroutines_ended = 0;
  owned<std::int64_t> waiters_queued = 0;  ///< enqueued less dequeued by this thread
  owned<std::int64_t> stacks_in_use = 0;   ///< attached less detached by this thread
  owned<std::int64_t> event_waits = 0;     ///< begun less ended here; see netpoll.hpp

  /// What runs here may have changed a channel, here or on the thread it comes from, since the last full fence: see
  /// seems_ready() in channels/core.cpp.
  owned<bool> fence_owed = true;

  owned<int> id = 0;             ///< the kernel's
  thread* next_record = nullptr; ///< of all records ever made
  std::atomic<bool> in_use{false};
  goroutine self;  ///< stands for the thread where it waits, if it is no worker
};

}  // namespace warren::runtime

extern "C" {
#if defined(__clang__) || defined(__GNUC__)
extern thread_local constinit warren::runtime::thread* warren_this_thread __attribute__((tls_model("initial-exec")));
#endif
}

namespace warren::runtime {

/// The record of the calling thread; null on a thread that has not used the library yet.
inline thread* this_thread() noexcept {
  thread* t;
#if defined(__x86_64__)
  asm volatile("movq warren_this_thread@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(t) : : "memory");
#else
  thread** at = &warren_this_thread;
  asm volatile("" : "+r"(at) : : "memory");
  t = *at;
#endif
  return t;
}

void set_this_thread(thread* t) noexcept;

/// The record of the calling thread, made now if it has none.
thread* adopt_this_thread() noexcept;

inline thread* current_thread() noexcept {
  thread* t = this_thread();
  return t != nullptr ? t : adopt_this_thread();
}

/// The goroutine that runs here, or what stands for the thread.
inline goroutine* current_goroutine() noexcept { return current_thread()->current; }

/// Calls f for the record of every thread there ever was.
template <class F>
void for_each_thread(F&& f) noexcept;

/// Fills a new worker's record and lists it.
void list_thread(thread* t) noexcept;
thread* first_thread_record() noexcept;

template <class F>
void for_each_thread(F&& f) noexcept {
  for (thread* t = first_thread_record(); t != nullptr; t = t->next_record) f(t);
}

}  // namespace warren::runtime
