// SPDX-License-Identifier: MIT
#include "scheduler.hpp"

// Runs in a closed world: who is chosen, and what happens when everybody waits. The laws stand in closed_world.hpp.

#include <algorithm>

#include "closed_world.hpp"
#include "dump.hpp"
#include "netpoll.hpp"
#include "population.hpp"
#include "report.hpp"

namespace warren::runtime {

bool scheduler::is_explored() const noexcept { return world() != nullptr && world()->is_explored(); }

/// In an explored world: everything that is ready is the chooser's, who hands out one at a time.
goroutine* scheduler::choose(worker* w) noexcept {
  chooser& c = *world()->who_next;
  goroutine_list ready_now;
  empty_queues_of(w, ready_now);
  inject_.take(ready_now, UINT32_MAX);
  while (goroutine* g = ready_now.pop_front()) {
    if (!g->left_over.load(std::memory_order_relaxed)) c.became_ready(g);
  }
  if (!c.is_exhausted()) return c.next();
  end_world(world_end::too_long);
  return nullptr;
}

/// What it draws and counts depends on the world alone. (Ids are unique in a world; others' have ended, or are left over.)
void scheduler::make_predictable(worker* w) const noexcept {
  if (!is_explored()) return;
  w->attention.fetch_or(attention::explored, std::memory_order_relaxed);
  w->random = choice(world()->seed);
  w->next_id = 2;
  w->ids_end = UINT64_MAX;
}

/// In a closed world, with so many workers that have a place: nothing will happen by itself.
bool scheduler::all_stand_still(std::uint32_t present) noexcept {
  if (world() == nullptr) return false;
  {
    spin_guard hold(places_);
    if (present_.load(std::memory_order_relaxed) != present || outside_ != 0) return false;
  }
  return !work_visible() && waiting_for_stack() == 0 && (!netpoll::has_files() || netpoll::waits() == 0);
}

/// At a standstill, by a worker that has the place: something is ready afterwards, or the run stops.
void scheduler::go_on() noexcept {
  closed_world& in = *world();
  // Acquire, both: pairs with the release in publish().
  if (goroutine* g = in.watcher.exchange(nullptr, std::memory_order_acquire)) return ready(g);
  if (goroutine* g = in.finisher.exchange(nullptr, std::memory_order_acquire)) return ready(g);
  const std::int64_t next = earliest_deadline();
  if (next == never) return end_world(live_goroutines() > 0 ? world_end::all_blocked : world_end::by_itself);
  const std::int64_t at = std::max(next, now_ns());
  if (in.is_explored()) in.who_next->clock_jumped(at - now_ns());
  stand_at_ns(at);
  fire_all_timers(at);
}

void scheduler::end_world(world_end why) noexcept {
  world()->ending = why;
  if (why != world_end::by_itself && take_report_turn()) {
    {
      text_writer out;
      out << "synctest: " << text_of(why) << "\n\n";
      dump_all(out, nullptr);
    }
    give_report_turn_back();
  }
  stop();
}

}  // namespace warren::runtime
