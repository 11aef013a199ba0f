// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

// Two goroutines that do nothing but hand over to each other.
void hand_over(std::int64_t n) {
  sync::wait_group wg;
  std::int64_t turns[2] = {};
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
  verify(turns[0] + turns[1] == 2 * n, "switch");
}

const bool measured = measure("switch", 2, hand_over);

}  // namespace
