// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/once.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <unistd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(once, TestOnce) {
  const std::int64_t rounds = tests::scaled(2'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::once once;
    int calls = 0;
    sync::wait_group wg;
    for (int k = 0; k < 10; ++k) {
      wg.go([&] {
        once.do_([&] { ++calls; });
        EXPECT_EQ(calls, 1);
      });
    }
    wg.wait();
    EXPECT_EQ(calls, 1);
  }
}

WARREN_TEST(once, TestOncePanic) {
  sync::once once;
  EXPECT_THROW(once.do_([] { throw std::runtime_error("failed"); }), std::runtime_error);
  once.do_([] { ADD_FAILURE() << "called twice"; });
}

WARREN_TEST(once, everybody_waits_for_the_first) {
  sync::once once;
  bool done = false;
  sync::wait_group wg;
  for (int k = 0; k < 50; ++k) {
    wg.go([&] {
      once.do_([&] {
        sleep(3ms);
        done = true;
      });
      EXPECT_TRUE(done);
    });
  }
  wg.wait();
}

WARREN_TEST(once, goexit_counts_as_a_call) {
  sync::once once;
  chan<void> begun = make_chan<void>();
  sync::wait_group wg;
  wg.go([&] {
    once.do_([&] {
      begun.close();
      sleep(1ms);
      goexit();
    });
  });
  begun.recv();
  for (int i = 0; i < 4; ++i) wg.go([&] { once.do_([] { ADD_FAILURE() << "called twice"; }); });
  wg.wait();
}

WARREN_TEST(once, goroutines_and_threads_share_one) {
  const std::int64_t rounds = tests::scaled(300);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::once once;
    int calls = 0;
    sync::wait_group wg;
    const auto call = [&] {
      once.do_([&] { ++calls; });
      EXPECT_EQ(calls, 1);
      wg.done();
    };
    wg.add(4);
    std::thread a(call);
    std::thread b(call);
    go(call);
    go(call);
    wg.wait();
    blocking([&] {
      a.join();
      b.join();
    });
  }
}

TEST(once, calling_it_from_its_own_function_is_a_deadlock) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run([] {
                sync::once once;
                once.do_([&] { once.do_([] {}); });
              }),
              ::testing::ExitedWithCode(2), "all goroutines are asleep - deadlock!");
}

// An exception that nobody catches: nobody who waits for the call may get ahead of the report.
TEST(once, an_exception_that_nobody_catches_releases_nobody) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run(run_options{.max_procs = 4},
                  [] {
                    sync::once once;
                    chan<void> begun = make_chan<void>();
                    go([&] {
                      once.do_([&] {
                        begun.close();
                        sleep(2ms);
                        panic("test");
                      });
                    });
                    begun.recv();
                    once.do_([] {});
                    ::_exit(3);
                  }),
              ::testing::ExitedWithCode(2), "panic: test");
}

}  // namespace
