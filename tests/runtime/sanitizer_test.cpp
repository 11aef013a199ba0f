// SPDX-License-Identifier: MIT

// ThreadSanitizer sees a race between goroutines, also where they take turns on one thread, and none where there is none
// (which is what the rest of the suite is for).

#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <string>

#include "program.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Two goroutines that only share the end, each on its own stack.
int count_unguarded(int workers) {
  static volatile int unguarded = 0;
  run(run_options{.max_procs = workers}, [] {
    for (int round = 0; round < 20; ++round) {
      chan<void> end = make_chan<void>(2);
      for (int i = 0; i < 2; ++i) {
        go([=] {
          unguarded = unguarded + 1;
          end.send();
        });
      }
      end.recv();
      end.recv();
    }
  });
  return 0;
}

WARREN_PROGRAM(race_on_one_worker) { return count_unguarded(1); }
WARREN_PROGRAM(race_on_two_workers) { return count_unguarded(2); }

TEST(thread_sanitizer, sees_races_between_goroutines) {
  if (!under_thread_sanitizer) GTEST_SKIP() << "built without it";
  for (const char* program : {"race_on_one_worker", "race_on_two_workers"}) {
    const program_end end = run_program(program, 60);
    EXPECT_EQ(end.status, 66) << program;
    EXPECT_NE(end.err.find("data race"), std::string::npos) << program << ":\n" << end.err;
  }
}

}  // namespace
