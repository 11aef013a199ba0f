// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;
using namespace std::chrono_literals;

namespace {

// A timer that never fires.
void timer_start_stop(std::int64_t n) {
  std::int64_t stopped = 0;
  for (std::int64_t i = 0; i < n; i++) {
    timer t(1h);
    if (t.stop()) stopped++;
  }
  verify(stopped == n, "timer_start_stop");
}

const bool measured = measure("timer_start_stop", 1, timer_start_stop);

}  // namespace
