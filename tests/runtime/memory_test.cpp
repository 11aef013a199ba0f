// SPDX-License-Identifier: MIT
// Memory that cannot be had: control blocks, stacks, guards, threads. The system's calls are made to fail through the
// seam, each in a program of its own.
#include <warren/channels/channel.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/system.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using runtime::sys::call;

/// Which call fails, while `on`.
struct failing {
  call which;
  int error;
  std::atomic<bool> on{false};
  std::atomic<int> failures{0};

  explicit failing(call which_one, int e = ENOMEM) : which(which_one), error(e) {
    runtime::sys::set_fault(
        [](call made, void* state) noexcept {
          auto* self = static_cast<failing*>(state);
          if (made != self->which || !self->on) return 0;
          self->failures.fetch_add(1);
          return self->error;
        },
        this);
  }
};

/// Calls go() until it throws std::bad_alloc; returns how many there are then.
template <class Body>
int go_until_memory_ends(Body body) {
  for (int n = 0;; ++n) {
    try {
      go(body);
    } catch (const std::bad_alloc&) {
      return n;
    }
  }
}

WARREN_PROGRAM(no_control_blocks) {
  failing map(call::map);
  run(run_options{.max_procs = 1}, [&] {
    const auto token = std::make_shared<int>(0);
    std::atomic<int> ran{0};
    const auto body = [&ran, token] { ++ran; };  // holds the token as well
    map.on = true;
    const int n = go_until_memory_ends(body);
    for (int i = 0; i < 100; ++i) {
      if (go_until_memory_ends(body) != 0) std::printf("late=1\n");
    }
    std::printf("n=%d\ngoroutines=%d\ncopies=%ld\n", n, num_goroutine(), token.use_count());
    map.on = false;
    for (int i = 0; i < 1000 && ran < n; ++i) pause(1ms);
    std::printf("ran=%d\n", ran.load());
    go(body);
    for (int i = 0; i < 1000 && ran < n + 1; ++i) pause(1ms);
    std::printf("again=%d\nleft=%d\ntokens=%ld\n", ran.load(), num_goroutine(), token.use_count());
  });
  return 0;
}

TEST(no_memory, go_throws_when_no_control_block_can_be_had) {
  const program_end end = run_program("no_control_blocks");
  EXPECT_EQ(end.status, 0) << end.err;
  const long long n = end.number("n");
  EXPECT_GT(n, 0);
  EXPECT_EQ(end.out.find("late="), std::string::npos) << "it threw, and then found some more";
  EXPECT_EQ(end.number("goroutines"), n + 1);
  EXPECT_EQ(end.number("copies"), n + 2) << "something is half made";
  EXPECT_EQ(end.number("ran"), n);
  EXPECT_EQ(end.number("again"), n + 1);
  EXPECT_EQ(end.number("left"), 1);
  EXPECT_EQ(end.number("tokens"), 2);
}

WARREN_PROGRAM(no_control_blocks_on_a_thread) {
  failing map(call::map);
  run(run_options{.max_procs = 2}, [&] {
    std::atomic<int> ran{0};
    chan<void> begin = make_chan<void>();
    int n = 0;
    std::thread([&] {
      map.on = true;
      n = go_until_memory_ends([&, begin] { ran.fetch_add(1); });
      map.on = false;
    }).join();
    for (int i = 0; i < 2000 && ran < n; ++i) pause(1ms);
    std::printf("n=%d\nran=%d\n", n, ran.load());
  });
  return 0;
}

TEST(no_memory, go_throws_on_a_thread_of_the_users_too) {
  const program_end end = run_program("no_control_blocks_on_a_thread");
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_GT(end.number("n"), 0);
  EXPECT_EQ(end.number("ran"), end.number("n"));
}

/// A stack size that nothing else uses, and of which a mapping holds one.
constexpr go_options large{.stack_size = 32 << 20};

WARREN_PROGRAM(one_stack_too_few) {
  failing map(call::map);
  const int workers = std::atoi(runtime::sys::environment("WORKERS"));
  run(run_options{.max_procs = workers}, [&] {
    chan<void> end = make_chan<void>();
    std::atomic<int> begun{0};
    const auto body = [&begun, end] {
      begun.fetch_add(1);
      end.recv();
    };
    go([] {});  // so that there is a stack of the default size
    for (int i = 0; i < 3; ++i) go(large, body);
    eventually([&] { return begun == 3 && num_goroutine() == 4; });
    map.on = true;
    for (int i = 0; i < 5; ++i) go(large, body);
    pause(30ms);
    std::printf("begun=%d\nalive=%d\n", begun.load(), num_goroutine());
    // Goroutines with other stacks are not held up.
    chan<void> other = make_chan<void>();
    go([=] { other.send(); });
    other.recv();
    for (int i = 1; i <= 5; ++i) {
      end.send();
      std::printf("after%d=%d\n", i, eventually([&] { return begun == 3 + i; }) ? 3 + i : begun.load());
    }
    end.close();
    std::printf("left=%d\n", eventually([] { return num_goroutine() == 1; }) ? 1 : num_goroutine());
  });
  return 0;
}

TEST(no_memory, a_goroutine_stays_queued_until_a_stack_is_free) {
  for (const char* workers : {"1", "2", "4"}) {
    const program_end end = run_program("one_stack_too_few", 20, {{"WORKERS", workers}});
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_EQ(end.number("begun"), 3);
    EXPECT_EQ(end.number("alive"), 9);
    for (int i = 1; i <= 5; ++i) EXPECT_EQ(end.number("after" + std::to_string(i)), 3 + i);
    EXPECT_EQ(end.number("left"), 1);
  }
}

WARREN_PROGRAM(few_default_stacks) {
  failing map(call::map);
  const int workers = std::atoi(runtime::sys::environment("WORKERS"));
  run(run_options{.max_procs = workers}, [&] {
    constexpr int n = 1000;
    chan<void> end = make_chan<void>();
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
    chan<void> first = make_chan<void>();
    go([=] { first.send(); });  // a first stack, and with it those beside it
    first.recv();
    map.on = true;
    for (int i = 0; i < n; ++i) {
      go([&, end] {
        begun.fetch_add(1);
        end.recv();
        ended.fetch_add(1);
      });
    }
    pause(50ms);
    std::printf("begun=%d\nfailures=%d\n", begun.load(), map.failures.load());
    end.close();
    eventually([&] { return ended == n; });
    std::printf("ended=%d\n", ended.load());
  });
  return 0;
}

TEST(no_memory, a_thousand_goroutines_take_turns_on_a_few_stacks) {
  for (const char* workers : {"1", "2", "4"}) {
    const program_end end = run_program("few_default_stacks", 20, {{"WORKERS", workers}});
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_GT(end.number("begun"), 0);
    EXPECT_LT(end.number("begun"), 1000);
    EXPECT_GT(end.number("failures"), 0);
    EXPECT_EQ(end.number("ended"), 1000);
  }
}

WARREN_PROGRAM(no_stack_ever) {
  failing map(call::map);
  run([&] {
    chan<void> never = make_chan<void>();
    go(large, [=] { never.recv(); });
    pause(5ms);
    map.on = true;
    go(large, [=] { never.recv(); });
    never.recv();
  });
  return 0;
}

TEST(no_memory, is_fatal_when_no_goroutine_can_end_that_has_a_stack) {
  const program_end end = run_program("no_stack_ever", 20);
  EXPECT_EQ(end.first_complaint(), "fatal error: out of memory: cannot map a goroutine stack");
  EXPECT_EQ(end.status, 2);
}

WARREN_PROGRAM(no_threads) {
  failing threads(call::create_thread, EAGAIN);
  run(run_options{.max_procs = 4}, [&] {
    threads.on = true;
    chan<int> c = make_chan<int>();
    for (int i = 0; i < 1000; ++i) go([=] { c.send(1); });
    int sum = 0;
    for (int i = 0; i < 1000; ++i) sum += c.recv();
    std::printf("sum=%d\nfailures=%d\n", sum, threads.failures.load());
    threads.on = false;
    // Threads can be had again: two goroutines compute at once.
    std::atomic<int> inside{0};
    std::atomic<bool> together{false};
    for (int tries = 0; tries < 200 && !together; ++tries) {
      chan<void> done = make_chan<void>(4);
      for (int i = 0; i < 4; ++i) {
        go([&, done] {
          inside.fetch_add(1);
          const std::int64_t end = runtime::now_ns() + 3'000'000;
          while (runtime::now_ns() < end && !together) together = together || inside > 1;
          inside.fetch_sub(1);
          done.send();
        });
      }
      for (int i = 0; i < 4; ++i) done.recv();
    }
    std::printf("together=%d\n", together ? 1 : 0);
  });
  return 0;
}

TEST(no_threads, the_work_is_done_by_those_that_are_there) {
  const program_end end = run_program("no_threads");
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("sum"), 1000);
  EXPECT_GT(end.number("failures"), 0);
  EXPECT_EQ(end.number("together"), 1);
}

WARREN_PROGRAM(thread_exhaustion) {
  run(run_options{.max_procs = 2, .max_threads = 5}, [] {
    chan<void> never = make_chan<void>();
    for (int i = 0; i < 20; ++i) {
      go([=] {
        lock_os_thread();
        never.recv();
      });
    }
    never.recv();
  });
  return 0;
}

// Go: TestThreadExhaustion.
TEST(no_threads, TestThreadExhaustion) {
  const program_end end = run_program("thread_exhaustion", 20);
  EXPECT_EQ(end.first_complaint(), "fatal error: thread exhaustion");
  EXPECT_EQ(end.status, 2);
}

}  // namespace
