// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>
#include <mutex>
#include <vector>

#include "measure.hpp"

void mutex_free(std::int64_t n) {
  boost::fibers::mutex mu;
  std::int64_t counter = 0;
  for (std::int64_t i = 0; i < n; i++) {
    std::lock_guard<boost::fibers::mutex> lock(mu);
    counter++;
  }
  verify(counter == n, "mutex_free");
}

// Eight fibers, one counter.
void mutex_contended(std::int64_t n) {
  boost::fibers::mutex mu;
  std::int64_t counter = 0;
  std::vector<boost::fibers::fiber> fibers;
  for (std::int64_t k = 0; k < lockers; k++) {
    fibers.emplace_back([&, n] {
      for (std::int64_t i = 0; i < n; i++) {
        std::lock_guard<boost::fibers::mutex> lock(mu);
        counter++;
      }
    });
  }
  for (boost::fibers::fiber& f : fibers) f.join();
  verify(counter == lockers * n, "mutex_8");
}
