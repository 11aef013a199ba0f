// SPDX-License-Identifier: MIT
#include <numeric>
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

constexpr std::int64_t yielders = 1000;

// A thousand goroutines that yield: the ready queue never runs empty and the stacks leave the first cache.
void yield_among_many(std::int64_t n) {
  sync::wait_group wg;
  std::vector<std::int64_t> turns(yielders);
  for (std::int64_t& mine : turns) {
    wg.go([n, &mine] {
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < n; i++) {
        gosched();
        count++;
      }
      mine = count;
    });
  }
  wg.wait();
  verify(std::accumulate(turns.begin(), turns.end(), std::int64_t{0}) == yielders * n, "yield");
}

const bool measured = measure("yield", yielders, yield_among_many);

}  // namespace
