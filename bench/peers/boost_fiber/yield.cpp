// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>
#include <numeric>
#include <vector>

#include "measure.hpp"

// A thousand fibers that yield: the ready queue never runs empty and the stacks leave the first cache.
void yield_among_many(std::int64_t n) {
  std::vector<std::int64_t> turns(yielders);
  std::vector<boost::fibers::fiber> fibers;
  for (std::int64_t& mine : turns) {
    fibers.emplace_back([n, &mine] {
      std::int64_t count = 0;
      for (std::int64_t i = 0; i < n; i++) {
        boost::this_fiber::yield();
        count++;
      }
      mine = count;
    });
  }
  for (boost::fibers::fiber& f : fibers) f.join();
  verify(std::accumulate(turns.begin(), turns.end(), std::int64_t{0}) == yielders * n, "yield");
}
