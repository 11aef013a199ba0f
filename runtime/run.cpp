// SPDX-License-Identifier: MIT
#include "run.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <new>
#include <optional>
#include <stdexcept>

#include "closed_world.hpp"
#include "crash.hpp"
#include "descriptor.hpp"
#include "entry.hpp"
#include "fatal.hpp"
#include "go.hpp"
#include "goroutine_pool.hpp"
#include "monitor.hpp"
#include "park.hpp"
#include "population.hpp"
#include "report.hpp"
#include "run_state.hpp"
#include "scheduler.hpp"
#include "system.hpp"

namespace warren {

namespace runtime {

namespace {

constinit run_state settings;
constinit std::atomic<bool> run_going_on{false};
constinit std::atomic<bool> background{false};
constinit std::atomic<int> wanted_procs{0};  // by gomaxprocs(n)
constinit spinlock opening;                  // of the runtime, by run() or by a thread that is no worker

int default_procs() noexcept {
  if (const int n = wanted_procs.load(std::memory_order_relaxed)) return n;
  if (const char* text = sys::environment("GOMAXPROCS")) {
    const long n = std::strtol(text, nullptr, 10);
    if (n > 0) return static_cast<int>(std::min<long>(n, scheduler::most_workers / 2));
  }
  const int cpus = sys::processors();
  const int paid = sys::cgroup_processors();
  return std::max(1, paid > 0 ? std::min(cpus, paid) : cpus);
}

scheduler::settings scheduler_settings(const run_options& o, closed_world* world) noexcept {
  const int procs = o.max_procs > 0 ? o.max_procs : default_procs();
  return {static_cast<std::uint32_t>(std::min<int>(procs, scheduler::most_workers / 2)),
          static_cast<std::uint32_t>(std::clamp<int>(o.max_threads, 2, scheduler::most_workers)), o.detect_deadlock,
          world};
}

struct main_goroutine {
  main_call m;
  int status = 0;
  std::atomic<std::uint32_t> done{0};

  static void run(void* raw) {
    auto* self = *static_cast<main_goroutine**>(raw);
    self->status = self->m.call(self->m.f);
    // Release: pairs with the acquire in run_in_background().
    self->done.store(1, std::memory_order_release);
    sys::futex_wake(self->done, 1);
  }
};

goroutine* make_main(main_goroutine& m, const run_options& o) {
  const launch l = prepare(sizeof(void*), alignof(void*));
  *static_cast<main_goroutine**>(l.room) = &m;
  fill(l.block, &main_goroutine::run, {.name = {}, .stack_size = o.main_stack}, nullptr);
  l.block->set(goroutine::first);
  l.block->id = 1;
  return l.block;
}

/// Goroutines that are left over never run again: nobody may find them from now on.
void leave_over_all() noexcept {
  sched.set_timers_aside();
  goroutine_list queued = sched.take_all_queued();
  while (queued.pop_front() != nullptr) {
  }
  std::int64_t goroutines = 0;
  std::int64_t stacks = 0;
  for_each_goroutine([&](goroutine* g) {
    if (g->has(goroutine::is_thread)) return;
    if (g->written_off.exchange(true, std::memory_order_relaxed)) return;
    const bool parked = g->state.load(std::memory_order_relaxed) == goroutine_state::parked;
    const bool was_left = g->left_over.exchange(true, std::memory_order_relaxed);
    ++goroutines;
    if (g->stack_at != nullptr) ++stacks;
    const park_kind* kind = g->kind;
    if (parked && !was_left && kind != nullptr && kind->withdraw != nullptr) kind->withdraw(g->waiting_on);
  });
  write_off(goroutines, stacks);
  // What threads that are no workers made ready meanwhile.
  queued = sched.take_all_queued();
  while (goroutine* g = queued.pop_front()) {
    if (!g->left_over.load(std::memory_order_relaxed)) sched.inject(g);
  }
}

/// One run at a time; a thread that is no worker may have started the runtime before.
class sole_run {
 public:
  sole_run() {
    // Acquire: pairs with the release in the destructor.
    if (run_going_on.exchange(true, std::memory_order_acquire)) {
      throw std::logic_error("warren: run called while another run is going on");
    }
  }
  ~sole_run() { run_going_on.store(false, std::memory_order_release); }  // pairs with the acquire in the constructor
  sole_run(const sole_run&) = delete;
  sole_run& operator=(const sole_run&) = delete;
};

/// False when the runtime is there already, for threads that are no workers.
bool open_for_run(const run_options& options, closed_world* world) noexcept {
  spin_guard hold(opening);
  if (background.load(std::memory_order_relaxed)) return false;
  settings.stack_class = stacks::class_of(options.stack_size);
  sched.open(scheduler_settings(options, world));
  if (world != nullptr) stand_at_ns(world->begin);
  if (!sched.is_explored()) the_monitor.start();
  return true;
}

/// The runtime stays when this run ends; goroutine 1 joins it.
int run_in_background(goroutine* first, main_goroutine& main) {
  first->unset(goroutine::first);
  sched.start(first);
  // Acquire: pairs with the release in main_goroutine::run().
  while (main.done.load(std::memory_order_acquire) == 0) sys::futex_wait(main.done, 0, -1);
  wait_for_report();
  return main.status;
}

}  // namespace

run_state& the_run() noexcept { return settings; }

void start_in_background() noexcept {
  spin_guard hold(opening);
  if (sched.is_open()) return;
  run_options o;
  o.detect_deadlock = false;
  settings.stack_class = stacks::default_class;
  sched.open(scheduler_settings(o, nullptr));
  the_monitor.start();
  background.store(true, std::memory_order_relaxed);
}

void return_to_place(worker* w) {
  if (sched.come_back(w)) return;
  w->attention.fetch_or(attention::away, std::memory_order_relaxed);
  switch_point_slow(w);
}

int run_main(const run_options& options, const main_call& m, closed_world* world) {
  sole_run alone;
  if (this_worker() != nullptr) throw std::logic_error("warren: run called by a goroutine");
  if (world != nullptr && background.load(std::memory_order_relaxed)) {
    throw std::logic_error("warren: a closed world beside goroutines of threads that called no run");
  }
  std::optional<crash_handlers> handlers;
  if (options.signal_handlers) handlers.emplace();
  main_goroutine main{m};
  goroutine* first = make_main(main, options);
  if (!open_for_run(options, world)) {
    if (world != nullptr) fatal("a thread that is no worker started the runtime beside a closed world");
    return run_in_background(first, main);
  }
  sched.work_on_this_thread(first);
  sched.wait_until_stopped();
  sched.wait_for_workers(saturating_add(monotonic_ns(), saturating_ns(options.stop_grace)));
  wait_for_report();  // main() would end the process in its midst, with another status
  the_monitor.stop();
  stacks::tidy_all();
  {
    // Nobody opens the runtime anew before this run's goroutines are out of it.
    spin_guard hold(opening);
    sched.leave_places();
    leave_over_all();
    sched.close();
    if (world != nullptr) stand_at_ns(0);
  }
  // StoreLoad; pairs with the fence in descriptor::commit_wait(). Somebody must ask the poller for those that still wait.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (descriptor::threads_wait()) {
    start_in_background();
    sched.ensure_timekeeper();
  }
  return main.status;
}

}  // namespace runtime

int gomaxprocs(int n) noexcept {
  using namespace runtime;
  if (sched.is_open()) {
    const auto before = static_cast<int>(sched.max_procs());
    if (n > 0) {
      wanted_procs.store(n, std::memory_order_relaxed);
      sched.set_max_procs(static_cast<std::uint32_t>(std::min<int>(n, scheduler::most_workers / 2)));
    }
    return before;
  }
  const int before = default_procs();
  if (n > 0) wanted_procs.store(n, std::memory_order_relaxed);
  return before;
}

int num_cpu() noexcept { return runtime::sys::processors(); }

}  // namespace warren
