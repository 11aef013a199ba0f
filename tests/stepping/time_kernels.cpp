// SPDX-License-Identifier: MIT

// The heap of timers: arming, disarming and firing beside each other. (Timers of the whole runtime: scheduler_kernels.cpp.)

#include <warren/runtime/spinlock.hpp>
#include <warren/runtime/timer_heap.hpp>

#include "kernels.hpp"

namespace stepping {

namespace {

using warren::runtime::goroutine_list;
using warren::runtime::spinlock;
using warren::runtime::timer_heap;
using warren::runtime::timer_kind;
using warren::runtime::timer_node;

/// An owner as the laws of timer_node.hpp want it: its lock serialises, and fire() finds out whether it is still wanted.
struct owner : timer_node {
  owner() noexcept : timer_node(kind_of_owner) {}

  spinlock lock;
  int wanted = 0;  ///< armings that nobody took back, under the lock
  int fired = 0;

  static void fire(timer_node* n, std::int64_t, goroutine_list&) noexcept {
    auto* o = static_cast<owner*>(n);
    const warren::runtime::spin_guard hold(o->lock);
    if (o->wanted == 0) return;
    --o->wanted;
    ++o->fired;
  }
  static constexpr timer_kind kind_of_owner{nullptr, fire};
};

constexpr std::int64_t due = 100;

/// stop() that says yes means that it never fires; one that says no, that it fires.
void stop_against_fire(world& w) {
  timer_heap heap;
  owner o;
  bool stopped = false;
  o.wanted = 1;
  heap.insert(o, due);
  w.thread([&] {
    const warren::runtime::spin_guard hold(o.lock);
    stopped = heap.remove(o);
    if (stopped) o.wanted = 0;
  });
  w.thread([&] {
    goroutine_list woken;
    heap.fire_due(due, woken);
  });
  w.run();
  check(stopped ? o.fired == 0 : o.fired == 1, "fired though stopped, or stopped by nobody and never fired");
  check(heap.size() == 0, "something is left in the heap");
}

/// Three timers in two heaps, moved from one to the other while somebody stops them and somebody fires.
void heaps_merge(world& w) {
  timer_heap from;
  timer_heap to;
  owner owners[3];
  int stopped = 0;
  for (owner& o : owners) {
    o.wanted = 1;
    from.insert(o, due + (&o - owners));
  }
  w.thread([&] { from.move_all_to(to); });
  w.thread([&] {
    for (owner& o : owners) {
      const warren::runtime::spin_guard hold(o.lock);
      timer_heap* heap = o.heap.load(std::memory_order_relaxed);
      if (heap == nullptr) continue;
      if (!heap->remove(o)) continue;
      o.wanted = 0;
      ++stopped;
      break;
    }
  });
  w.thread([&] {
    goroutine_list woken;
    to.fire_due(due + 1, woken);
  });
  w.run();
  goroutine_list woken;
  from.fire_due(due + 10, woken);
  to.fire_due(due + 10, woken);
  int fired = 0;
  for (const owner& o : owners) fired += o.fired;
  check(fired + stopped == 3, "a timer was lost, or fired twice");
}

/// Who arms a timer before the one that a sleeper waits for, and the sleeper that is about to sleep: one sees the other.
/// (The two halves of scheduler::arm and next_nap, by the heap's seq_cst promise.)
void earliest(world& w) {
  timer_heap heap;
  owner late;
  owner early;
  heap.insert(late, due * 2);
  std::atomic<std::int64_t> sleeps_until{-1};
  std::int64_t slept_for = 0;
  bool rung = false;
  w.thread([&] {
    sleeps_until.store(due * 2, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    slept_for = heap.earliest();
  });
  w.thread([&] {
    heap.insert(early, due);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    rung = sleeps_until.load(std::memory_order_relaxed) > due;
  });
  w.run();
  check(rung || slept_for == due, "the sleeper sleeps past the earlier deadline");
}

constexpr kernel kernels[] = {
    {.name = "stop_against_fire", .body = stop_against_fire, .small = true},
    {.name = "heaps_merge", .body = heaps_merge},
    {.name = "earliest", .body = earliest, .small = true},
};

}  // namespace

std::span<const kernel> time_kernels() { return kernels; }

}  // namespace stepping
