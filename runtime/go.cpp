// SPDX-License-Identifier: MIT
#include "go.hpp"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "entry.hpp"
#include "fatal.hpp"
#include "goroutine_pool.hpp"
#include "park.hpp"
#include "population.hpp"
#include "run_state.hpp"
#include "scheduler.hpp"

namespace warren {

namespace runtime {

namespace {

constinit std::atomic<std::uint64_t> ids_given{1};  // goroutine 1 is run()'s

/// Ids are drawn in batches, as Go draws them: they are unique, not dense.
std::uint64_t next_id(worker* w) noexcept {
  constexpr std::uint64_t batch = 16;
  if (w == nullptr) return ids_given.fetch_add(1, std::memory_order_relaxed) + 1;
  if (w->next_id == w->ids_end) {
    const std::uint64_t first = ids_given.fetch_add(batch, std::memory_order_relaxed) + 1;
    w->next_id = first;
    w->ids_end = first + batch;
  }
  const std::uint64_t id = w->next_id;
  w->next_id = id + 1;
  return id;
}

goroutine* take_block(worker* w, std::uint8_t size_class) {
  goroutine* g = w != nullptr ? w->blocks.take(size_class) : blocks::take_one(size_class);
  if (g == nullptr) throw std::bad_alloc();
  return g;
}

void give_block(worker* w, goroutine* g) noexcept {
  if (w != nullptr) return w->blocks.give(g);
  blocks::give_one(g);
}

/// The private type of goexit(). It tells the goroutine when the last copy is gone before the entry has caught it.
struct goexit_signal {
  explicit goexit_signal(goroutine* g) noexcept : who(g) {}
  goexit_signal(goexit_signal&& other) noexcept : who(std::exchange(other.who, nullptr)) {}
  ~goexit_signal() {
    if (who == nullptr || !who->has(goroutine::exiting)) return;
    current_thread()->attention.fetch_or(attention::swallowed, std::memory_order_relaxed);
  }
  goroutine* who;
};

}  // namespace

launch prepare(std::size_t bytes, std::size_t align) {
  worker* w = this_worker();
  const bool inside = bytes <= blocks::closure_room[1] && align <= alignof(goroutine);
  const std::uint8_t size_class = inside && bytes > blocks::closure_room[0] ? 1 : 0;
  goroutine* g = take_block(w, size_class);
  if (inside) {
    g->flags = 0;
    return {g, g->closure()};
  }
  try {
    *static_cast<void**>(g->closure()) = ::operator new(bytes, std::align_val_t{align});
  } catch (...) {
    give_block(this_worker(), g);
    throw;
  }
  g->flags = goroutine::closure_outside;
  reinterpret_cast<std::size_t*>(g->closure())[1] = align;
  return {g, *static_cast<void**>(g->closure())};
}

namespace {

void free_outside_closure(goroutine* g) noexcept {
  if (!g->has(goroutine::closure_outside)) return;
  ::operator delete(*static_cast<void**>(g->closure()), std::align_val_t{reinterpret_cast<std::size_t*>(g->closure())[1]});
}

}  // namespace

void abandon(const launch& l) noexcept {
  free_outside_closure(l.block);
  give_block(this_worker(), l.block);
}

void fill(goroutine* g, void (*invoke)(void*), const go_options& options, void* caller) noexcept {
  thread* t = current_thread();
  g->context = nullptr;
  g->stack_at = nullptr;
  g->exceptions = {};
  g->invoke = invoke;
  g->id = next_id(t->as_worker);
  g->home = nullptr;
  g->locks = 0;
  g->left_over.store(false, std::memory_order_relaxed);
  g->written_off.store(false, std::memory_order_relaxed);
  g->name = options.name.empty() ? nullptr : ::strndup(options.name.data(), options.name.size());
  g->created_at = caller;
  g->creator = t->as_worker != nullptr && t->current != nullptr ? t->current.get()->id.get() : 0;
  g->stack_class = options.stack_size == 0 ? the_run().stack_class.get() : stacks::class_of(options.stack_size);
  // Relaxed: the queue it goes to publishes it.
  g->state.store(goroutine_state::fresh, std::memory_order_relaxed);
  t->goroutines_started.add(1);
}

void start(const launch& l, void (*invoke)(void*), const go_options& options, void* caller) noexcept {
  fill(l.block, invoke, options, caller);
  if (!sched.is_open() && this_worker() == nullptr) start_in_background();
  sched.start(l.block);
}

void run_body(goroutine* g) {
  void* at = g->has(goroutine::closure_outside) ? *static_cast<void**>(g->closure()) : g->closure();
  const bool is_first = g->has(goroutine::first);
  try {
    g->invoke(at);
  } catch (const goexit_signal&) {
    g->unset(goroutine::exiting);
    free_outside_closure(g);
    return;
  }
  if (g->has(goroutine::exiting)) fatal("goexit was swallowed by a catch (...)");
  free_outside_closure(g);
  if (is_first) sched.stop();
}

}  // namespace runtime

void gosched() { runtime::yield(); }

void goexit() {
  using namespace runtime;
  thread* t = current_thread();
  if (t->as_worker == nullptr) fatal("goexit called outside a goroutine");
  goroutine* g = t->current;
  g->set(goroutine::exiting);
  throw goexit_signal(g);
}

int num_goroutine() noexcept { return static_cast<int>(runtime::live_goroutines()); }

void lock_os_thread() {
  using namespace runtime;
  worker* w = this_worker();
  // A thread that is no worker is its own already, and so is the only one of an explored world.
  if (w == nullptr || sched.is_explored()) return;
  goroutine* g = w->current;
  if (g->locks++ > 0) return;
  g->home = w;
  w->locked = g;
  g->set(goroutine::locked);
  w->attention.fetch_or(attention::locked, std::memory_order_relaxed);
  sched.go_outside(w);
  sched.share_queues_of(w);
}

void unlock_os_thread() {
  using namespace runtime;
  worker* w = this_worker();
  if (w == nullptr) return;
  goroutine* g = w->current;
  if (g->locks == 0 || --g->locks > 0) return;
  w->locked = nullptr;
  g->unset(goroutine::locked);
  w->attention.fetch_and(~attention::locked, std::memory_order_relaxed);
  return_to_place(w);
}

}  // namespace warren
