// SPDX-License-Identifier: MIT
// Histories of real channels, on workers and threads and under explored schedules, held to the laws.
//
// WARREN_PROVE_MINUTES=k: goes on with fresh seeds for k minutes.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/run.hpp>
#include <warren/synctest/explore.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "../test.hpp"
#include "tally.hpp"
#include "traffic.hpp"

namespace {

using namespace warren;
using namespace warren::laws;
using tests::scaled;

std::vector<traffic> kinds_of_traffic(std::uint64_t letters) {
  return {
      {.name = "no buffer", .capacities = {0}, .senders = 4, .receivers = 4, .letters = letters},
      {.name = "room for one", .capacities = {1}, .senders = 3, .receivers = 3, .letters = letters},
      {.name = "room for three", .capacities = {3}, .senders = 3, .receivers = 2, .letters = letters},
      {.name = "much room", .capacities = {64}, .senders = 4, .receivers = 2, .letters = letters},
      {.name = "closed early", .capacities = {2}, .senders = 4, .receivers = 3, .letters = letters, .closes_early = true},
      {.name = "closed early, no buffer", .capacities = {0}, .senders = 4, .receivers = 3, .letters = letters,
       .closes_early = true},
      {.name = "three channels", .capacities = {0, 1, 8}, .senders = 4, .receivers = 4, .letters = letters},
      {.name = "three channels closed early", .capacities = {0, 1, 8}, .senders = 4, .receivers = 4,
       .letters = letters, .closes_early = true},
      {.name = "something is left", .capacities = {1 << 20}, .senders = 3, .receivers = 2, .letters = letters,
       .quits_after = static_cast<int>(letters)},
  };
}

std::string words_of(const traffic& t, int workers, std::uint64_t seed) {
  return t.name + ", " + std::to_string(workers) + " workers, " + std::to_string(t.threads) + " threads, seed " +
         std::to_string(seed);
}

void play(const traffic& t, int workers, std::uint64_t seed) {
  run(run_options{.max_procs = workers}, [&] { expect_lawful(record(t, seed), words_of(t, workers, seed)); });
}

/// Every kind with 1, 2 and 4 workers; with threads of the program's own among them, and without.
void play_all(std::uint64_t letters, std::uint64_t seed) {
  for (traffic& t : kinds_of_traffic(letters)) {
    for (const int workers : {1, 2, 4}) {
      for (const int threads : {0, 1, 4}) {
        t.threads = threads;
        play(t, workers, seed++);
      }
    }
  }
}

TEST(channel_laws, hold_on_workers_and_threads) { play_all(static_cast<std::uint64_t>(scaled(1000)), 1); }

TEST(channel_laws, hold_in_short_lives) {
  for (std::uint64_t seed = 1; seed <= static_cast<std::uint64_t>(scaled(20)); ++seed) play_all(5, seed * 1000);
}

TEST(channel_laws, hold_in_a_million_operations) {
  const auto letters = static_cast<std::uint64_t>(scaled(120'000));
  play({.name = "a million", .capacities = {16}, .senders = 4, .receivers = 4, .letters = letters}, 2, 1);
}

/// What each does is drawn beforehand, in which order by the exploration, which ends at the first that breaks a law.
TEST(channel_laws, hold_in_explored_schedules) {
  for (const traffic& t : kinds_of_traffic(4)) {
    for (std::uint64_t drawn = 1; drawn <= 4; ++drawn) {
      synctest::explore({.seeds = static_cast<std::uint64_t>(scaled(100)), .has_failed = [] { return HasFailure(); }},
                        [&] { expect_lawful(record(t, drawn), words_of(t, 1, drawn) + ", explored"); });
    }
  }
}

// --- select

/// How often each of two ready cases is taken.
std::array<int, 2> shares(int times, bool sends) {
  const auto a = make_chan<int>(1);
  const auto b = make_chan<int>(1);
  std::array<int, 2> taken{};
  int v = 0;
  if (!sends) a.send(0), b.send(0);
  for (int i = 0; i < times; ++i) {
    const int which = sends ? select(send(a, i), send(b, i)) : select(recv(a, v), recv(b, v));
    ++taken[std::size_t(which)];
    const chan<int>& used = which == 0 ? a : b;
    sends ? void(used.recv()) : used.send(i);
  }
  return taken;
}

WARREN_TEST(select_laws, two_ready_cases_share_evenly) {
  // 2 % are more than 12 standard deviations.
  const int times = 100'000;
  for (const bool sends : {false, true}) {
    const auto taken = shares(times, sends);
    EXPECT_EQ(taken[0] + taken[1], times);
    EXPECT_NEAR(taken[0], times / 2, times / 50) << (sends ? "sends" : "receives");
  }
}

WARREN_TEST(select_laws, one_case_takes_effect) {
  const auto a = make_chan<int>(1);
  const auto b = make_chan<int>(1);
  for (int i = 0; i < static_cast<int>(scaled(10'000)); ++i) {
    const int which = select(send(a, i), send(b, i));
    EXPECT_EQ(a.len() + b.len(), 1u);
    EXPECT_EQ((which == 0 ? a : b).recv(), i);
  }
}

// --- for as long as is wanted

std::chrono::steady_clock::duration wanted() {
  const char* minutes = std::getenv("WARREN_PROVE_MINUTES");
  return std::chrono::seconds(minutes != nullptr ? static_cast<int>(std::atof(minutes) * 60) : 0);
}

TEST(channel_laws, hold_with_fresh_seeds) {
  const auto end = std::chrono::steady_clock::now() + wanted();
  std::random_device fresh;
  do {
    play_all(static_cast<std::uint64_t>(scaled(300)), fresh());
  } while (!HasFailure() && std::chrono::steady_clock::now() < end);
}

}  // namespace
