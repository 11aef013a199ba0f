// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>
#include <numeric>
#include <vector>

#include "measure.hpp"

// A thousand tiny fibers, then join all of them.
void spawn_join(std::int64_t n) {
  std::vector<std::int64_t> results(spawn_batch);
  std::vector<boost::fibers::fiber> fibers;
  for (std::int64_t i = 0; i < n; i++) {
    fibers.clear();
    for (std::int64_t k = 0; k < spawn_batch; k++) {
      fibers.emplace_back([i, k, &results] { results[static_cast<std::size_t>(k)] = i + k; });
    }
    for (boost::fibers::fiber& f : fibers) f.join();
    const std::int64_t sum = std::accumulate(results.begin(), results.end(), std::int64_t{0});
    verify(sum == spawn_batch * i + spawn_batch * (spawn_batch - 1) / 2, "spawn_join");
  }
}

// One fiber at a time.
void spawn_serial(std::int64_t n) {
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    boost::fibers::fiber([i, &sum] { sum += i; }).join();
  }
  verify(sum == n * (n - 1) / 2, "spawn_serial");
}
