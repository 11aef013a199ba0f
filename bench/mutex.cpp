// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

void mutex_free(std::int64_t n) {
  sync::mutex mu;
  std::int64_t counter = 0;
  for (std::int64_t i = 0; i < n; i++) {
    mu.lock();
    counter++;
    mu.unlock();
  }
  verify(counter == n, "mutex_free");
}

constexpr std::int64_t lockers = 8;

// Eight goroutines, one counter.
void mutex_contended(std::int64_t n) {
  sync::mutex mu;
  sync::wait_group wg;
  std::int64_t counter = 0;
  for (std::int64_t k = 0; k < lockers; k++) {
    wg.go([n, &mu, &counter] {
      for (std::int64_t i = 0; i < n; i++) {
        mu.lock();
        counter++;
        mu.unlock();
      }
    });
  }
  wg.wait();
  verify(counter == lockers * n, "mutex_8");
}

const bool measured[] = {
    measure("mutex_free", 1, mutex_free),
    measure("mutex_8", lockers, mutex_contended),
};

}  // namespace
