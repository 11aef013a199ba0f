// SPDX-License-Identifier: MIT
#pragma once

// A worker: an operating-system thread that runs goroutines, and what it owns.
//
// Laws
//   * Fields are the worker's own unless they are atomic or have a lock; where another thread may look, they are owned<>.
//   * `presence` and the idle list are changed under the scheduler's `places` lock.
//   * Records are never freed: a worker that ended leaves its record to a later one.

#include <atomic>
#include <cstdint>

#include "fresh_list.hpp"
#include "goroutine_pool.hpp"
#include "run_queue.hpp"
#include "stack.hpp"
#include "thread.hpp"
#include "timer_heap.hpp"

namespace warren::runtime {

/// Whether a worker holds one of the GOMAXPROCS places, without which it takes no goroutine.
enum class presence : std::uint8_t {
  unused,     ///< no thread runs this record
  present,    ///< holds a place
  idle,       ///< in the idle list, asleep or about to be
  away,       ///< the monitor gave its place to another while it sat in one goroutine
  placeless,  ///< lost its place on the way back, or gave it up: about to be idle, perhaps with a goroutine in hands
  outside,    ///< in a blocking call, or in a goroutine that has the thread for itself
};

struct worker : thread {
  // Hot, the owner's.
  alignas(64) std::atomic<goroutine*> run_next{nullptr};  ///< the owner stores non-null; whoever exchanges null in takes it
  owned<std::uint32_t> tick = 0;              ///< picks so far; unchanged: it sits in one goroutine
  owned<std::uint32_t> run_next_streak = 0;   ///< picks from run_next in a row
  owned<std::int64_t> streak_since = 0;       ///< when its 4th was
  owned<std::uint32_t> quiet_left = 0;        ///< wake-ups still to be left out; see scheduler.cpp
  owned<std::uint32_t> quiet_span = 0;
  owned<std::uint32_t> stolen_seen = 0;
  owned<std::uint32_t> look_seen = 0;         ///< the monitor's last look that a pick has taken note of
  owned<std::uint32_t> ration_of_look = 0;    ///< of fresh goroutines taken for their age; see take_aged()
  owned<std::uint32_t> ration_left = 0;
  owned<stack*> dead_stack = nullptr;         ///< of the goroutine that has just ended, until the switch is over
  owned<void*> scheduler_context = nullptr;   ///< its own stack, while it runs a goroutine
  owned<std::int64_t> left_poller_at = 0;     ///< when it left the poller with something to do; 0: not so
  owned<goroutine*> picked = nullptr;         ///< the next to run, once the worker is on its own stack
  owned<bool> searching = false;              ///< it is the one that searches
  owned<goroutine*> locked = nullptr;         ///< the goroutine that has this thread for itself
  block_cache blocks;
  stack_cache stack_pool;
  owned<std::uint64_t> next_id = 0;           ///< of goroutines started here
  owned<std::uint64_t> ids_end = 0;
  sanitizer::fiber own_stack;

  run_queue ready_queue;
  fresh_list fresh;
  timer_heap timers;

  // Other threads'.
  alignas(64) std::atomic<std::uint32_t> wake_word{0};      ///< what it sleeps on
  std::atomic<bool> in_poller{false};                       ///< it sleeps in the poller, not on wake_word
  std::atomic<std::uint32_t> stolen_from{0};                ///< thieves count here what they found
  std::atomic<goroutine*> handed{nullptr};                  ///< its locked goroutine, made runnable
  std::atomic<presence> place{presence::unused};
  worker* next_idle = nullptr;                              ///< the places lock
  worker* prev_idle = nullptr;
  std::uint32_t index = 0;                                  ///< in the table; constant
  owned<int> cpu_clock = 0;
  owned<std::uint32_t> epoch = 0;                           ///< the run that its thread belongs to
  owned<unsigned long> handle = 0;                          ///< to join its thread by; 0: the one that called run()
  worker* next_ended = nullptr;                             ///< the places lock

  // The monitor's.
  std::uint32_t tick_seen = 0;
  std::int64_t cpu_seen = 0;
};

/// Values of a worker's wake_word; 0: nobody has rung.
namespace wake_up {
inline constexpr std::uint32_t with_place = 1;  ///< taken out of the idle list, with a place
inline constexpr std::uint32_t look_again = 2;  ///< still idle: the deadline moved, the run stops, or something was handed over
}  // namespace wake_up

/// What a worker without a place makes ready would wait in its queues for somebody to search them. Null: no worker.
inline bool has_place(const worker* w) noexcept {
  return w != nullptr && w->place.load(std::memory_order_relaxed) == presence::present;
}

/// The run of this worker's thread is over. (Its own flag: a thread that comes late may meet the next run.)
inline bool stopped(const worker* w) noexcept {
  return (w->attention.load(std::memory_order_relaxed) & attention::stop) != 0;
}

inline worker* this_worker() noexcept {
  thread* t = this_thread();
  return t != nullptr ? t->as_worker : nullptr;
}

}  // namespace warren::runtime
