// SPDX-License-Identifier: MIT
#include "sleep.hpp"

#include "../runtime/park.hpp"
#include "../runtime/timer.hpp"

namespace warren::timing {

void sleep_ns(std::int64_t ns) {
  if (ns <= 0) {
    runtime::switch_point();
    return;
  }
  runtime::sleep_until_ns(runtime::saturating_add(runtime::now_ns(), ns));
}

void sleep_until_ns(std::int64_t when) {
  if (when <= runtime::now_ns()) {
    runtime::switch_point();
    return;
  }
  runtime::sleep_until_ns(when);
}

}  // namespace warren::timing
