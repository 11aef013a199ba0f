// SPDX-License-Identifier: MIT
#include "park.hpp"

// A switch goes straight from the goroutine that leaves to the one that goes on; the worker's own stack is visited only
// when there is nothing at hand, or when something wants attention. What the arriving side is told about the one that
// left travels with the jump: null for the worker's own stack, `ended` for a goroutine that has returned, else the
// goroutine that has parked.

#include <cstdlib>
#include <utility>

#include "entry.hpp"
#include "fatal.hpp"
#include "population.hpp"
#include "scheduler.hpp"
#include "switch.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace {

goroutine ended_mark;
goroutine* const ended = &ended_mark;

sanitizer::fiber& fiber_of(worker* w, goroutine* g) noexcept {
  return g != nullptr ? g->stack_at->fiber : w->own_stack;
}

void tell_sanitizers_leaving(worker* w, goroutine* from, stack* dying, goroutine* to) noexcept {
  sanitizer::fiber& left = dying != nullptr ? dying->fiber : fiber_of(w, from);
  sanitizer::leaving(left, fiber_of(w, to), dying != nullptr);
}

/// A goroutine on its way out becomes the worker's own work: picking, committing, jumping.
WARREN_UNSEEN_BY_SANITIZERS inline void step_out(worker* w) noexcept {
  if (sanitizer::watching_switches) [[unlikely]] sanitizer::step_out(w->own_stack);
}

/// The last thing before the goroutine's own work goes on.
WARREN_UNSEEN_BY_SANITIZERS inline void step_in(goroutine* g) noexcept {
  if (!sanitizer::watching_switches) [[likely]] return;
  worker* w = this_worker();
  sanitizer::step_in(g->stack_at->fiber, g->hand_over_key());
  sanitizer::hand_over_end(w);  // see begin_on_thread()
}

[[gnu::noinline]] void release_dead_stack(worker* w) noexcept {
  stack* s = w->dead_stack;
  w->dead_stack = nullptr;
  if (sanitizer::watching_switches) {
    sanitizer::end(s->fiber);
    sanitizer::forget(s->low, s->usable_bytes());
  }
  w->stack_pool.give(s);
  if (sched.waiting_for_stack() > 0) sched.stack_released();
}

bool refuse_and_inject(goroutine* self, void*) noexcept {
  if (self->left_over.load(std::memory_order_relaxed)) return true;
  self->state.store(goroutine_state::runnable, std::memory_order_relaxed);
  sched.inject(self);
  return true;
}

constexpr park_kind giving_way{wait_reason::gosched, nullptr, nullptr};  // see committed()
constexpr park_kind preempted{wait_reason::preempted, refuse_and_inject, nullptr};
constexpr park_kind without_place{wait_reason::gosched, refuse_and_inject, nullptr};

/// The run is over: whoever parks now stays for ever, and nobody may find it.
[[gnu::noinline]] void stay_for_ever(goroutine* g, const park_kind* kind) noexcept {
  g->state.store(goroutine_state::parked, std::memory_order_relaxed);
  g->left_over.store(true, std::memory_order_relaxed);
  void* waiting_on = g->waiting_on;
  if (kind->commit != nullptr) kind->commit(g, waiting_on);
  if (kind->withdraw != nullptr) kind->withdraw(waiting_on);
}

[[gnu::noinline]] void refused(worker* w, goroutine* left) noexcept {
  sched.hand_over(left);  // the commit may have used the waiting stack
  left->state.store(goroutine_state::runnable, std::memory_order_relaxed);
  if (left->has(goroutine::locked)) return sched.locked_ready(left);
  sched.requeue(w, left);
}

WARREN_FLATTENED void committed(worker* w, goroutine* left) noexcept {
  const park_kind* kind = left->kind;
  if (stopped(w)) [[unlikely]] return stay_for_ever(left, kind);
  // Giving way uses no waiting stack and orders nothing, and who has a thread for itself does not do it here.
  if (kind == &giving_way) {
    left->state.store(goroutine_state::runnable, std::memory_order_relaxed);
    return sched.requeue(w, left);
  }
  left->state.store(goroutine_state::parked, std::memory_order_relaxed);
  if (kind->commit == nullptr || kind->commit(left, left->waiting_on)) [[likely]] return;
  refused(w, left);
}

/// First thing on the arriving side.
WARREN_FLATTENED WARREN_UNSEEN_BY_SANITIZERS void finish_switch(transfer from) noexcept {
  auto* w = this_worker();
  auto* left = static_cast<goroutine*>(from.data);
  w->fence_owed = true;
  if (sanitizer::watching_switches) [[unlikely]] {
    sanitizer::arrived(fiber_of(w, w->current), left == nullptr ? &w->own_stack : nullptr);
  }
  if (left == nullptr) {
    w->scheduler_context = from.fctx;
  } else if (left == ended) {
    release_dead_stack(w);
  } else {
    left->context = from.fctx;
    committed(w, left);
  }
}

WARREN_UNSEEN_BY_SANITIZERS void goroutine_main(transfer from);

/// Gives a fresh goroutine a stack. False: none can be had; it waits for one.
[[gnu::noinline]] bool attach_stack(worker* w, goroutine* g) noexcept {
  stack* s = g->stack_class == stacks::default_class ? w->stack_pool.take() : stacks::take(g->stack_class);
  if (s == nullptr) {
    sched.wait_for_stack(g);
    return false;
  }
  w->stacks_in_use.add(1);
  g->stack_at = s;
  g->context = make_context(s, goroutine_main);
  if (sanitizer::watching_switches) sanitizer::begin(s->fiber, s->low, s->usable_bytes());
  return true;
}

/// Makes g the worker's current one, with its exception state in place. Its context is where to jump.
WARREN_FLATTENED void install(worker* w, goroutine* g) noexcept {
  g->state.store(goroutine_state::running, std::memory_order_relaxed);
  w->current = g;
}

/// A fresh goroutine, its stack attached, or another if there are no more stacks.
[[gnu::noinline]] goroutine* made_runnable(worker* w, goroutine* g) noexcept {
  while (g != nullptr && g->stack_at == nullptr && !attach_stack(w, g)) g = sched.pick(w);
  return g;
}

/// The next goroutine that can run at once, stack attached.
WARREN_FLATTENED goroutine* pick_runnable(worker* w) noexcept {
  goroutine* g = sched.pick(w);
  return g == nullptr || g->stack_at != nullptr ? g : made_runnable(w, g);
}

/// The same for one who parks: a lock may be held until it has left, so a stack that must be asked for first is asked for
/// on the worker's own (null).
WARREN_FLATTENED goroutine* pick_ready_made(worker* w) noexcept {
  goroutine* g = sched.pick(w);
  if (g == nullptr || g->stack_at != nullptr) return g;
  if (g->stack_class == stacks::default_class && w->stack_pool.has_one()) return made_runnable(w, g);
  w->picked = g;
  return nullptr;
}

/// Leaves `from`, which has stepped out, for `to` (null: the worker's own stack). Returns when somebody comes back to
/// `from`.
WARREN_FLATTENED WARREN_UNSEEN_BY_SANITIZERS void switch_to(worker* w, goroutine* from, goroutine* to) noexcept {
  if (to != nullptr) {
    swap_exceptions(w->exceptions, from->exceptions, to->exceptions);
    install(w, to);
  } else {
    swap_exceptions(w->exceptions, from->exceptions, exception_state{});
    w->current = nullptr;
  }
  if (sanitizer::watching_switches) [[unlikely]] tell_sanitizers_leaving(w, from, nullptr, to);
  void* context = to != nullptr ? to->context : w->scheduler_context.get();
  finish_switch(jump(context, from));
  step_in(from);
}

/// Ends the goroutine, which has stepped out, for good. Does not return.
WARREN_UNSEEN_BY_SANITIZERS void leave_ended(worker* w, stack* mine, goroutine* to) noexcept {
  w->dead_stack = mine;
  set_exceptions(w->exceptions, to != nullptr ? to->exceptions : exception_state{});
  if (to != nullptr) {
    install(w, to);
  } else {
    w->current = nullptr;
  }
  if (sanitizer::watching_switches) [[unlikely]] tell_sanitizers_leaving(w, nullptr, mine, to);
  jump(to != nullptr ? to->context : w->scheduler_context.get(), ended);
  __builtin_unreachable();
}

/// A stack that is hot goes straight to the next goroutine that has none.
bool can_inherit(const goroutine* next, const stack* mine) noexcept {
  return next->stack_at == nullptr && next->stack_class == mine->size_class;
}

/// What a goroutine leaves behind; its block is free afterwards. Returns the next one to run, or null.
goroutine* bury(worker* w, goroutine* g) noexcept {
  std::free(g->name);
  g->name = nullptr;
  w->goroutines_ended.add(1);
  // It outlasted its run, which may count it as gone already.
  if (stopped(w) && g->written_off.exchange(true, std::memory_order_relaxed)) write_off(-1, -1);
  if (g->has(goroutine::locked)) {
    w->locked = nullptr;
    w->attention.fetch_and(~attention::locked, std::memory_order_relaxed);
    if (!sched.come_back(w)) w->attention.fetch_or(attention::away, std::memory_order_relaxed);
  }
  w->blocks.give(g);
  if (w->attention.load(std::memory_order_relaxed) != 0) return nullptr;
  return sched.pick(w);
}

/// What a goroutine does on a used stack comes after all that was done there.
WARREN_UNSEEN_BY_SANITIZERS void begin(goroutine* g) noexcept {
  if (!sanitizer::watching_switches) return;
  step_in(g);
  sanitizer::hand_over_end(g->stack_at);
}

WARREN_UNSEEN_BY_SANITIZERS void end(worker* w, stack* mine) noexcept {
  if (!sanitizer::watching_switches) return;
  sanitizer::hand_over_begin(mine);
  step_out(w);
}

[[noreturn, gnu::noinline]] void report_overflow(goroutine* g) noexcept {
  fatal_stack_overflow(g->id, g->name, g->stack_at->usable_bytes());
}

WARREN_UNSEEN_BY_SANITIZERS void goroutine_main(transfer from) {
  finish_switch(from);
  begin(this_worker()->current);
  reset_floating_point();
  for (;;) {
    run_body(this_worker()->current);
    worker* w = this_worker();
    goroutine* g = w->current;
    stack* mine = g->stack_at;
    if (mine->overflowed(__builtin_frame_address(0))) [[unlikely]] report_overflow(g);
    end(w, mine);
    goroutine* next = bury(w, g);
    if (next != nullptr && can_inherit(next, mine) && !sanitizer::watching_switches) {
      next->stack_at = mine;
      install(w, next);
      reset_floating_point();
      continue;
    }
    w->stacks_in_use.add(-1);
    leave_ended(w, mine, made_runnable(w, next));
  }
}

[[noreturn]] void report_swallowed() noexcept { fatal("goexit was swallowed by a catch (...)"); }

void park_thread(goroutine* self, const park_kind& kind, void* waiting_on) {
  self->wake_word.store(0, std::memory_order_relaxed);
  self->kind = &kind;
  self->waiting_on = waiting_on;
  // Release: pairs with the acquire in the deadlock detector: what this thread woke before is counted.
  self->state.store(goroutine_state::parked, std::memory_order_release);
  if (kind.commit == nullptr || kind.commit(self, waiting_on)) {
    // Acquire: pairs with the release in ready().
    while (self->wake_word.load(std::memory_order_acquire) == 0) sys::futex_wait(self->wake_word, 0, -1);
  }
  self->state.store(goroutine_state::running, std::memory_order_relaxed);
}

/// A switch to the worker's own stack, where attention is paid.
[[gnu::noinline]] void park_through_scheduler(worker* w, goroutine* g, const park_kind& kind, void* waiting_on) {
  g->kind = &kind;
  g->waiting_on = waiting_on;
  step_out(w);
  switch_to(w, g, nullptr);
}

}  // namespace

WARREN_UNSEEN_BY_SANITIZERS void run_from_scheduler(worker* w, goroutine* g) noexcept {
  if (g->stack_at == nullptr && !attach_stack(w, g)) return;
  set_exceptions(w->exceptions, g->exceptions);
  install(w, g);
  if (sanitizer::watching_switches) [[unlikely]] tell_sanitizers_leaving(w, nullptr, nullptr, g);
  finish_switch(jump(g->context, nullptr));
}

void park(const park_kind& kind, void* waiting_on) {
  thread* t = current_thread();
  goroutine* g = t->current;
  worker* w = t->as_worker;
  if (w == nullptr) return park_thread(g, kind, waiting_on);
  if (g->stack_at->overflowed(__builtin_frame_address(0))) [[unlikely]] report_overflow(g);
  g->kind = &kind;
  g->waiting_on = waiting_on;
  const std::uint32_t bits = w->attention.load(std::memory_order_relaxed);
  if ((bits & attention::swallowed) != 0) [[unlikely]] report_swallowed();
  step_out(w);
  switch_to(w, g, bits != 0 ? nullptr : pick_ready_made(w));
}

void ready(goroutine* g) noexcept { sched.ready(g); }

void ready(goroutine_list&& list) noexcept { sched.ready(std::move(list)); }

void yield() {
  thread* t = current_thread();
  worker* w = t->as_worker;
  if (w == nullptr) return sys::yield_thread();
  goroutine* g = t->current;
  const std::uint32_t bits = w->attention.load(std::memory_order_relaxed);
  // Goroutine 1 leaves the calling thread here as it does when it parks.
  if (bits == attention::caller) return park_through_scheduler(w, g, giving_way, nullptr);
  if ((bits & attention::explored) != 0) return park_through_scheduler(w, g, giving_way, nullptr);
  if (bits != 0) return switch_point_slow(t);
  // Picking leaves traces on the stack it happens on, and giving way orders nothing: the race detector would take what
  // the worker wrote here, and what the goroutine writes there later, for a race.
  if (sanitizer::watching_switches && sanitizer::has_own_thread()) [[unlikely]] {
    return park_through_scheduler(w, g, giving_way, nullptr);
  }
  step_out(w);
  goroutine* next = pick_runnable(w);
  if (next == nullptr && !sched.timers_due(w)) return step_in(g);
  g->kind = &giving_way;
  g->waiting_on = nullptr;
  switch_to(w, g, next);
}

void switch_point_slow(thread* t) {
  worker* w = t->as_worker;
  goroutine* g = t->current;
  if (w == nullptr || w->attention.load(std::memory_order_relaxed) == attention::caller) return;
  // The bits of a single event go; those of a state stay until the state ends.
  const std::uint32_t bits = w->attention.fetch_and(
      ~(attention::slice_over | attention::loud | attention::swallowed), std::memory_order_relaxed);
  if ((bits & attention::swallowed) != 0) report_swallowed();
  if ((bits & attention::loud) != 0) w->quiet_left = w->quiet_span = 0;
  if ((bits & attention::stop) != 0) return park_through_scheduler(w, g, giving_way, nullptr);
  if ((bits & attention::explored) != 0) return park_through_scheduler(w, g, preempted, nullptr);
  if ((bits & attention::locked) != 0) return;
  if ((bits & attention::away) != 0 && !sched.come_back(w)) {
    return park_through_scheduler(w, g, without_place, nullptr);
  }
  if ((bits & (attention::slice_over | attention::resized)) != 0) park_through_scheduler(w, g, giving_way, nullptr);
}

}  // namespace warren::runtime
