// SPDX-License-Identifier: MIT
#include "standstill.hpp"

#include "closed_world.hpp"
#include "park.hpp"
#include "population.hpp"
#include "scheduler.hpp"

namespace warren::runtime {

namespace {

bool publish(goroutine* g, void* raw) noexcept {
  // Release: pairs with the acquires in scheduler::go_on().
  static_cast<std::atomic<goroutine*>*>(raw)->store(g, std::memory_order_release);
  return true;
}

void withdraw(void* raw) noexcept { static_cast<std::atomic<goroutine*>*>(raw)->store(nullptr, std::memory_order_relaxed); }

constexpr park_kind watching{wait_reason::synctest_wait, publish, withdraw};
constexpr park_kind finishing{wait_reason::synctest_test, publish, withdraw};

}  // namespace

closed_world* the_closed_world() noexcept { return sched.world(); }

bool watch_for_standstill(closed_world& world) {
  if (world.watched.exchange(true, std::memory_order_relaxed)) return false;
  park(watching, &world.watcher);
  world.watched.store(false, std::memory_order_relaxed);
  return true;
}

bool finish_world(closed_world& world) {
  if (live_goroutines() > 1) park(finishing, &world.finisher);
  if (live_goroutines() <= 1) return true;
  sched.end_world(world_end::some_remain);
  return false;
}

}  // namespace warren::runtime
