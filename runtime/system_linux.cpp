// SPDX-License-Identifier: MIT
#include "system.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.hpp"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

namespace warren::runtime::sys {

namespace {

std::atomic<fault> injected{nullptr};
std::atomic<void*> injected_state{nullptr};

}  // namespace

int interference(call c) noexcept {
  // Acquire: pairs with the release in set_fault(); sleeping threads of the library may look at any time.
  const fault f = injected.load(std::memory_order_acquire);
  return f == nullptr ? 0 : f(c, injected_state.load(std::memory_order_relaxed));
}

namespace {

template <class F>
int checked(call c, F&& make_call) noexcept {
  if (const int error = injected_failure(c)) return -error;
  return make_call() == 0 ? 0 : -errno;
}

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value, const timespec* until) noexcept {
  return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, until, nullptr,
                   FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

void set_fault(fault f, void* state) noexcept {
  // Not taken away: a call may have read the function before.
  if (f != nullptr) injected_state.store(state, std::memory_order_relaxed);
  // Release: pairs with the acquire in injected_failure(); the state is there before the function is called.
  injected.store(f, std::memory_order_release);
}

// --- memory

void* map(std::size_t bytes) noexcept {
  if (injected_failure(call::map) != 0) return nullptr;
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  ::madvise(at, bytes, MADV_NOHUGEPAGE);
  return at;
}

int unmap(void* at, std::size_t bytes) noexcept {
  return checked(call::unmap, [&] { return ::munmap(at, bytes); });
}

int guard(void* at, std::size_t bytes) noexcept {
  return checked(call::advise, [&] { return ::madvise(at, bytes, MADV_GUARD_INSTALL); });
}

int protect(void* at, std::size_t bytes) noexcept {
  return checked(call::protect, [&] { return ::mprotect(at, bytes, PROT_NONE); });
}

int discard(void* at, std::size_t bytes) noexcept {
  return checked(call::advise, [&] { return ::madvise(at, bytes, MADV_DONTNEED); });
}

bool may_be_resident(void* at, std::size_t bytes) noexcept {
  unsigned char pages[64];
  const std::size_t count = (bytes + page_bytes() - 1) / page_bytes();
  if (count > std::size(pages) || ::mincore(at, bytes, pages) != 0) return true;
  return std::any_of(pages, pages + count, [](unsigned char p) { return (p & 1) != 0; });
}

long max_mappings() noexcept {
  constexpr long kernel_default = 65530;
  char text[32] = {};
  if (read_file("/proc/sys/vm/max_map_count", text, sizeof text - 1) <= 0) return kernel_default;
  const long n = std::strtol(text, nullptr, 10);
  return n > 0 ? n : kernel_default;
}

// --- sleeping threads

int futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t deadline_ns) noexcept {
  if (const int error = injected_failure(call::futex_wait)) return -error;
  timespec until{};
  if (deadline_ns >= 0) {
    until.tv_sec = deadline_ns / 1'000'000'000;
    until.tv_nsec = deadline_ns % 1'000'000'000;
  }
  const long r = futex(word, FUTEX_WAIT_BITSET_PRIVATE, expected, deadline_ns >= 0 ? &until : nullptr);
  return r == 0 ? 0 : -errno;
}

void futex_wake(std::atomic<std::uint32_t>& word, int threads) noexcept {
  futex(word, FUTEX_WAKE_PRIVATE, static_cast<std::uint32_t>(threads), nullptr);
}

void yield_thread() noexcept { ::sched_yield(); }

void sleep_ns(std::int64_t ns) noexcept {
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  ::nanosleep(&t, nullptr);
}

// --- threads

namespace {

struct thread_start {
  void (*body)(void*);
  void* argument;
  char name[16];
};

void* run_thread(void* raw) {
  thread_start start = *static_cast<thread_start*>(raw);
  delete static_cast<thread_start*>(raw);
  ::prctl(PR_SET_NAME, start.name, 0, 0, 0);
  start.body(start.argument);
  return nullptr;
}

}  // namespace

namespace {

/// All but those that a thread sends to itself by a fault.
sigset_t block_all_signals() noexcept {
  sigset_t all, before;
  sigfillset(&all);
  for (const int fault_signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS}) sigdelset(&all, fault_signal);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  return before;
}

}  // namespace

int start_thread(void (*body)(void*), void* argument, const char* name, bool block_signals, thread_end end) noexcept {
  if (const int error = injected_failure(call::create_thread)) return -error;
  auto* start = new (std::nothrow) thread_start{body, argument, {}};
  if (start == nullptr) return -ENOMEM;
  std::strncpy(start->name, name, sizeof start->name - 1);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (end == thread_end::forgotten) pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigset_t before;
  if (block_signals) before = block_all_signals();
  pthread_t id;
  const int error = pthread_create(&id, &attributes, run_thread, start);
  if (block_signals) pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) delete start;
  return -error;
}

thread_handle this_thread_handle() noexcept { return ::pthread_self(); }

void join_thread(thread_handle thread, std::int64_t deadline_ns) noexcept {
  // By the system's wall clock: pthread_clockjoin_np is unknown to ThreadSanitizer, which would never hear of the join, and
  // wall_ns() stands in a closed world.
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t end = saturating_add(now.tv_sec * 1'000'000'000 + now.tv_nsec,
                                          std::max<std::int64_t>(deadline_ns - monotonic_ns(), 0));
  const timespec until{end / 1'000'000'000, end % 1'000'000'000};
  if (::pthread_timedjoin_np(thread, nullptr, &until) != 0) forget_thread(thread);
}

void forget_thread(thread_handle thread) noexcept { ::pthread_detach(thread); }

int thread_id() noexcept { return static_cast<int>(::syscall(SYS_gettid)); }
int process_id() noexcept { return ::getpid(); }

int thread_cpu_clock() noexcept {
  clockid_t id = 0;
  return ::pthread_getcpuclockid(::pthread_self(), &id) == 0 ? id : 0;
}

std::int64_t thread_cpu_time(int clock) noexcept {
  if (const int error = injected_failure(call::thread_cpu_time)) return -error;
  timespec t{};
  if (::clock_gettime(clock, &t) != 0) return -errno;
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

void set_timer_slack(std::uint64_t ns) noexcept { ::prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0); }

int list_threads(std::span<int> ids) noexcept {
  if (const int error = injected_failure(call::list_threads)) return -error;
  const int fd = ::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  alignas(16) char buffer[4096];
  int n = 0;
  long got = 0;
  while ((got = ::syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
    for (long at = 0; at < got;) {
      const auto* entry = reinterpret_cast<const dirent64*>(buffer + at);
      if (entry->d_name[0] != '.') {
        if (static_cast<std::size_t>(n) < ids.size()) ids[static_cast<std::size_t>(n)] = std::atoi(entry->d_name);
        ++n;
      }
      at += entry->d_reclen;
    }
  }
  ::close(fd);
  return n;
}

bool thread_is_runnable(int thread) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  char text[256] = {};
  if (read_file(path, text, sizeof text - 1) <= 0) return false;
  // "id (name) state …": the name may hold anything but is the last thing in parentheses.
  const char* end_of_name = std::strrchr(text, ')');
  return end_of_name != nullptr && end_of_name[1] == ' ' && end_of_name[2] == 'R';
}

bool thread_blocks_all_signals(int thread) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/status", thread);
  char text[4096] = {};
  if (read_file(path, text, sizeof text - 1) <= 0) return false;
  const char* line = std::strstr(text, "SigBlk:");
  if (line == nullptr) return false;
  const unsigned long long blocked = std::strtoull(line + 7, nullptr, 16);
  constexpr unsigned long long ordinary = 0x7ffffULL & ~((1ULL << (SIGKILL - 1)) | (1ULL << (SIGSTOP - 1)));
  return (blocked & ordinary) == ordinary;
}

int signal_thread(int thread, int signal) noexcept {
  return ::syscall(SYS_tgkill, ::getpid(), thread, signal) == 0 ? 0 : -errno;
}

namespace {

struct exit_call {
  void (*f)(void*);
  void* argument;
};

void run_exit_call(void* raw) {
  const exit_call c = *static_cast<exit_call*>(raw);
  delete static_cast<exit_call*>(raw);
  c.f(c.argument);
}

pthread_key_t exit_key() noexcept {
  static const pthread_key_t key = [] {
    pthread_key_t k = 0;
    pthread_key_create(&k, run_exit_call);
    return k;
  }();
  return key;
}

}  // namespace

void at_thread_exit(void (*f)(void*), void* argument) noexcept {
  auto* c = new (std::nothrow) exit_call{f, argument};
  if (c != nullptr) pthread_setspecific(exit_key(), c);
}

// --- processors and environment

int processors() noexcept {
  if (injected_failure(call::affinity) == 0) {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  }
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? static_cast<int>(online) : 1;
}

namespace {

int quota_of_v2() noexcept {
  char groups[512] = {};
  if (read_file("/proc/self/cgroup", groups, sizeof groups - 1) <= 0) return 0;
  const char* own = std::strstr(groups, "0::");
  if (own == nullptr) return 0;
  char group[400] = {};
  std::snprintf(group, sizeof group, "%.*s", static_cast<int>(std::strcspn(own + 3, "\n")), own + 3);
  int least = 0;
  for (;;) {  // a group is bound by each of those above it
    char path[500];
    std::snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", std::strcmp(group, "/") == 0 ? "" : group);
    char text[64] = {};
    long quota = 0;
    long span = 0;
    if (read_file(path, text, sizeof text - 1) > 0 && std::sscanf(text, "%ld %ld", &quota, &span) == 2 && span > 0) {
      const int n = static_cast<int>((quota + span - 1) / span);
      if (n > 0 && (least == 0 || n < least)) least = n;
    }
    char* slash = std::strrchr(group, '/');
    if (slash == nullptr || std::strcmp(group, "/") == 0 || group[0] == 0) return least;
    *slash = 0;
  }
}

int quota_of_v1() noexcept {
  char quota[32] = {};
  char span[32] = {};
  if (read_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota - 1) <= 0) return 0;
  if (read_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", span, sizeof span - 1) <= 0) return 0;
  const long q = std::atol(quota);
  const long p = std::atol(span);
  return q > 0 && p > 0 ? static_cast<int>((q + p - 1) / p) : 0;
}

}  // namespace

int cgroup_processors() noexcept {
  const int n = quota_of_v2();
  return n > 0 ? n : quota_of_v1();
}

const char* environment(const char* name) noexcept { return ::getenv(name); }

std::uint64_t entropy() noexcept {
  std::uint64_t n = 0;
  if (injected_failure(call::entropy) == 0 && ::getrandom(&n, sizeof n, GRND_NONBLOCK) == sizeof n) return n;
  return static_cast<std::uint64_t>(monotonic_ns()) * 0x9E3779B97F4A7C15ULL ^ static_cast<std::uint64_t>(::getpid());
}

std::size_t page_bytes() noexcept {
  static const std::size_t bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::size_t signal_frame_bytes() noexcept {
#ifdef AT_MINSIGSTKSZ
  if (const unsigned long n = ::getauxval(AT_MINSIGSTKSZ)) return n;
#endif
  return MINSIGSTKSZ;
}

// --- waiting for files

namespace {

int poll_for(int poller, int file, std::uint64_t cookie, std::uint32_t what) noexcept {
  epoll_event e{};
  e.events = what;
  e.data.u64 = cookie;
  return checked(call::poller_add, [&] { return ::epoll_ctl(poller, EPOLL_CTL_ADD, file, &e); });
}

/// Kernels before 5.11 have no nanoseconds here.
int wait_in_milliseconds(int poller, epoll_event* events, int room, std::int64_t ns) noexcept {
  constexpr std::int64_t longest = 1'000'000'000;
  const std::int64_t ms = ns < 0 ? -1 : std::min((ns + 999'999) / 1'000'000, longest);
  return ::epoll_wait(poller, events, room, static_cast<int>(ms));
}

int wait_in_nanoseconds(int poller, epoll_event* events, int room, std::int64_t ns) noexcept {
  const timespec left{ns / 1'000'000'000, ns % 1'000'000'000};
  const int n = ::epoll_pwait2(poller, events, room, ns < 0 ? nullptr : &left, nullptr);
  // EPERM: a filter of system calls that does not know this one.
  return n < 0 && (errno == ENOSYS || errno == EPERM) ? wait_in_milliseconds(poller, events, room, ns) : n;
}

}  // namespace

int create_poller() noexcept {
  if (const int error = injected_failure(call::poller_create)) return -error;
  const int file = ::epoll_create1(EPOLL_CLOEXEC);
  return file >= 0 ? file : -errno;
}

int poll_changes(int poller, int file, std::uint64_t cookie) noexcept {
  return poll_for(poller, file, cookie, EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET);
}

int poll_readable(int poller, int file, std::uint64_t cookie) noexcept { return poll_for(poller, file, cookie, EPOLLIN); }

void poll_no_more(int poller, int file) noexcept {
  epoll_event e{};
  ::epoll_ctl(poller, EPOLL_CTL_DEL, file, &e);
}

int wait_for_events(int poller, std::span<file_event> events, std::int64_t deadline_ns) noexcept {
  constexpr std::size_t most = 128;
  if (const int error = injected_failure(call::poller_wait)) return error == EINTR ? 0 : -error;
  epoll_event raw[most];
  const int room = static_cast<int>(std::min(events.size(), most));
  const std::int64_t left = deadline_ns <= 0 ? deadline_ns : std::max<std::int64_t>(deadline_ns - monotonic_ns(), 0);
  const int n = left == 0 ? ::epoll_wait(poller, raw, room, 0) : wait_in_nanoseconds(poller, raw, room, left);
  if (n < 0) return errno == EINTR ? 0 : -errno;
  for (int i = 0; i < n; ++i) {
    const std::uint32_t e = raw[i].events;
    events[i] = {raw[i].data.u64, (e & (EPOLLIN | EPOLLPRI)) != 0, (e & EPOLLOUT) != 0, (e & EPOLLRDHUP) != 0,
                 (e & (EPOLLHUP | EPOLLERR)) != 0, (e & EPOLLPRI) != 0};
  }
  return n;
}

int create_bell() noexcept {
  if (const int error = injected_failure(call::bell_create)) return -error;
  const int file = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return file >= 0 ? file : -errno;
}

void ring_bell(int file) noexcept {
  // Not on the stack, which is another goroutine's when this is part of a switch: race detectors see the read.
  static constexpr std::uint64_t one = 1;
  while (::write(file, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void silence_bell(int file) noexcept {
  std::uint64_t count;
  while (::read(file, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

int close_file(int file) noexcept {
  const int wanted = injected_failure(call::close);
  const int error = ::close(file) == 0 ? wanted : errno;
  return error == EINTR ? 0 : -error;
}

namespace {

/// `make_call(most)`: once, with at most so many bytes. `cut`: the same for a test that wants fewer, or none.
template <class F, class Cut>
std::int64_t transferred(call c, F&& make_call, Cut&& cut) noexcept {
  for (;;) {
    const int wanted = interference(c);
    const std::int64_t n = wanted == 0 ? make_call() : cut(wanted);
    if (n >= 0) return n;
    const int error = wanted > 0 ? wanted : errno;
    if (error != EINTR) return -error;
  }
}

/// What is told to be broken is.
void break_if_told(int socket, int wanted) noexcept {
  if (wanted == ECONNRESET || wanted == EPIPE || wanted == ETIMEDOUT) ::shutdown(socket, SHUT_RDWR);
}

/// As if only so many bytes had come, or none, and the rest right after.
[[gnu::cold]] std::int64_t receive_less(int socket, void* to, std::size_t room, int wanted) noexcept {
  const std::int64_t n = wanted < 0 ? ::recv(socket, to, std::min(room, static_cast<std::size_t>(-wanted)), 0) : -1;
  const int error = errno;
  break_if_told(socket, wanted);
  // Whoever sets the low-water mark makes the kernel look whether it has been reached, and tell the poller.
  constexpr int one = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
  errno = error;
  return n;
}

[[gnu::cold]] std::int64_t transmit_less(int socket, const piece& p, int wanted) noexcept {
  break_if_told(socket, wanted);
  return wanted < 0 ? ::send(socket, p.at, std::min(p.bytes, static_cast<std::size_t>(-wanted)), MSG_NOSIGNAL) : -1;
}

}  // namespace

std::int64_t receive(int socket, void* to, std::size_t room) noexcept {
  return transferred(
      call::receive, [&] { return ::recv(socket, to, room, 0); },
      [&](int wanted) { return receive_less(socket, to, room, wanted); });
}

void disconnect(int socket) noexcept { ::shutdown(socket, SHUT_RDWR); }

std::int64_t transmit(int socket, const piece& first, const piece& second) noexcept {
  const auto less = [&](int wanted) { return transmit_less(socket, first.bytes > 0 ? first : second, wanted); };
  if (second.bytes == 0) {
    return transferred(call::transmit, [&] { return ::send(socket, first.at, first.bytes, MSG_NOSIGNAL); }, less);
  }
  iovec pieces[2] = {{const_cast<char*>(first.at), first.bytes}, {const_cast<char*>(second.at), second.bytes}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = 2;
  return transferred(call::transmit, [&] { return ::sendmsg(socket, &message, MSG_NOSIGNAL); }, less);
}

// --- files and signals

int write_all(int fd, const char* text, std::size_t bytes) noexcept {
  while (bytes > 0) {
    const int wanted = interference(call::write);
    const std::size_t most = wanted < 0 ? std::min(bytes, static_cast<std::size_t>(-wanted)) : bytes;
    const ssize_t n = wanted > 0 ? -1 : ::write(fd, text, most);
    const int error = wanted > 0 ? wanted : errno;
    if (n < 0 && error == EINTR) continue;
    if (n < 0 && error == EAGAIN) {
      sleep_ns(1'000'000);  // a pipe or terminal that somebody made non-blocking
      continue;
    }
    if (n < 0) return -error;
    text += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return 0;
}

long read_file(const char* path, char* to, std::size_t room) noexcept {
  if (const int error = injected_failure(call::open)) return -error;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  std::size_t got = 0;
  while (got < room) {
    const ssize_t n = ::read(fd, to + got, room - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && got == 0) {
      const int error = errno;
      ::close(fd);
      return -error;
    }
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return static_cast<long>(got);
}

int set_signal_action(int signal, const struct ::sigaction* action, struct ::sigaction* old) noexcept {
  return checked(call::signal_action, [&] { return ::sigaction(signal, action, old); });
}

namespace {
constexpr std::size_t signal_stack_bytes = 128 * 1024;
}

void* install_signal_stack() noexcept {
  stack_t now{};
  if (::sigaltstack(nullptr, &now) != 0 || (now.ss_flags & SS_DISABLE) == 0) return nullptr;  // it has one
  void* at = map(signal_stack_bytes);
  if (at == nullptr) return nullptr;
  stack_t wanted{};
  wanted.ss_sp = at;
  wanted.ss_size = signal_stack_bytes;
  if (checked(call::signal_stack, [&] { return ::sigaltstack(&wanted, nullptr); }) == 0) return at;
  unmap(at, signal_stack_bytes);
  return nullptr;
}

void release_signal_stack(void* stack) noexcept {
  if (stack == nullptr) return;
  stack_t off{};
  off.ss_flags = SS_DISABLE;
  ::sigaltstack(&off, nullptr);
  unmap(stack, signal_stack_bytes);
}

void exit_process(int status) noexcept {
  // Not _exit(): sanitizers put theirs in its place, which writes streams out and so waits for their locks.
  for (;;) ::syscall(SYS_exit_group, status);
}

void abort_process() noexcept {
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGABRT, &standard, nullptr);
  std::abort();
}

}  // namespace warren::runtime::sys
