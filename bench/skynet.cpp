// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

// A tree of goroutines, ten children each, down to a million leaves; each sends the sum below it upwards.
void skynet(chan<std::int64_t> up, std::int64_t first, std::int64_t size) {
  if (size == 1) {
    up.send(first);
    return;
  }
  chan<std::int64_t> sums = make_chan<std::int64_t>();
  for (std::int64_t i = 0; i < 10; i++) go(skynet, sums, first + i * (size / 10), size / 10);
  std::int64_t sum = 0;
  for (int i = 0; i < 10; i++) sum += sums.recv();
  up.send(sum);
}

void skynet_million(std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) {
    chan<std::int64_t> top = make_chan<std::int64_t>();
    go(skynet, top, 0, 1'000'000);
    verify(top.recv() == 499'999'500'000, "skynet_1m");
  }
}

const bool measured = measure("skynet_1m", 1, skynet_million);

}  // namespace
