// SPDX-License-Identifier: MIT
#include "interception.hpp"

#include <atomic>
#include <csignal>
#include <cstdint>

#include "../runtime/clock.hpp"
#include "../runtime/crash.hpp"
#include "../runtime/event.hpp"
#include "../runtime/system.hpp"

namespace warren::signals::interception {

namespace {

namespace sys = runtime::sys;

constinit std::atomic<std::uint64_t> wanted{0};
constinit std::atomic<std::uint64_t> dropped{0};  ///< ignored, though the runtime's handler stays: SIGQUIT
constinit std::atomic<std::uint64_t> arrived{0};
constinit std::atomic<std::uint32_t> deciding{0};
constinit runtime::event bell;

/// What the handler stands in the place of, by number of signal. Written while the signal is wanted and no handler
/// decides, read by handlers that find it unwanted.
struct sigaction earlier[65];

constexpr std::uint64_t bit(int signal) noexcept { return std::uint64_t{1} << (signal - 1); }

/// In a handler: whether the signal was caught; if not, `instead` is what else is to be done.
bool take(int signal, struct sigaction& instead) noexcept {
  // Sequentially consistent, both: pairs with the changes of `wanted` and wait_for_handlers(). Either this sees the
  // change, or who made it sees this handler.
  deciding.fetch_add(1, std::memory_order_seq_cst);
  const bool is_wanted = (wanted.load(std::memory_order_seq_cst) & bit(signal)) != 0;
  if (is_wanted) {
    arrived.fetch_or(bit(signal), std::memory_order_relaxed);
    bell.ring();
  } else {
    instead = earlier[signal];
  }
  // Release: pairs with the acquire in wait_for_handlers(); what arrived is in its word.
  deciding.fetch_sub(1, std::memory_order_release);
  return is_wanted;
}

void on_signal(int signal, siginfo_t* info, void* context) noexcept;

bool is_function(const struct sigaction& a) noexcept {
  return (a.sa_flags & SA_SIGINFO) != 0 || (a.sa_handler != SIG_DFL && a.sa_handler != SIG_IGN);
}

bool is_ours(const struct sigaction& a) noexcept {
  return (a.sa_flags & SA_SIGINFO) != 0 && a.sa_sigaction == on_signal;
}

bool is_to_be_ignored(const struct sigaction& a) noexcept {
  return (a.sa_flags & SA_SIGINFO) == 0 && a.sa_handler == SIG_IGN;
}

struct sigaction current_action(int signal) noexcept {
  struct sigaction now {};
  sys::set_signal_action(signal, nullptr, &now);
  return now;
}

void set_plain_action(int signal, void (*action)(int)) noexcept {
  struct sigaction plain {};
  plain.sa_handler = action;
  sys::set_signal_action(signal, &plain, nullptr);
}

/// The default action: at the end of the handler, which runs with the signal blocked.
void raise_again(int signal) noexcept {
  const struct sigaction now = current_action(signal);
  // Another function stands above, and has called this one.
  if (is_function(now) && !is_ours(now)) set_plain_action(signal, SIG_DFL);
  sys::signal_thread(sys::thread_id(), signal);
}

void pass_on(int signal, siginfo_t* info, void* context, const struct sigaction& before) noexcept {
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(signal, info, context);
  if (before.sa_handler == SIG_IGN) return;
  if (before.sa_handler != SIG_DFL) return before.sa_handler(signal);
  raise_again(signal);
}

void on_signal(int signal, siginfo_t* info, void* context) noexcept {
  struct sigaction instead;
  if (!take(signal, instead)) pass_on(signal, info, context, instead);
}

bool take_quit() noexcept {
  struct sigaction unused;
  return take(SIGQUIT, unused) || (dropped.load(std::memory_order_relaxed) & bit(SIGQUIT)) != 0;
}

bool comes_through_runtime(int signal) noexcept { return signal == SIGQUIT && runtime::answers_quit(); }

void put_in_place(int signal) noexcept {
  const struct sigaction now = current_action(signal);
  if (is_ours(now)) return;
  wait_for_handlers();  // of an earlier time, which may be reading what stands here
  earlier[signal] = now;
  struct sigaction ours {};
  ours.sa_sigaction = on_signal;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigfillset(&ours.sa_mask);
  sys::set_signal_action(signal, &ours, nullptr);
}

void no_longer_wanted(int signal) noexcept {
  // Sequentially consistent: pairs with take().
  wanted.fetch_and(~bit(signal), std::memory_order_seq_cst);
}

}  // namespace

void intercept(int signal) noexcept {
  dropped.fetch_and(~bit(signal), std::memory_order_relaxed);
  // Sequentially consistent: pairs with take().
  wanted.fetch_or(bit(signal), std::memory_order_seq_cst);
  if (comes_through_runtime(signal)) return runtime::offer_quit_to(take_quit);
  put_in_place(signal);
}

void let_go(int signal) noexcept {
  if (is_ours(current_action(signal))) sys::set_signal_action(signal, &earlier[signal], nullptr);
  no_longer_wanted(signal);
}

void ignore(int signal) noexcept {
  if (comes_through_runtime(signal)) {
    dropped.fetch_or(bit(signal), std::memory_order_relaxed);
    runtime::offer_quit_to(take_quit);
  } else {
    set_plain_action(signal, SIG_IGN);
  }
  no_longer_wanted(signal);
}

bool is_ignored(int signal) noexcept {
  if (comes_through_runtime(signal)) return (dropped.load(std::memory_order_relaxed) & bit(signal)) != 0;
  return is_to_be_ignored(current_action(signal));
}

void wait_for_handlers() noexcept {
  // Sequentially consistent: pairs with take(); and acquire: with its release.
  while (deciding.load(std::memory_order_seq_cst) != 0) sys::yield_thread();
}

signal_set take_arrived() noexcept { return signal_set(arrived.exchange(0, std::memory_order_relaxed)); }

void wait_for_arrivals() noexcept { bell.wait(runtime::never); }
void wake_waiting_thread() noexcept { bell.ring(); }

}  // namespace warren::signals::interception
