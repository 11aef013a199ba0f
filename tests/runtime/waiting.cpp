// SPDX-License-Identifier: MIT
#include "waiting.hpp"

#include <warren/runtime/counters.hpp>
#include <warren/runtime/scheduler.hpp>
#include <warren/runtime/timer.hpp>

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace warren::tests {

void pause(std::chrono::nanoseconds d) { runtime::sleep_until_ns(runtime::now_ns() + d.count()); }

void compute(std::chrono::nanoseconds d) {
  const std::int64_t end = runtime::now_ns() + d.count();
  while (runtime::now_ns() < end) {
  }
}

namespace {

[[noreturn]] void bark(const char* what) {
  using namespace runtime;
  const counters c = count_all();
  std::fprintf(stderr, "watchdog: %s hangs: %ld goroutines, %ld stacks, %ld timers, %ld waiters, %u of %u places, %s\n",
               what, static_cast<long>(c.goroutines), static_cast<long>(c.stacks_in_use),
               static_cast<long>(c.armed_timers), static_cast<long>(c.queued_waiters), sched.present(), sched.max_procs(),
               sched.somebody_searches() ? "somebody searches" : "nobody searches");
  for (std::uint32_t i = 0, n = sched.worker_count(); i < n; ++i) {
    const worker* w = sched.worker_at(i);
    std::fprintf(stderr, "worker %u: place %d, %u ready, %u fresh, run_next %d, tick %u, attention %x\n", i,
                 static_cast<int>(w->place.load()), w->ready_queue.size(), w->fresh.size(),
                 w->run_next.load() != nullptr, w->tick.get(), w->attention.load());
  }
  ::kill(::getpid(), SIGQUIT);
  std::this_thread::sleep_for(std::chrono::seconds(5));
  std::abort();
}

}  // namespace

watchdog::watchdog(const char* what, std::chrono::seconds limit)
    : thread_([this, what, limit] {
        std::unique_lock hold(lock_);
        if (!changed_.wait_for(hold, limit, [this] { return over_; })) bark(what);
      }) {}

watchdog::~watchdog() {
  {
    std::lock_guard hold(lock_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

}  // namespace warren::tests
