// SPDX-License-Identifier: MIT
// An exception that leaves a goroutine ends the process with status 2, whatever else ends at the same moment. (What is
// printed, and for which values, tests/failures compares.)
#include <warren/channels/channel.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "program.hpp"
#include "waiting.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

WARREN_PROGRAM(panic_race) {
  run([] {
    chan<void> about_to = make_chan<void>();
    go([=] {
      about_to.close();
      throw std::runtime_error("crash");
    });
    about_to.recv();
  });
  return 0;
}

WARREN_PROGRAM(panic_race_without_grace) {
  run(run_options{.stop_grace = std::chrono::nanoseconds(0)}, [] {
    static std::atomic<bool> thrown{false};
    struct crash : std::runtime_error {
      crash() : std::runtime_error("crash") {}
      // The report has begun when it asks for the text.
      const char* what() const noexcept override {
        thrown = true;
        return std::runtime_error::what();
      }
    };
    go([] { throw crash(); });
    while (!thrown) gosched();
  });
  return 0;
}

// Go: TestPanicRace. The function of run() returns while another goroutine panics: the panic is printed, and the status
// is that of a panic.
TEST(panic, TestPanicRace) {
  for (const char* program : {"panic_race", "panic_race_without_grace"}) {
    for (const char* procs : {"1", "2", "4"}) {
      for (int i = 0; i < 5; ++i) {
        const program_end end = run_program(program, 20, {{"GOMAXPROCS", procs}});
        ASSERT_EQ(end.first_complaint(), "panic: crash") << program << " at " << procs;
        ASSERT_NE(end.err.find("[running]:"), std::string::npos) << end.err;
        ASSERT_EQ(end.status, 2) << program << " at " << procs;
      }
    }
  }
}

}  // namespace
