// SPDX-License-Identifier: MIT
#pragma once

// A run in which time passes only when everybody waits, and, if a chooser is given, in which the chooser says who goes
// next. What synctest/ is made of.
//
// Laws
//   * The clock (now_ns) stands. A standstill is the moment at which every goroutine waits, none of them for a file, and
//     none is in a blocking call: whatever happens next has to come from here. It is, in this order:
//        1. whoever watches for that moment goes on;
//        2. if the first goroutine has returned, it hears that the others wait for ever: time has ended with it;
//        3. the clock jumps to the earliest deadline;
//        4. nothing can happen any more: the run ends, and `ending` says why.
//   * Whoever stops running without a place (`outside_`) looks afterwards whether all stand still: nobody else may be awake.
//   * There is one place, and goroutine 1 stays on the thread that called run() with all the others: a world that nobody
//     leaves by a blocking call needs no other thread.
//   * With a chooser no thread but that one takes part at all: there is no monitor, a blocking call blocks, and every
//     switch point gives way (attention::explored). What runs depends on nothing but what the chooser says.
//   * Everything is touched by the worker that has the place, or, while nobody runs, by the one that is about to take it.
//     `watched`, `watcher` and `finisher` are also touched by goroutines that run beside it, without a place.

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"

namespace warren::runtime {

/// Who goes next, among the goroutines that are ready.
class chooser {
 public:
  /// If it has run before, its kind says what it left off for.
  virtual void became_ready(goroutine* g) noexcept = 0;
  virtual void clock_jumped(std::int64_t ns) noexcept = 0;
  /// Null: none is ready.
  virtual goroutine* next() noexcept = 0;
  /// True: the run has had its share, and ends.
  virtual bool is_exhausted() const noexcept = 0;

 protected:
  ~chooser() = default;
};

/// How a closed world ended.
enum class world_end : std::uint8_t { by_itself, all_blocked, some_remain, too_long };

constexpr const char* text_of(world_end e) noexcept {
  switch (e) {
    case world_end::by_itself: return "ended by itself";
    case world_end::all_blocked: return "deadlock: all goroutines in bubble are blocked";
    case world_end::some_remain: return "deadlock: main bubble goroutine has exited but blocked goroutines remain";
    case world_end::too_long: return "did not end within the steps it was given";
  }
  return "";
}

struct closed_world {
  const std::int64_t begin;   ///< what the clock reads first, in nanoseconds since 1970
  chooser* const who_next;    ///< null: the scheduler's order
  const std::uint64_t seed;   ///< of what the library draws by chance; used with a chooser alone
  std::atomic<goroutine*> watcher{nullptr};   ///< in watch_for_standstill(), parked
  std::atomic<goroutine*> finisher{nullptr};  ///< in finish_world(), parked
  std::atomic<bool> watched{false};           ///< somebody is in watch_for_standstill()
  world_end ending = world_end::by_itself;

  bool is_explored() const noexcept { return who_next != nullptr; }
};

}  // namespace warren::runtime
