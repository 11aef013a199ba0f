// SPDX-License-Identifier: MIT

// ThreadSanitizer sees a race between goroutines, and none where there is none (which is what the rest of the suite is for).

#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "program.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Without a look at a clock, or anything else that might order.
void spend_time() {
  for (int i = 0; i < 20'000'000; ++i) asm volatile("");
}

/// Two goroutines that run at the same time and have nothing in common but the end.
WARREN_PROGRAM(race_of_two_goroutines) {
  static volatile int unguarded = 0;
  static std::atomic<int> begun{0};
  run(run_options{.max_procs = 2}, [] {
    chan<void> end = make_chan<void>(2);
    for (int i = 0; i < 2; ++i) {
      go([=] {
        begun.fetch_add(1, std::memory_order_relaxed);  // relaxed: orders nothing
        while (begun.load(std::memory_order_relaxed) < 2) {
        }
        // At the very same moment the tool may miss it, and it reports nothing of a goroutine that has ended.
        if (i == 1) spend_time();
        unguarded = unguarded + 1;
        if (i == 0) spend_time();
        end.send();
      });
    }
    end.recv();
    end.recv();
  });
  return 0;
}

TEST(thread_sanitizer, sees_races_between_goroutines) {
  if (!under_thread_sanitizer) GTEST_SKIP() << "built without it";
  const program_end end = run_program("race_of_two_goroutines", 60);
  EXPECT_EQ(end.status, 66);
  EXPECT_NE(end.err.find("data race"), std::string::npos) << end.err;
}

}  // namespace
