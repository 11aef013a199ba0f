// SPDX-License-Identifier: MIT
#include "stopped_threads.hpp"

#include <atomic>

#include "clock.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace {

using signal_handler = void (*)(int, siginfo_t*, void*);

constinit std::atomic<int> stop_signal{0};
constinit std::atomic<signal_handler> stop_handler{nullptr};
constinit std::atomic<bool> asked{false};
constinit std::atomic<stopped_thread*> stopped{nullptr};
constinit std::atomic<int> answers{0};

bool handler_is_in_place(int signal) noexcept {
  struct sigaction now {};
  if (signal == 0 || sys::set_signal_action(signal, nullptr, &now) != 0) return false;
  return (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == stop_handler.load(std::memory_order_relaxed);
}

/// A thread that called run() has a worker's record besides its own. Asked twice it would still answer once.
bool is_asked_as_worker(const thread* own) noexcept {
  if (own->as_worker != nullptr) return false;
  bool found = false;
  for_each_thread([&](const thread* t) {
    found = found || (t->as_worker != nullptr && t->id == own->id && t->in_use.load(std::memory_order_relaxed));
  });
  return found;
}

}  // namespace

void stop_threads_by(int signal, signal_handler handler) noexcept {
  stop_handler.store(handler, std::memory_order_relaxed);
  stop_signal.store(signal, std::memory_order_relaxed);
}

void stop_other_threads(std::int64_t patience_ns) noexcept {
  constexpr std::int64_t look_again_ns = 200'000;
  const int signal = stop_signal.load(std::memory_order_relaxed);
  if (!handler_is_in_place(signal)) return;
  const int self = sys::thread_id();
  // Release: pairs with the acquire in is_stop_request().
  asked.store(true, std::memory_order_release);
  int wanted = 0;
  for_each_thread([&](thread* t) {
    const int id = t->id;
    // The library's own background threads take no signals, and run no goroutine.
    if (id == 0 || id == self || !t->in_use.load(std::memory_order_relaxed)) return;
    if (is_asked_as_worker(t) || sys::thread_blocks_all_signals(id)) return;
    if (sys::signal_thread(id, signal) == 0) ++wanted;
  });
  const std::int64_t deadline = saturating_add(monotonic_ns(), patience_ns);
  // Acquire: pairs with the release in stay_stopped().
  while (answers.load(std::memory_order_acquire) < wanted && monotonic_ns() < deadline) sys::sleep_ns(look_again_ns);
}

bool is_stop_request(const siginfo_t& info) noexcept {
  // Acquire: pairs with the release in stop_other_threads().
  return info.si_code == SI_TKILL && info.si_pid == sys::process_id() && asked.load(std::memory_order_acquire);
}

void stay_stopped(const void* context) noexcept {
  stopped_thread own{this_thread(), {}, nullptr};
  trace_interrupted(own.trace, context);
  own.next = stopped.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in find_stopped(); publishes the trace.
  while (!stopped.compare_exchange_weak(own.next, &own, std::memory_order_release, std::memory_order_relaxed)) {
  }
  // Release: pairs with the acquire in stop_other_threads().
  answers.fetch_add(1, std::memory_order_release);
  for (;;) sys::sleep_ns(3'600'000'000'000);
}

const stopped_thread* find_stopped(const thread* t) noexcept {
  // Acquire: pairs with the release in stay_stopped().
  const stopped_thread* s = stopped.load(std::memory_order_acquire);
  while (s != nullptr && s->who != t) s = s->next;
  return s;
}

}  // namespace warren::runtime
