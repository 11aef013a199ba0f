// SPDX-License-Identifier: MIT
#include "closed_test.hpp"

#include <stdexcept>

#include "../runtime/standstill.hpp"
#include "../runtime/thread.hpp"

namespace warren::synctest {

void closed_test::run(const run_options& options) {
  if (runtime::the_closed_world() != nullptr) {
    throw std::logic_error("synctest: test called while another is going on");
  }
  run_options mine = options;
  mine.max_procs = 1;
  mine.detect_deadlock = false;  // a standstill tells, and sooner
  auto call = [](void* raw) {
    static_cast<closed_test*>(raw)->run_body();
    return 0;
  };
  runtime::run_main(mine, {call, this}, &world_);
}

void closed_test::run_body() {
  try {
    body_.call(body_.f);
  } catch (...) {
    if (!runtime::current_goroutine()->has(runtime::goroutine::exiting)) {
      failure_ = std::current_exception();
      return;
    }
    runtime::finish_world(world_);
    throw;
  }
  runtime::finish_world(world_);
}

}  // namespace warren::synctest
