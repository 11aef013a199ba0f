// SPDX-License-Identifier: MIT
#pragma once

// The same test under many schedules, each of which can be had again.
//
//     synctest::explore({.seeds = 10'000}, [] {
//       ...                     // goroutines, channels, timers; throws, or waits for ever, if something is wrong
//     });
//
// A seed decides everything: who goes next at every switch point, which of several ready cases a select takes, and what
// else the library leaves to chance. All goroutines run on one thread, one after the other; who runs gives way at switch
// points and nowhere else. The clock is that of a closed world (synctest.hpp).
//
// Every other seed draws uniformly among those that are ready; the others give each goroutine a priority by chance, and
// let the first in rank fall back at up to three moments (probabilistic concurrency testing: Burckhardt, Kothari,
// Musuvathi, Nagarakatte, ASPLOS 2010), which finds what needs a goroutine to be left behind for long.
//
// What depends on the body alone stays the same from run to run: what it reads from the world outside, addresses that it
// orders by, or threads of its own, do not.

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "synctest.hpp"

namespace warren::synctest {

struct explore_options {
  std::uint64_t seeds = 10'000;      ///< how many; WARREN_SEED=N in the environment: that one alone
  std::uint64_t first_seed = 1;
  std::uint64_t max_steps = 100'000;  ///< goroutines resumed in a run before it counts as one that does not end
  /// Asked after each run: true, and the run has failed. For checks that do not throw, such as GoogleTest's EXPECT:
  /// `[] { return testing::Test::HasFailure(); }`.
  std::function<bool()> has_failed{};
  /// Runs every seed twice, and fails if the two were not the same: the body depends on more than the seed.
  bool twice = false;
  /// Receives the schedule of the last run, a line a step.
  std::string* trace = nullptr;
};

/// What was explored.
struct exploration {
  std::uint64_t runs = 0;
  std::uint64_t steps = 0;  ///< goroutines resumed, and jumps of the clock, in all runs
  std::uint64_t hash = 0;   ///< of all schedules, one after the other
};

/// A run failed. what(): why, the seed, how to have it again, and the last steps of its schedule.
class schedule_failure : public std::runtime_error {
 public:
  schedule_failure(std::uint64_t seed, const std::string& text) : std::runtime_error(text), seed_(seed) {}
  std::uint64_t seed() const noexcept { return seed_; }

 private:
  std::uint64_t seed_;
};

exploration explore_body(const explore_options& options, const test_body& body);

/// Runs `f` once a seed, each time as synctest::test() does, until one fails.
///
/// blocking() blocks everything here, and lock_os_thread() does nothing. An exception that leaves a goroutine other than
/// f's ends the process, as everywhere; its report names the seed.
/// Parks: blocks the thread, which is no goroutine's. Throws: schedule_failure at the first run that fails: f threw,
/// goroutines wait for what cannot come, the run did not end, or `has_failed` says so. std::logic_error when a run is
/// going on.
template <class F>
  requires std::is_invocable_v<std::decay_t<F>&>
exploration explore(const explore_options& options, F&& f) {
  using callable = std::decay_t<F>;
  callable call = std::forward<F>(f);
  return explore_body(options, {[](void* raw) { std::invoke(*static_cast<callable*>(raw)); }, &call});
}

}  // namespace warren::synctest
