// SPDX-License-Identifier: MIT
#include <numeric>
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

constexpr std::int64_t spawn_batch = 1000;

// A thousand tiny goroutines, then wait for all of them.
void spawn_join(std::int64_t n) {
  std::vector<std::int64_t> results(spawn_batch);
  for (std::int64_t i = 0; i < n; i++) {
    sync::wait_group wg;
    wg.add(spawn_batch);
    for (std::size_t k = 0; k < results.size(); k++) {
      go([i, k, &results, &wg] {
        results[k] = i + static_cast<std::int64_t>(k);
        wg.done();
      });
    }
    wg.wait();
    const std::int64_t sum = std::accumulate(results.begin(), results.end(), std::int64_t{0});
    verify(sum == spawn_batch * i + spawn_batch * (spawn_batch - 1) / 2, "spawn_join");
  }
}

// One goroutine at a time.
void spawn_serial(std::int64_t n) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    sync::wait_group wg;
    wg.add(1);
    go([i, &sum, &wg] {
      sum += i;
      wg.done();
    });
    wg.wait();
  }
  verify(sum == n * (n - 1) / 2, "spawn_serial");
}

const bool measured[] = {
    measure("spawn_join", spawn_batch, spawn_join),
    measure("spawn_serial", 1, spawn_serial),
};

}  // namespace
