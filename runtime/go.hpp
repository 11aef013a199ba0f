// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace warren {

/// What go() may be told about a goroutine.
struct go_options {
  std::string_view name{};     ///< shown in dumps; copied
  std::size_t stack_size = 0;  ///< bytes of address space, the 64 KiB guard included; 0: run_options::stack_size
};

namespace runtime {

struct goroutine;

/// A goroutine that is being made: room for its callable.
struct launch {
  goroutine* block;
  void* room;
};

launch prepare(std::size_t bytes, std::size_t align);
void abandon(const launch& l) noexcept;
void start(const launch& l, void (*invoke)(void*), const go_options& options, void* caller) noexcept;

/// The decayed copies of a callable and its arguments.
template <class F, class... Args>
struct closure {
  std::tuple<F, Args...> parts;

  static void run(void* raw) {
    auto* self = static_cast<closure*>(raw);
    // Not run when an exception finds no handler: then the process ends with the throwing frames on the stack.
    struct end_of_closure {
      closure* c;
      ~end_of_closure() { c->~closure(); }
    } end{self};
    std::apply([](auto&&... part) { (void)std::invoke(std::move(part)...); }, std::move(self->parts));
  }
};

template <class F, class... Args>
[[gnu::always_inline]] inline void go_with(const go_options& options, F&& f, Args&&... args) {
  using made = closure<std::decay_t<F>, std::decay_t<Args>...>;
  const launch l = prepare(sizeof(made), alignof(made));
  if constexpr (std::is_nothrow_constructible_v<std::tuple<std::decay_t<F>, std::decay_t<Args>...>, F&&, Args&&...>) {
    ::new (l.room) made{{std::forward<F>(f), std::forward<Args>(args)...}};
  } else {
    try {
      ::new (l.room) made{{std::forward<F>(f), std::forward<Args>(args)...}};
    } catch (...) {
      abandon(l);
      throw;
    }
  }
  start(l, &made::run, options, __builtin_return_address(0));
}

}  // namespace runtime

/// Starts a goroutine that calls `std::invoke(f, args...)` with decayed copies, made here before go() returns.
/// A result is dropped. Parks: no. Throws: std::bad_alloc when there is no memory for the control block, and what the
/// copies throw; then no goroutine was made. Order: the call happens before the goroutine begins; in which order
/// goroutines begin is not promised.
/// Source: Go's go statement.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
[[gnu::noinline]] void go(F&& f, Args&&... args) {
  runtime::go_with({}, std::forward<F>(f), std::forward<Args>(args)...);
}

/// The same with a name or a stack size.
template <class F, class... Args>
  requires std::is_invocable_v<std::decay_t<F>, std::decay_t<Args>...>
[[gnu::noinline]] void go(const go_options& options, F&& f, Args&&... args) {
  runtime::go_with(options, std::forward<F>(f), std::forward<Args>(args)...);
}

/// Lets others run: the caller goes to the end of its worker's queue. Parks: yes, if anything else is ready.
void gosched();

/// Ends the calling goroutine: unwinds its stack, destructors run. Called in goroutine 1, the others go on; the process
/// ends with a deadlock report when none is left. A `catch (...)` that does not rethrow is reported at the next switch
/// point. Throws: a private type that only the entry of the goroutine catches.
[[noreturn]] void goexit();

/// Goroutines that have been started and have not ended.
int num_goroutine() noexcept;

/// Gives the calling goroutine its thread for itself until unlock_os_thread() has been called as often, or it ends. It
/// runs on top of GOMAXPROCS. Called first in run()'s function it keeps the main thread.
void lock_os_thread();
void unlock_os_thread();

}  // namespace warren
