// SPDX-License-Identifier: MIT
// Several faults at a time, by chance, on everything at the same time.
//
// WARREN_PROVE_MINUTES: for how long, in place of a second or two. WARREN_SEED: one round of an earlier time; what goes
// wrong at which call is the same then, who makes that call is not.

#include <gtest/gtest.h>

#include <warren/warren.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "conversation.hpp"
#include "exchange.hpp"
#include "fault_plan.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::fault;
using tests::under_faults;
using enum tests::system_call;

/// All of which everything must survive, if need be with an error for who asked. That a read finds nothing although bytes
/// are there is not among them: no kernel says so, and who is told so after the event waits for one that does not come. Nor
/// that guards cannot be had: that is found out once in a process, and has a test of its own, the last.
std::vector<fault> menu() {
  return {fault::of(create_thread, EAGAIN, 2),
          fault::of(futex_wait, EINTR, 10),
          fault::of(futex_wait, ETIMEDOUT, 10),
          fault::of(poller_wait, EINTR, 20),
          fault::of(poller_add, ENOSPC),
          fault::short_count(receive, 1, 100),
          fault::short_count(transmit, 1, 100),
          fault::of(receive, ECONNRESET),
          fault::of(receive, EINTR, 5),
          fault::of(transmit, EPIPE),
          fault::of(transmit, EINTR, 5),
          fault::of(socket, EMFILE),
          fault::of(accept, EMFILE, 2),
          fault::of(accept, ECONNABORTED, 3),
          fault::of(connect, EADDRNOTAVAIL),
          fault::of(connect, EINTR),
          fault::of(connection_state, ECONNREFUSED),
          fault::of(close, EIO),
          fault::of(close, EINTR),
          fault::of(socket_option, EINVAL),
          fault::of(socket_name, ENOBUFS),
          fault::of(shutdown, ENOTCONN)};
}

std::vector<fault> chosen(std::mt19937_64& numbers) {
  std::vector<fault> all = menu();
  std::shuffle(all.begin(), all.end(), numbers);
  all.resize(2 + numbers() % 4);
  for (fault& f : all) f.nth = static_cast<std::int64_t>(numbers() % 25);
  return all;
}

/// Waits in line at a channel, whatever becomes of the rest.
void count_up() {
  const auto c = make_chan<int>();
  go([c] {
    for (int i = 0; i < 50; ++i) c.send(i);
    c.close();
  });
  int sum = 0;
  for (const int i : c) sum += i;
  EXPECT_EQ(sum, 49 * 50 / 2);
}

void all_at_once() {
  tests::echo_server s;
  http::client c;
  c.transport = http::transport(http::transport_options{.max_conns_per_host = 2});
  {
    const under_faults now;
    sync::wait_group all;
    for (int i = 0; i < 3; ++i) {
      all.go([&] { EXPECT_FALSE(tests::post(c, s.url(), 500).starts_with(tests::wrong_answer)); });
    }
    all.go([] {
      const tests::conversation o = tests::converse(500);
      EXPECT_TRUE(o.said.starts_with(o.heard));
    });
    all.go(count_up);
    all.go([] { sleep(1ms); });
    all.go([] { blocking([] { runtime::sys::sleep_ns(500'000); }); });
    all.wait();
  }
  EXPECT_EQ(tests::get(c, s.url()), "");
  c.close_idle();
}

std::chrono::milliseconds time_to_play() {
  constexpr auto least = 1500ms;
  const char* minutes = std::getenv("WARREN_PROVE_MINUTES");
  if (minutes == nullptr) return least;
  return std::max(least, std::chrono::milliseconds(static_cast<std::int64_t>(std::atof(minutes) * 60'000)));
}

/// Returns: how many faults there were.
std::int64_t play(std::uint64_t seed) {
  std::mt19937_64 numbers(seed);
  const int workers = 1 << numbers() % 3;
  const std::int64_t faults =
      tests::run_with_faults("mixture " + std::to_string(seed), chosen(numbers), workers, all_at_once);
  if (::testing::Test::HasFailure()) std::printf("WARREN_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return faults;
}

TEST(a_mixture, of_faults_is_survived) {
  // What is made once and kept, the poller first.
  run([] { EXPECT_EQ(net::listen("tcp", "127.0.0.1:0").err(), nil); });
  static_cast<void>(tests::run_with_faults("nothing", {}, 4, all_at_once));
  if (const char* given = std::getenv("WARREN_SEED")) {
    play(std::strtoull(given, nullptr, 10));
    return;
  }
  const auto end = std::chrono::steady_clock::now() + time_to_play();
  std::random_device seeds;
  std::int64_t faults = 0;
  int rounds = 0;
  for (; std::chrono::steady_clock::now() < end && !HasFailure(); ++rounds) faults += play(seeds());
  std::printf("%lld faults in %d mixtures\n", static_cast<long long>(faults), rounds);
  EXPECT_GT(faults, rounds / 2);
}

}  // namespace
