// SPDX-License-Identifier: MIT
#pragma once

// The seam between the library and the operating system: every system call, every look at the environment and every
// new thread goes through this page, and runtime/system_linux.cpp is the only file behind it. (The clock's seam is
// clock.cpp, that of random numbers and scheduling choices choice.cpp.)
//
// Laws
//   * Calls return a value, or -errno: `errno` belongs to the thread, a goroutine may be on another one before it
//     reads it, and compilers keep its address over a switch. Nothing outside system_linux.cpp names it.
//   * EINTR never leaves this page, except from futex_wait, whose callers look at their word again anyway.
//   * A test may make any call fail: see `fault`. What it asks for is done where the kernel would do it, behind the loops
//     that try again, and so that the kernel's own laws hold: a file is closed whatever close reports; a connection that
//     is told to be broken is; who is told that nothing is to be read, or less than there is, is told again by the poller.
//     One load and one branch a call is all that this may cost.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

struct sigaction;
struct timespec;

namespace warren::runtime::sys {

enum class call : std::uint8_t {
  map, unmap, advise, protect, futex_wait, futex_wake, write, open, read, close, list_threads,
  create_thread, affinity, signal_action, signal_stack, thread_cpu_time, entropy,
  poller_create, bell_create, poller_add, poller_wait, receive, transmit,
  socket, bind, listen, accept, connect, connection_state, shutdown, socket_name, socket_option, lookup,
};

/// What a test installs to make calls fail: called before each call, and before each time that it is tried again. A result
/// above 0 is the errno of a failure that is reported in place of the call; one below 0 lets the call move at most so many
/// bytes, if it moves any. It runs on the caller's thread and must not use the runtime.
using fault = int (*)(call, void* state) noexcept;

/// Installs `f` (null: none) for the whole process. Not for use while other threads make calls.
void set_fault(fault f, void* state) noexcept;
/// For the files behind the seam: what is to be done to the call, as `fault` says it.
int interference(call c) noexcept;
/// The same for a call that moves no bytes: the errno of a failure, or 0.
inline int injected_failure(call c) noexcept {
  const int wanted = interference(c);
  return wanted > 0 ? wanted : 0;
}

// --- memory

/// Anonymous private memory, no swap reserved, no huge pages. Null when the system refuses.
void* map(std::size_t bytes) noexcept;
int unmap(void* at, std::size_t bytes) noexcept;
/// Makes the pages fault at any access without splitting the mapping (Linux 6.13: MADV_GUARD_INSTALL).
int guard(void* at, std::size_t bytes) noexcept;
/// Makes the pages fault at any access; costs the process two mappings.
int protect(void* at, std::size_t bytes) noexcept;
/// Gives the pages back; the next read sees zeros.
int discard(void* at, std::size_t bytes) noexcept;
/// False only when there is nothing to give back there but what the system has swapped out. Costs less than to discard
/// nothing: two threads that discard at a time interrupt each other's processor, whether there was anything or not.
bool may_be_resident(void* at, std::size_t bytes) noexcept;
/// The system's limit of mappings a process (vm.max_map_count), or the kernel's default when it cannot be read.
long max_mappings() noexcept;

// --- sleeping threads

/// Sleeps while `word` is `expected`, until woken or until the monotonic clock reads `deadline_ns` (negative: no
/// deadline). Returns 0, -ETIMEDOUT, -EAGAIN (the word differed) or -EINTR.
int futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns) noexcept;
void futex_wake(std::atomic<std::uint32_t>& word, int threads) noexcept;
void yield_thread() noexcept;
void sleep_ns(std::int64_t ns) noexcept;

// --- threads

/// What becomes of a thread that has ended.
enum class thread_end : std::uint8_t { forgotten, joined };
/// Starts a thread with its signals blocked as `block_signals` says. Returns 0 or -errno.
int start_thread(void (*body)(void*), void* argument, const char* name, bool block_signals,
                 thread_end end = thread_end::forgotten) noexcept;
using thread_handle = unsigned long;
/// For one that is to be joined: of the calling thread.
thread_handle this_thread_handle() noexcept;
/// Returns when the thread and what it does at its end (destructors of thread-local variables) are over, or, leaving it to
/// itself, when the monotonic clock reads `deadline_ns`.
void join_thread(thread_handle thread, std::int64_t deadline_ns) noexcept;
void forget_thread(thread_handle thread) noexcept;
int thread_id() noexcept;
int process_id() noexcept;
/// Processor time of a thread of this process in ns, or -errno. `clock` is what thread_cpu_clock() gave on it.
std::int64_t thread_cpu_time(int clock) noexcept;
int thread_cpu_clock() noexcept;
/// Makes the wake-ups of the calling thread exact to the nanosecond where the kernel lets it.
void set_timer_slack(std::uint64_t ns) noexcept;
/// Writes the ids of the threads of this process to `ids`; returns how many there are, or -errno.
int list_threads(std::span<int> ids) noexcept;
/// True for a thread that runs or waits for a processor, not for anything in the kernel.
bool thread_is_runnable(int thread) noexcept;
/// True for a thread that blocks every signal it can, as the background threads of sanitizers do.
bool thread_blocks_all_signals(int thread) noexcept;
int signal_thread(int thread, int signal) noexcept;
/// Calls `f` when the thread that calls this ends.
void at_thread_exit(void (*f)(void*), void* argument) noexcept;

// --- processors and environment

/// Processors in the affinity mask.
int processors() noexcept;
/// Processors that the cgroup's CPU quota pays for, rounded up; 0 without a quota.
int cgroup_processors() noexcept;
const char* environment(const char* name) noexcept;
std::uint64_t entropy() noexcept;
std::size_t page_bytes() noexcept;
/// Room that the kernel needs to deliver a signal on a stack.
std::size_t signal_frame_bytes() noexcept;

// --- waiting for files

/// A new poller, or -errno.
int create_poller() noexcept;
/// Tells the poller of every change of a file's readiness from now on, with `cookie`. Returns 0 or -errno.
int poll_changes(int poller, int file, std::uint64_t cookie) noexcept;
/// The same as long as the file is readable.
int poll_readable(int poller, int file, std::uint64_t cookie) noexcept;
void poll_no_more(int poller, int file) noexcept;
struct file_event {
  std::uint64_t cookie;
  bool readable, writable, half_closed, dead;
  bool urgent;  ///< there is urgent data, at which a read stops
};
/// Waits for events until the monotonic clock reads `deadline_ns` (negative: no deadline; 0: does not wait). Returns how
/// many came, 0 at the deadline or when a signal came, or -errno.
int wait_for_events(int poller, std::span<file_event> events, std::int64_t deadline_ns) noexcept;
/// A file that becomes readable when it is rung; -errno.
int create_bell() noexcept;
void ring_bell(int file) noexcept;
void silence_bell(int file) noexcept;
int close_file(int file) noexcept;
/// One call each, on a socket that does not block: how many bytes, or -errno. No signal comes of a broken connection.
std::int64_t receive(int socket, void* to, std::size_t room) noexcept;
struct piece {
  const char* at;
  std::size_t bytes;
};
std::int64_t transmit(int socket, const piece& first, const piece& second) noexcept;
/// Ends a socket's connection, or its listening, at once, whoever still uses the file.
void disconnect(int socket) noexcept;

// --- files and signals

/// Writes all of it to the descriptor, or returns -errno.
int write_all(int fd, const char* text, std::size_t bytes) noexcept;
/// Reads at most `room` bytes of a file into `to`; returns how many, or -errno.
long read_file(const char* path, char* to, std::size_t room) noexcept;
int set_signal_action(int signal, const struct ::sigaction* action, struct ::sigaction* old) noexcept;
/// Gives the calling thread a stack for signal handlers unless it has one; returns what release_signal_stack takes.
void* install_signal_stack() noexcept;
void release_signal_stack(void* stack) noexcept;
/// Ends the process at once: no destructors, and what stdio holds is lost.
[[noreturn]] void exit_process(int status) noexcept;
[[noreturn]] void abort_process() noexcept;

}  // namespace warren::runtime::sys
