// SPDX-License-Identifier: MIT
#include "timer.hpp"

#include "clock.hpp"
#include "park.hpp"
#include "run_state.hpp"
#include "scheduler.hpp"
#include "system.hpp"

namespace warren::runtime {

void arm(timer_node& node, std::int64_t when) noexcept {
  // A goroutine that outlasts its run needs no runtime: nothing wakes it any more.
  const worker* w = this_worker();
  if (!sched.is_open() && !(w != nullptr && stopped(w))) start_in_background();
  sched.arm(node, when);
}

bool disarm(timer_node& node) noexcept {
  // Again if the node was moved to another heap meanwhile: the end of a run does that.
  // Acquire: pairs with the release in take_due(): what was done to the node there is over.
  while (timer_heap* heap = node.heap.load(std::memory_order_acquire)) {
    if (heap->remove(node)) return true;
  }
  return false;
}

bool will_fire(const timer_node& node) noexcept {
  const timer_heap* heap = node.heap.load(std::memory_order_relaxed);
  return heap != nullptr && !sched.is_of_ended_run(heap);
}

namespace {

/// On the sleeping stack. Only fire() ends the sleep, so it cannot go while it is needed.
struct sleeper : timer_node {
  explicit sleeper(std::int64_t until) noexcept : timer_node(kind_of_sleep), wake_at(until) {}

  goroutine* who = nullptr;
  std::int64_t wake_at;

  static void fire(timer_node* node, std::int64_t, goroutine_list& woken) noexcept {
    woken.push_back(static_cast<sleeper*>(node)->who);
  }
  static bool commit(goroutine* g, void* raw) noexcept {
    auto* s = static_cast<sleeper*>(raw);
    s->who = g;
    arm(*s, s->wake_at);
    return true;
  }
  static void withdraw(void* raw) noexcept { disarm(*static_cast<sleeper*>(raw)); }

  static constexpr timer_kind kind_of_sleep{nullptr, fire};
};

constexpr park_kind sleeping{wait_reason::sleep, sleeper::commit, sleeper::withdraw};

}  // namespace

void sleep_until_ns(std::int64_t when) {
  if (this_worker() == nullptr) {
    // The clock that goroutines live by may be another one before the thread wakes.
    const std::int64_t until = saturating_add(monotonic_ns(), when - now_ns());
    for (std::int64_t left = 0; (left = until - monotonic_ns()) > 0;) sys::sleep_ns(left);
    return;
  }
  sleeper s(when);
  park(sleeping, &s);
}

}  // namespace warren::runtime
