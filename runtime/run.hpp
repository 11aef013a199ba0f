// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

namespace warren {

/// How run() runs. A default member means: see there.
struct run_options {
  int max_procs = 0;                      ///< workers that take goroutines; 0: gomaxprocs()
  std::size_t stack_size = 256 * 1024;    ///< bytes of address space a goroutine, its 64 KiB guard included
  std::size_t main_stack = 8 << 20;       ///< the same for goroutine 1
  std::chrono::nanoseconds stop_grace = std::chrono::milliseconds(100);  ///< how long the end waits for running ones
  bool detect_deadlock = true;
  bool signal_handlers = true;            ///< reports of stack overflow, SIGQUIT and uncaught exceptions
  int max_threads = 10'000;
};

namespace runtime {

/// What goroutine 1 runs; its result is the status.
struct main_call {
  int (*call)(void*);
  void* f;
};

struct closed_world;

/// `world`: see closed_world.hpp; null: the system's clock.
int run_main(const run_options& options, const main_call& m, closed_world* world = nullptr);

}  // namespace runtime

/// Starts the workers, calls `f` as goroutine 1 on the calling thread, and returns its `int` (0 for void).
///
/// When f returns no other goroutine is started or resumed; those running are waited for at most `stop_grace`. One that
/// is left over never runs again: it is not unwound, no value is ever handed to it.
/// Parks: blocks the thread. Throws: std::logic_error when another run is going on. An exception that leaves f or any
/// goroutine is reported and ends the process with status 2.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
int run(const run_options& options, F&& f) {
  using callable = std::decay_t<F>;
  callable call = std::forward<F>(f);
  return runtime::run_main(options, {[](void* raw) -> int {
                                       auto& g = *static_cast<callable*>(raw);
                                       if constexpr (std::is_convertible_v<std::invoke_result_t<callable&>, int>) {
                                         return static_cast<int>(std::invoke(g));
                                       } else {
                                         std::invoke(g);
                                         return 0;
                                       }
                                     },
                                     &call});
}

template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
int run(F&& f) {
  return run(run_options{}, std::forward<F>(f));
}

/// How many workers take goroutines at a time; n > 0 sets it, during a run or for the next ones. Returns the setting
/// before. Without a call: processors in the affinity mask, at most the cgroup's CPU quota; then `GOMAXPROCS` in the
/// environment. run_options::max_procs goes before all of them.
int gomaxprocs(int n = 0) noexcept;

/// Processors that the process may use.
int num_cpu() noexcept;

}  // namespace warren
