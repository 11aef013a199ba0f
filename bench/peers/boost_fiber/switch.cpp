// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>

#include "measure.hpp"

// Two fibers that do nothing but hand over to each other.
void hand_over(std::int64_t n) {
  std::int64_t turns[2] = {};
  boost::fibers::fiber both[2];
  for (int k = 0; k < 2; k++) {
    both[k] = boost::fibers::fiber([n, mine = &turns[k]] {
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < n; i++) {
        boost::this_fiber::yield();
        count++;
      }
      *mine = count;
    });
  }
  for (boost::fibers::fiber& f : both) f.join();
  verify(turns[0] + turns[1] == 2 * n, "switch");
}
