// SPDX-License-Identifier: MIT
#include <numeric>
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

using numbers = chan<std::int64_t>;

// There and back over two unbuffered channels.
void unbuffered_round_trip(std::int64_t n) {
  numbers there = make_chan<std::int64_t>(), back = make_chan<std::int64_t>();
  go([there, back] {
    for (std::int64_t v : there) back.send(v + 1);
    back.close();
  });
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    there.send(i);
    sum += back.recv();
  }
  there.close();
  auto [v, open] = back.recv_ok();
  verify(!open && sum == n * (n + 1) / 2, "unbuffered_round_trip");
}

void stream(numbers c, std::int64_t n, const char* name) {
  go([c, n] {
    for (std::int64_t i = 0; i < n; i++) c.send(i);
    c.close();
  });
  std::int64_t sum = 0;
  for (std::int64_t v : c) sum += v;
  verify(sum == n * (n - 1) / 2, name);
}

void unbuffered_stream(std::int64_t n) { stream(make_chan<std::int64_t>(), n, "unbuffered_stream"); }
void buffered_stream(std::int64_t n) { stream(make_chan<std::int64_t>(128), n, "buffered_stream"); }

// Send and receive by one goroutine: nobody waits.
void uncontended(std::int64_t n) {
  numbers c = make_chan<std::int64_t>(1);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    c.send(i);
    sum += c.recv();
  }
  verify(sum == n * (n - 1) / 2, "uncontended");
}

constexpr std::int64_t producers = 4;
constexpr std::int64_t consumers = 4;

// Four goroutines send n values each, four receive.
void mpmc(std::int64_t n) {
  numbers c = make_chan<std::int64_t>(128);
  sync::wait_group sending, receiving;
  for (std::int64_t k = 0; k < producers; k++) {
    sending.go([c, n] {
      for (std::int64_t i = 0; i < n; i++) c.send(i);
    });
  }
  std::vector<std::int64_t> sums(consumers);
  for (std::int64_t& mine : sums) {
    receiving.go([c, &mine] {
      std::int64_t sum = 0;
      for (std::int64_t v : c) sum += v;
      mine = sum;
    });
  }
  sending.wait();
  c.close();
  receiving.wait();
  const std::int64_t total = std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
  verify(total == producers * (n * (n - 1) / 2), "mpmc_4x4");
}

const bool measured[] = {
    measure("unbuffered_round_trip", 1, unbuffered_round_trip),
    measure("unbuffered_stream", 1, unbuffered_stream),
    measure("buffered_stream", 1, buffered_stream),
    measure("uncontended", 1, uncontended),
    measure("mpmc_4x4", producers, mpmc),
};

}  // namespace
