// SPDX-License-Identifier: MIT
// A process in which nothing happens uses no processor.
#include <warren/channels/channel.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/timer.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdio>
#include <thread>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

struct usage {
  long micros;
  long switches;
  static usage now() {
    rusage r{};
    ::getrusage(RUSAGE_SELF, &r);
    return {(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1'000'000 + r.ru_utime.tv_usec + r.ru_stime.tv_usec,
            r.ru_nvcsw + r.ru_nivcsw};
  }
};

// GOMAXPROCS=4, a thousand goroutines parked on a channel, and one timer that is due after the end: 5 s are measured by
// a thread that sleeps.
WARREN_PROGRAM(idle_for_5_seconds) {
  run(run_options{.max_procs = 4}, [] {
    chan<void> end = make_chan<void>();
    for (int i = 0; i < 1000; ++i) {
      go([=] {
        compute(20us);  // so that all workers have been awake
        end.recv();
      });
    }
    go([] { pause(6s); });
    pause(200ms);
    std::thread measure([] {
      std::this_thread::sleep_for(500ms);
      const usage before = usage::now();
      std::this_thread::sleep_for(5s);
      const usage after = usage::now();
      std::printf("micros=%ld\nswitches=%ld\n", after.micros - before.micros, after.switches - before.switches);
    });
    pause(5800ms);
    measure.join();
    end.close();
  });
  return 0;
}

TEST(idle, uses_no_processor) {
  if (scale() > 1) GTEST_SKIP() << "sanitizers have threads of their own";
  const program_end end = run_program("idle_for_5_seconds", 30);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_LT(end.number("micros"), 10'000);
  EXPECT_LT(end.number("switches"), 20);
}

}  // namespace
