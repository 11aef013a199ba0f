// SPDX-License-Identifier: MIT
#include "synctest.hpp"

#include <exception>

#include "../runtime/closed_world.hpp"
#include "../runtime/run.hpp"
#include "../runtime/standstill.hpp"
#include "../time/sleep.hpp"
#include "closed_test.hpp"

namespace warren::synctest {

void run_test(const test_body& body) {
  runtime::closed_world world{first_moment, nullptr, 0};
  closed_test t(body, world);
  t.run({});
  if (t.failure()) std::rethrow_exception(t.failure());
  if (world.ending != runtime::world_end::by_itself) throw deadlock_error(runtime::text_of(world.ending));
}

void wait() {
  runtime::closed_world* world = runtime::the_closed_world();
  if (world == nullptr) throw std::logic_error("goroutine is not in a bubble");
  if (!runtime::watch_for_standstill(*world)) throw std::logic_error("wait already in progress");
}

void sleep_and_wait(std::int64_t ns) {
  timing::sleep_ns(ns);
  wait();
}

}  // namespace warren::synctest
