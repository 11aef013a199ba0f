// SPDX-License-Identifier: MIT
#include "blocking.hpp"

#include "park.hpp"
#include "run_state.hpp"
#include "scheduler.hpp"

namespace warren::runtime {

blocking_section::blocking_section() {
  worker* w = this_worker();
  // A goroutine that has the thread for itself runs without a place already.
  if (w != nullptr && w->locked == nullptr) sched.go_outside(w);
}

blocking_section::~blocking_section() noexcept(false) {
  worker* w = this_worker();
  if (w == nullptr || w->locked != nullptr) return;
  return_to_place(w);
}

}  // namespace warren::runtime
