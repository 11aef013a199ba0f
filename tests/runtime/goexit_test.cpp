// SPDX-License-Identifier: MIT
// goexit(): unwinds, cannot be held up by a catch, and ends the process only when nobody is left.
#include <warren/channels/channel.hpp>
#include <warren/runtime/defer.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

// Go: TestGoexitDefer.
WARREN_TEST(goexit, TestGoexitDefer) {
  chan<void> c = make_chan<void>();
  go([=] {
    defer _ = [=] { c.send(); };
    int r = 0;
    defer _2 = [&] { r = 1; };
    goexit();
  });
  c.recv();
}

[[noreturn]] void leave_from_below(std::string* order, int depth) {
  defer _ = [=] { *order += std::to_string(depth); };
  if (depth > 0) leave_from_below(order, depth - 1);
  goexit();
}

WARREN_TEST(goexit, unwinds_all_frames_innermost_first) {
  std::string order;
  chan<void> done = make_chan<void>();
  go([&order, done] {
    defer _ = [=] { done.send(); };
    leave_from_below(&order, 5);
  });
  done.recv();
  EXPECT_EQ(order, "012345");
}

WARREN_TEST(goexit, ends_only_its_own_goroutine) {
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 100; ++i) {
    go([=] {
      defer _ = [=] { c.send(1); };
      if (i % 2 == 0) goexit();
    });
  }
  int sum = 0;
  for (int i = 0; i < 100; ++i) sum += c.recv();
  EXPECT_EQ(sum, 100);
}

WARREN_TEST(goexit, is_no_exception_that_a_typed_catch_knows) {
  std::atomic<bool> caught{false};
  std::atomic<bool> went_on{false};
  chan<void> done = make_chan<void>();
  go([&, done] {
    defer _ = [=] { done.send(); };
    try {
      try {
        goexit();
      } catch (const std::exception&) {
        caught = true;
      } catch (const std::exception*) {
        caught = true;
      } catch (int) {
        caught = true;
      }
    } catch (...) {
      throw;  // allowed: it is not held up
    }
    went_on = true;
  });
  done.recv();
  EXPECT_FALSE(caught);
  EXPECT_FALSE(went_on);
}

WARREN_TEST(goexit, lets_destructors_park) {
  // Go: a deferred call may do anything while the goroutine exits.
  constexpr int n = 50;
  chan<int> c = make_chan<int>();
  for (int i = 0; i < n; ++i) {
    go([=] {
      defer _ = [=] { c.send(std::uncaught_exceptions()); };
      defer _2 = [] {
        pause(1ms);
        gosched();
        try {
          throw std::runtime_error("inside");
        } catch (const std::runtime_error&) {
          gosched();
        }
      };
      goexit();
    });
  }
  for (int i = 0; i < n; ++i) EXPECT_EQ(c.recv(), 1);
}

WARREN_TEST(goexit, leaves_the_worker_with_a_clean_exception_state) {
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 100; ++i) {
    go([=] {
      try {
        throw std::runtime_error("handled");
      } catch (...) {
        goexit();  // from inside a handler
      }
    });
    go([=] { c.send(std::uncaught_exceptions() + (std::current_exception() != nullptr ? 100 : 0)); });
    EXPECT_EQ(c.recv(), 0);
  }
}

// Go: issue8158. A panic that is recovered while the goroutine exits does not hold the exit up.
WARREN_TEST(goexit, Issue8158) {
  chan<int> c = make_chan<int>();
  for (int i = 0; i < 10; ++i) {
    std::atomic<bool> survived{false};
    go([&, c] {
      defer _ = [=] { c.send(1); };
      {
        defer _2 = [] {
          try {
            throw std::runtime_error("recovered");
          } catch (const std::runtime_error&) {
          }
        };
        goexit();
      }
      survived = true;
    });
    EXPECT_EQ(c.recv(), 1);
    EXPECT_FALSE(survived);
  }
}

WARREN_PROGRAM(goexit_of_goroutine_1) {
  run([] {
    go([] {
      pause(30ms);
      std::puts("the other goroutine went on");
      std::fflush(stdout);
    });
    defer _ = [] { std::puts("deferred"); };
    goexit();
  });
  std::puts("run returned");
  return 0;
}

// Go: TestGoexitCrash, TestGoexitDeadlock.
TEST(goexit, TestGoexitCrash) {
  const program_end end = run_program("goexit_of_goroutine_1", 20);
  EXPECT_EQ(end.first_complaint(), "fatal error: no goroutines (main called runtime.Goexit) - deadlock!");
  EXPECT_EQ(end.out, "deferred\nthe other goroutine went on\n");
  EXPECT_EQ(end.status, 2);
}

WARREN_PROGRAM(goexit_beside_a_parked_one) {
  run([] {
    go([] { chan<int>().recv(); });
    goexit();
  });
  return 0;
}

TEST(goexit, of_goroutine_1_beside_a_parked_one_is_a_deadlock) {
  const program_end end = run_program("goexit_beside_a_parked_one", 20);
  EXPECT_EQ(end.first_complaint(), "fatal error: all goroutines are asleep - deadlock!");
  EXPECT_EQ(end.status, 2);
}

WARREN_PROGRAM(goexit_swallowed_before_a_switch) {
  run([] {
    chan<int> c = make_chan<int>(1);
    try {
      goexit();
    } catch (...) {  // NOLINT: what this is about
    }
    c.send(1);
    std::puts("went on");
  });
  return 0;
}

WARREN_PROGRAM(goexit_swallowed_to_the_end) {
  run([] {
    go([] {
      try {
        goexit();
      } catch (...) {  // NOLINT: what this is about
      }
    });
    pause(15s);
    std::puts("went on");
  });
  return 0;
}

TEST(goexit, is_reported_when_it_is_swallowed) {
  for (const char* program : {"goexit_swallowed_before_a_switch", "goexit_swallowed_to_the_end"}) {
    const program_end end = run_program(program, 20);
    EXPECT_EQ(end.first_complaint(), "fatal error: goexit was swallowed by a catch (...)") << program;
    EXPECT_EQ(end.status, 2);
    EXPECT_EQ(end.out, "");
  }
}

}  // namespace
