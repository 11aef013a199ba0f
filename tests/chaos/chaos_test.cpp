// SPDX-License-Identifier: MIT
// Servers that come and go among hundreds of clients, most of which behave badly: nothing hangs, whoever behaves is
// answered, and afterwards every goroutine, descriptor, timer, wait and byte is accounted for.
//
// WARREN_CHAOS_SECONDS: how long it all takes, in place of some seconds. WARREN_CHAOS_SEED: the seed of an earlier run; what
// the clients do is the same then, when they do it is not.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include <warren/warren.hpp>

#include "ledger.hpp"
#include "round.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::dice;
using tests::ledger;
using tests::tally;

/// What pools of the library and caches of malloc may have grown by since they were warm.
constexpr std::size_t heap_tolerance = 4 << 20;
constexpr int worker_settings = 3;  ///< the test runs with 1, 2 and 4 workers
constexpr auto round_length = 150ms;

std::uint64_t seed_of_run() {
  static const std::uint64_t seed = [] {
    const char* given = std::getenv("WARREN_CHAOS_SEED");
    return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
  }();
  return seed;
}

std::chrono::milliseconds time_to_play() {
  const char* given = std::getenv("WARREN_CHAOS_SECONDS");
  if (given == nullptr) return 2500ms;
  return std::chrono::milliseconds(1000) * std::atoi(given) / worker_settings;
}

int crowd() { return tests::scale() == 1 ? 300 : 60; }

/// Everything that is made once and kept: the poller, pools, malloc's arenas.
void warm_up(dice& d) {
  for (int i = 0; i < 3; ++i) tests::play_round(dice(d.seed()), crowd(), round_length);
}

WARREN_TEST(chaos, leaves_nothing) {
  std::printf("WARREN_CHAOS_SEED=%llu\n", static_cast<unsigned long long>(seed_of_run()));
  std::fflush(stdout);
  dice d(seed_of_run());
  const ledger cold = ledger::now();
  warm_up(d);
  const ledger warm = ledger::settled({cold.library, ledger::now().files, 0}, 5s);
  EXPECT_EQ(warm.library, cold.library) << warm;

  tally all;
  int rounds = 0;
  for (const auto end = clock::now() + time_to_play(); clock::now() < end && !::testing::Test::HasFailure(); ++rounds) {
    const tally t = tests::play_round(dice(d.seed()), crowd(), round_length);
    all.acts += t.acts;
    all.answers += t.answers;
    all.contexts += t.contexts;
    ASSERT_EQ(ledger::settled(warm, 10s), warm) << "after round " << rounds;
  }
  const ledger after = ledger::now();
  EXPECT_LE(after.heap, warm.heap + heap_tolerance) << "after " << all.acts << " acts";
  EXPECT_GT(all.answers, 0);
  EXPECT_GT(all.contexts, 0);
  std::printf("%d rounds, %lld acts, %lld right answers, %lld contexts; heap %+lld bytes\n", rounds,
              static_cast<long long>(all.acts), static_cast<long long>(all.answers), static_cast<long long>(all.contexts),
              static_cast<long long>(after.heap) - static_cast<long long>(warm.heap));
}

}  // namespace
