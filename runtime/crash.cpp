// SPDX-License-Identifier: MIT
#include "crash.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ucontext.h>

#include "dump.hpp"
#include "fatal.hpp"
#include "owned.hpp"
#include "report.hpp"
#include "stack.hpp"
#include "standard_streams.hpp"
#include "stopped_threads.hpp"
#include "system.hpp"
#include "thread.hpp"
#include "trace.hpp"
#include "uncaught.hpp"

namespace warren::runtime {

namespace {

using signal_handler = void (*)(int, siginfo_t*, void*);

/// One signal, and who had it before us.
class handled_signal {
 public:
  constexpr handled_signal(int signal, signal_handler handler) noexcept : signal_(signal), handler_(handler) {}

  bool is_ours() const noexcept {
    struct sigaction now {};
    return sys::set_signal_action(signal_, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 &&
           now.sa_sigaction == handler_;
  }

  /// False: it is in place already.
  bool install() noexcept {
    if (is_ours()) return false;
    struct sigaction ours {};
    ours.sa_sigaction = handler_;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigfillset(&ours.sa_mask);
    return sys::set_signal_action(signal_, &ours, &before_) == 0;
  }

  void put_back() const noexcept { sys::set_signal_action(signal_, &before_, nullptr); }
  void put_back_if_ours() const noexcept {
    if (is_ours()) put_back();
  }

  bool before_was_function() const noexcept {
    return (before_.sa_flags & SA_SIGINFO) != 0 || (before_.sa_handler != SIG_DFL && before_.sa_handler != SIG_IGN);
  }
  void call_before(siginfo_t* info, void* context) const noexcept {
    if ((before_.sa_flags & SA_SIGINFO) != 0) return before_.sa_sigaction(signal_, info, context);
    before_.sa_handler(signal_);
  }
  bool before_was_ignored() const noexcept {
    return (before_.sa_flags & SA_SIGINFO) == 0 && before_.sa_handler == SIG_IGN;
  }

 private:
  int signal_;
  signal_handler handler_;
  struct sigaction before_ {};
};

void on_fault(int signal, siginfo_t* info, void* context) noexcept;
void on_quit(int signal, siginfo_t* info, void* context) noexcept;

constinit handled_signal segv{SIGSEGV, on_fault};
constinit handled_signal bus{SIGBUS, on_fault};
constinit handled_signal quit{SIGQUIT, on_quit};

// --- overflow

std::uintptr_t stack_pointer(const void* context) noexcept {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uintptr_t>(registers.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return registers.sp;
#endif
}

const goroutine* interrupted_goroutine() noexcept {
  const thread* t = this_thread();
  const goroutine* g = t != nullptr ? t->current.get() : nullptr;
  return g != nullptr && !g->has(goroutine::is_thread) ? g : nullptr;
}

/// The bytes of the stack whose guard was touched by the goroutine it belongs to; 0: that is not what happened.
std::size_t overflowed_stack(const siginfo_t& info, const void* context) noexcept {
  if (info.si_code <= 0) return 0;  // somebody sent the signal
  const std::size_t bytes = stacks::of_guard(info.si_addr);
  if (bytes == 0) return 0;
  const auto at = reinterpret_cast<std::uintptr_t>(info.si_addr);
  if (const goroutine* g = interrupted_goroutine(); g != nullptr && g->stack_at != nullptr) {
    const auto low = reinterpret_cast<std::uintptr_t>(g->stack_at->low);
    if (at < low && at >= low - stack::guard_bytes) return bytes;
  }
  // In the middle of a switch the stack may be another's. A stray pointer is nowhere near the stack pointer.
  const std::uintptr_t sp = stack_pointer(context);
  return (at > sp ? at - sp : sp - at) < stack::guard_bytes ? bytes : 0;
}

void report_overflow(std::size_t bytes, const void* context) noexcept {
  static constinit std::atomic<bool> reported{false};
  if (!take_report_turn()) return;
  if (!reported.exchange(true, std::memory_order_relaxed)) {
    text_writer out;
    print_overflow(out, bytes);
    out.flush();
    stack_trace trace;
    trace_interrupted(trace, context);
    print_running(out, trace);
    out.flush();
    // Last: a stream in whose midst the overflow happened may not bear it.
    sys::flush_standard_streams();
  }
  give_report_turn_back();  // a handler before ours may save the process
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
  const handled_signal& own = signal == SIGBUS ? bus : segv;
  if (const std::size_t bytes = overflowed_stack(*info, context)) {
    report_overflow(bytes, context);
    return own.put_back();
  }
  if (own.before_was_function()) return own.call_before(info, context);
  const bool was_sent = info->si_code <= 0;
  if (was_sent && own.before_was_ignored()) return;
  own.put_back();
  // A fault comes again by itself when this returns.
  if (was_sent) sys::signal_thread(sys::thread_id(), signal);
}

// --- SIGQUIT

constinit owned<int> thread_in_run = 0;
constinit bool quit_installed_by_run = false;
constinit owned<quit_taker> taker = nullptr;

bool is_taken_by_program() noexcept {
  const quit_taker t = taker;
  return t != nullptr && t();
}

void on_quit(int, siginfo_t* info, void* context) noexcept {
  constexpr std::int64_t patience_ns = 1'000'000'000;
  if (is_stop_request(*info)) stay_stopped(context);
  if (is_taken_by_program()) return;
  if (!take_report_turn()) return;  // this thread reports already, and ends the process when it is done
  sys::flush_standard_streams();
  text_writer out;
  out << "SIGQUIT: quit\n\n";
  out.flush();
  stack_trace own;
  trace_interrupted(own, context);
  prepare_traces();
  stop_other_threads(patience_ns);
  const bool waits_in_run = interrupted_goroutine() == nullptr && sys::thread_id() == thread_in_run;
  dump_all(out, waits_in_run ? nullptr : &own);
  if (quit.before_was_function()) quit.call_before(info, context);
  end_by_report();
}

// The fault handlers come with run() only; this one serves main() too. An ignored SIGQUIT is what a shell without job
// control starts background programs with, and Go's runtime does not heed it either.
[[gnu::constructor]] void watch_for_quit() noexcept {
  show_callers_by(print_running);
  stop_threads_by(SIGQUIT, on_quit);
  quit.install();
}

}  // namespace

crash_handlers::crash_handlers() noexcept {
  thread_in_run = sys::thread_id();
  install_terminate_handler();
  segv.install();
  bus.install();
  quit_installed_by_run = quit.install();
}

crash_handlers::~crash_handlers() {
  if (quit_installed_by_run) quit.put_back_if_ours();
  bus.put_back_if_ours();
  segv.put_back_if_ours();
  restore_terminate_handler();
  thread_in_run = 0;
}

void offer_quit_to(quit_taker t) noexcept { taker = t; }

bool answers_quit() noexcept { return quit.is_ours(); }

}  // namespace warren::runtime
