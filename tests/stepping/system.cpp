// SPDX-License-Identifier: MIT

// What stands in the place of the system's threads, sleeps and clocks: definitions of the same calls as in
// runtime/system_linux.cpp and runtime/clock.cpp, which the linker meets first (-z muldefs). Files: files.cpp.

#include <warren/runtime/clock.hpp>
#include <warren/runtime/system.hpp>

#include <cerrno>

#include "world.hpp"

using stepping::the_world;  // the explorer's, not the library's namespace of that name

namespace warren::runtime {

namespace {

std::int64_t standing = 0;

/// A system call is a step, and a full barrier.
void enter() noexcept {
  the_world.pause();
  the_world.write_buffer_out();
}

}  // namespace

std::int64_t monotonic_ns() noexcept { return warren::stepping::exploring ? the_world.now() : 1; }
std::int64_t now_ns() noexcept { return standing != 0 ? standing : monotonic_ns(); }
std::int64_t wall_ns() noexcept { return now_ns(); }
void stand_at_ns(std::int64_t ns) noexcept { standing = ns; }

namespace sys {

bool may_be_resident(void*, std::size_t) noexcept { return false; }
int discard(void*, std::size_t) noexcept { return 0; }

int futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns) noexcept {
  enter();
  if (reinterpret_cast<const std::uint32_t&>(word) != expected) return -EAGAIN;
  return the_world.wait_on(&word, deadline_ns) == ::stepping::world::end_of_wait::woken ? 0 : -ETIMEDOUT;
}

void futex_wake(std::atomic<std::uint32_t>& word, int threads) noexcept {
  if (!warren::stepping::exploring) return;
  enter();
  the_world.wake(&word, threads);
}

void yield_thread() noexcept {
  enter();
  the_world.give_way();
}

void sleep_ns(std::int64_t ns) noexcept {
  enter();
  the_world.sleep_until(the_world.now() + ns);
}

int start_thread(void (*body)(void*), void* argument, const char*, bool, thread_end) noexcept {
  enter();
  the_world.thread([=] { body(argument); });
  return 0;
}

thread_handle this_thread_handle() noexcept { return static_cast<thread_handle>(the_world.thread_number()); }
void forget_thread(thread_handle) noexcept {}

void join_thread(thread_handle thread, std::int64_t) noexcept {
  enter();
  while (!the_world.has_ended(static_cast<int>(thread))) the_world.give_way();
}

int thread_id() noexcept { return the_world.thread_number(); }
int thread_cpu_clock() noexcept { return 0; }
std::int64_t thread_cpu_time(int) noexcept { return the_world.now(); }
void set_timer_slack(std::uint64_t) noexcept {}
bool thread_is_runnable(int) noexcept { return true; }
bool thread_blocks_all_signals(int) noexcept { return false; }

int list_threads(std::span<int> ids) noexcept {
  int n = 0;
  for (; n < the_world.threads() && n < static_cast<int>(ids.size()); ++n) ids[static_cast<std::size_t>(n)] = n + 1;
  return the_world.threads();
}

void at_thread_exit(void (*f)(void*), void* argument) noexcept {
  if (warren::stepping::exploring) the_world.at_exit(f, argument);
}

void* install_signal_stack() noexcept { return nullptr; }
void release_signal_stack(void*) noexcept {}

}  // namespace sys
}  // namespace warren::runtime
