// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/context/context.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/errgroup.hpp>
#include <warren/time/sleep.hpp>

#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(errgroup, TestZeroGroup) {
  const error one = errors::make("errgroup_test: 1");
  const error two = errors::make("errgroup_test: 2");
  const std::vector<std::vector<error>> cases = {{}, {nil}, {one}, {one, nil}, {one, nil, two}};
  for (const auto& errs : cases) {
    errgroup::group g;
    error first;
    for (const error& err : errs) {
      g.go([err] { return err; });
      if (first == nil) first = err;
      EXPECT_EQ(g.wait(), first);
    }
    EXPECT_EQ(g.wait(), first);
    EXPECT_EQ(g.ctx().err(), nil);
  }
}

WARREN_TEST(errgroup, TestWithContext) {
  const error doom = errors::make("group_test: doomed");
  const std::vector<std::vector<error>> cases = {{}, {nil}, {doom}, {doom, nil}};
  for (const auto& errs : cases) {
    errgroup::group g(context::background());
    EXPECT_EQ(g.ctx().err(), nil);
    error want;
    for (const error& err : errs) {
      g.go([err] { return err; });
      if (err != nil) want = err;
    }
    EXPECT_EQ(g.wait(), want);
    EXPECT_EQ(g.ctx().done().try_recv(), recv_status::closed);
    EXPECT_EQ(g.ctx().err(), context::canceled);
  }
}

WARREN_TEST(errgroup, the_first_error_cancels_the_others) {
  const error doom = errors::make("doom");
  errgroup::group g(context::background());
  for (int i = 0; i < 10; ++i) {
    g.go([&g]() -> error {
      g.ctx().done().recv();
      return g.ctx().err();
    });
  }
  g.go([&] { return doom; });
  EXPECT_EQ(g.wait(), doom);
  EXPECT_EQ(context::cause(g.ctx()), doom);
}

WARREN_TEST(errgroup, TestCancelCause) {
  const error doom = errors::make("group_test: doomed");
  const std::vector<std::vector<error>> cases = {{}, {nil}, {doom}, {doom, nil}};
  for (const auto& errs : cases) {
    errgroup::group g(context::background());
    error want = context::canceled;
    for (const error& err : errs) {
      EXPECT_TRUE(g.try_go([err] { return err; }));
      if (err != nil) want = err;
    }
    EXPECT_EQ(g.wait(), errs.empty() || errs[0] == nil ? error(nil) : doom);
    EXPECT_EQ(context::cause(g.ctx()), want);
  }
}

WARREN_TEST(errgroup, TestTryGo) {
  errgroup::group g;
  constexpr int n = 42;
  g.set_limit(n);
  chan<void> ch = make_chan<void>();
  const auto f = [ch]() -> error {
    ch.send();
    return nil;
  };
  for (int i = 0; i < n; ++i) EXPECT_TRUE(g.try_go(f)) << i;
  EXPECT_FALSE(g.try_go(f));
  go([ch] {
    for (int i = 0; i < n; ++i) ch.recv();
  });
  EXPECT_EQ(g.wait(), nil);

  EXPECT_TRUE(g.try_go(f));
  ch.recv();
  EXPECT_EQ(g.wait(), nil);

  g.set_limit(1);
  EXPECT_TRUE(g.try_go(f));
  EXPECT_FALSE(g.try_go(f));
  ch.recv();
  EXPECT_EQ(g.wait(), nil);

  g.set_limit(0);
  for (int i = 0; i < 1 << 10; ++i) EXPECT_FALSE(g.try_go(f));
  EXPECT_EQ(g.wait(), nil);

  g.set_limit(-1);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(g.try_go([] {}));
  EXPECT_EQ(g.wait(), nil);
}

WARREN_TEST(errgroup, TestGoLimit) {
  constexpr int limit = 10;
  errgroup::group g;
  g.set_limit(limit);
  std::atomic<int> active{0};
  for (int i = 0; i <= 1 << 10; ++i) {
    g.go([&]() -> error {
      const int n = ++active;
      if (n > limit) return errors::make("saw " + std::to_string(n) + " at a time");
      sleep(1us);
      --active;
      return nil;
    });
  }
  EXPECT_EQ(g.wait(), nil);
}

WARREN_TEST(errgroup, the_limit_is_not_changed_under_way) {
  errgroup::group g;
  g.set_limit(3);
  chan<void> end = make_chan<void>();
  for (int i = 0; i < 2; ++i) g.go([end] { end.recv(); });
  try {
    g.set_limit(4);
    ADD_FAILURE() << "it did not throw";
  } catch (const panic_error& e) {
    EXPECT_STREQ(e.what(), "errgroup: modify limit while 2 goroutines in the group are still active");
    EXPECT_NE(e.err(), nil);
  }
  end.close();
  EXPECT_EQ(g.wait(), nil);
  g.set_limit(4);
}

WARREN_TEST(errgroup, a_part_may_return_nothing_or_call_goexit) {
  errgroup::group g(context::background());
  int calls = 0;
  g.set_limit(1);
  for (int i = 0; i < 3; ++i) g.go([&] { ++calls; });
  g.go([&]() -> error {
    ++calls;
    goexit();
  });
  g.go([&]() -> error {
    ++calls;
    return nil;
  });
  EXPECT_EQ(g.wait(), nil);
  EXPECT_EQ(calls, 5);
}

WARREN_TEST(errgroup, the_callable_is_destroyed_before_wait_returns) {
  const std::int64_t rounds = tests::scaled(3'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    auto token = std::make_shared<int>(1);
    errgroup::group g;
    for (int k = 0; k < 3; ++k) g.go([token] { return error(nil); });
    EXPECT_EQ(g.wait(), nil);
    EXPECT_EQ(token.use_count(), 1);
  }
}

/// Its end would tell that the stack was unwound before the report.
struct must_stay {
  ~must_stay() { ::_exit(7); }
};

TEST(errgroup, an_exception_ends_the_program_before_wait_returns) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run(run_options{.max_procs = 4},
                  [] {
                    errgroup::group g;
                    g.go([]() -> error {
                      const must_stay here;
                      panic("test");
                    });
                    (void)g.wait();
                    ::_exit(3);
                  }),
              ::testing::ExitedWithCode(2), "panic: test");
}

}  // namespace
