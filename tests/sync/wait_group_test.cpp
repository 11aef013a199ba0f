// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

void meet_twice(sync::wait_group& first, sync::wait_group& second) {
  constexpr int n = 16;
  first.add(n);
  second.add(n);
  chan<void> left = make_chan<void>(n);
  for (int i = 0; i < n; ++i) {
    go([&, left] {
      first.done();
      second.wait();
      left.send();
    });
  }
  first.wait();
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(left.try_recv(), recv_status::empty) << "released too soon";
    second.done();
  }
  for (int i = 0; i < n; ++i) left.recv();
}

WARREN_TEST(wait_group, TestWaitGroup) {
  sync::wait_group first;
  sync::wait_group second;
  for (int i = 0; i < 8; ++i) meet_twice(first, second);
}

template <class F>
std::string panic_of(F f) {
  try {
    f();
  } catch (const panic_error& e) {
    return e.what();
  }
  return "none";
}

WARREN_TEST(wait_group, TestWaitGroupMisuse) {
  sync::wait_group wg;
  wg.add(1);
  wg.done();
  EXPECT_EQ(panic_of([&] { wg.done(); }), "sync: negative WaitGroup counter");
  sync::wait_group fresh;
  EXPECT_EQ(panic_of([&] { fresh.add(-2); }), "sync: negative WaitGroup counter");
}

WARREN_TEST(wait_group, TestWaitGroupRace) {
  const std::int64_t rounds = tests::scaled(10'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    auto wg = std::make_unique<sync::wait_group>();
    std::atomic<int> n{0};
    for (int k = 0; k < 2; ++k) {
      wg->add(1);
      go([&n, &wg = *wg] {
        n.fetch_add(1, std::memory_order_relaxed);
        wg.done();
      });
    }
    wg->wait();
    EXPECT_EQ(n.load(std::memory_order_relaxed), 2);
  }
}

WARREN_TEST(wait_group, TestWaitGroupGo) {
  sync::wait_group wg;
  int i = 0;
  wg.go([&] { ++i; });
  wg.wait();
  EXPECT_EQ(i, 1);
}

WARREN_TEST(wait_group, go_counts_off_after_goexit) {
  sync::wait_group wg;
  bool unwound = false;
  wg.go([&] {
    struct at_the_end {
      bool& flag;
      ~at_the_end() { flag = true; }
    } end{unwound};
    goexit();
  });
  wg.wait();
  EXPECT_TRUE(unwound);
}

// What the callable captured, and refers to what wait() protects, is gone when wait() returns.
WARREN_TEST(wait_group, go_destroys_the_callable_before_it_counts_off) {
  const std::int64_t rounds = tests::scaled(5'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::wait_group wg;
    auto token = std::make_shared<int>(1);
    for (int k = 0; k < 3; ++k) {
      wg.go([token] { (void)token; });
      wg.go([token] { goexit(); });
    }
    wg.wait();
    EXPECT_EQ(token.use_count(), 1);
  }
}

WARREN_TEST(wait_group, go_takes_what_can_only_be_moved_or_only_be_copied) {
  struct copied {
    int* sum;
    explicit copied(int& s) : sum(&s) {}
    copied(const copied&) = default;
    void operator()() const { ++*sum; }
  };
  int sum = 0;
  sync::wait_group wg;
  wg.go([&sum, n = std::make_unique<int>(2)] { sum += *n; });
  wg.wait();
  const copied c(sum);
  wg.go(c);
  wg.wait();
  EXPECT_EQ(sum, 3);
}

WARREN_TEST(wait_group, tasks_may_start_tasks) {
  sync::wait_group wg;
  std::atomic<int> n{0};
  const std::function<void(int)> grow = [&](int depth) {
    ++n;
    if (depth == 0) return;
    wg.go([&, depth] { grow(depth - 1); });
    wg.go([&, depth] { grow(depth - 1); });
  };
  wg.go([&] { grow(9); });
  wg.wait();
  EXPECT_EQ(n, (1 << 10) - 1);
}

WARREN_TEST(wait_group, releases_all_who_wait) {
  constexpr int n = 200;
  sync::wait_group gate;
  sync::wait_group passed;
  gate.add(2);
  const std::int64_t before = tests::queued();
  for (int i = 0; i < n; ++i) passed.go([&] { gate.wait(); });
  tests::wait_until_queued(before + n);
  gate.add(-2);
  passed.wait();
}

WARREN_TEST(wait_group, may_be_destroyed_when_wait_has_returned) {
  const std::int64_t rounds = tests::scaled(20'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    auto wg = std::make_unique<sync::wait_group>();
    wg->go([] {});
    if (i % 2 == 0) wg->go([] { gosched(); });
    wg->wait();
  }
}

WARREN_TEST(wait_group, what_was_done_before_done_is_seen_after_wait) {
  const std::int64_t rounds = tests::scaled(3'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    std::int64_t value[4] = {};
    sync::wait_group wg;
    for (std::int64_t& v : value) wg.go([&v, i] { v = i; });
    sync::wait_group others;
    others.go([&] {
      wg.wait();
      for (const std::int64_t v : value) EXPECT_EQ(v, i);
    });
    wg.wait();
    for (const std::int64_t v : value) EXPECT_EQ(v, i);
    others.wait();
  }
}

WARREN_TEST(wait_group, goroutines_and_threads_count_and_wait) {
  const std::int64_t rounds = tests::scaled(300);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::wait_group tasks;
    sync::wait_group waiters;
    std::atomic<int> done{0};
    tasks.add(4);
    waiters.add(3);
    const auto task = [&] {
      ++done;
      tasks.done();
    };
    const auto wait = [&] {
      tasks.wait();
      EXPECT_EQ(done, 4);
      waiters.done();
    };
    go(wait);
    std::thread threads[] = {std::thread(task), std::thread(wait), std::thread(task), std::thread(wait)};
    go(task);
    go(task);
    waiters.wait();
    blocking([&] {
      for (std::thread& t : threads) t.join();
    });
  }
}

TEST(wait_group, a_waiter_left_over_by_its_run_is_forgotten) {
  static sync::wait_group wg;
  run(run_options{.max_procs = 2}, [] {
    const std::int64_t before = tests::queued();
    wg.add(1);
    for (int i = 0; i < 3; ++i) go([] { wg.wait(); });
    tests::wait_until_queued(before + 3);
  });
  wg.done();
  wg.wait();
  run([] {
    bool done = false;
    wg.go([&] { done = true; });
    wg.wait();
    EXPECT_TRUE(done);
  });
}

TEST(wait_group, may_be_gone_before_those_who_wait_are_taken_out) {
  run(run_options{.max_procs = 2}, [] {
    auto wg = std::make_unique<sync::wait_group>();
    const std::int64_t before = tests::queued();
    wg->add(1);
    for (int i = 0; i < 3; ++i) go([&wg = *wg] { wg.wait(); });
    tests::wait_until_queued(before + 3);
  });
}

/// Its end would tell that the stack was unwound before the report.
struct must_stay {
  ~must_stay() { ::_exit(7); }
};

// Go's issue 76126: the panic ends the process; wait() does not return first.
TEST(wait_group, TestIssue76126) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const int workers : {1, 4}) {
    EXPECT_EXIT(run(run_options{.max_procs = workers},
                    [] {
                      sync::wait_group wg;
                      wg.go([] {
                        const must_stay here;
                        panic("test");
                      });
                      wg.wait();
                      std::fputs("wait returned\n", stderr);
                      ::_exit(3);
                    }),
                ::testing::ExitedWithCode(2), "panic: test");
  }
}

}  // namespace
