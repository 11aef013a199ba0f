// SPDX-License-Identifier: MIT
// run(): what it returns, that it can be called again, and on how many workers it runs.
#include <warren/channels/channel.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/wait_group.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

TEST(run, returns_the_int_of_its_function) {
  EXPECT_EQ(run([] { return 7; }), 7);
  EXPECT_EQ(run([] { return -1; }), -1);
  EXPECT_EQ(run(run_options{.max_procs = 2}, [] { return true; }), 1);
}

TEST(run, returns_0_for_a_function_without_a_result) {
  EXPECT_EQ(run([] {}), 0);
  EXPECT_EQ(run([] { return std::string("no number"); }), 0);
}

int answer() { return 42; }

TEST(run, takes_functions_and_callables_that_only_move) {
  EXPECT_EQ(run(answer), 42);
  auto number = std::make_unique<int>(5);
  EXPECT_EQ(run([n = std::move(number)] { return *n; }), 5);
}

TEST(run, begins_on_the_calling_thread) {
  for (int i = 0; i < 200; ++i) {
    const std::thread::id caller = std::this_thread::get_id();
    std::thread::id first;
    run(run_options{.max_procs = 4}, [&] {
      first = std::this_thread::get_id();
      for (int j = 0; j < 4; ++j) go([] {});
    });
    ASSERT_EQ(first, caller) << "in round " << i;
  }
}

TEST(run, can_be_called_again) {
  for (int i = 0; i < 100; ++i) {
    const int workers = 1 + i % 4;
    int sum = 0;
    const int status = run(run_options{.max_procs = workers}, [&] {
      EXPECT_EQ(num_goroutine(), 1);
      EXPECT_EQ(runtime::count_all(), (runtime::counters{.goroutines = 1, .stacks_in_use = 1}));
      chan<int> numbers = make_chan<int>(i % 3);
      for (int n = 1; n <= 10; ++n) go([=] { numbers.send(n); });
      for (int n = 1; n <= 10; ++n) sum += numbers.recv();
      return i;
    });
    ASSERT_EQ(status, i);
    ASSERT_EQ(sum, 55);
  }
}

TEST(run, ends_without_waiting_for_workers_that_have_nothing_to_do) {
  const stopwatch watch;
  for (int i = 0; i < 100; ++i) {
    run(run_options{.max_procs = 4, .stop_grace = 1s}, [] {
      for (int j = 0; j < 3; ++j) go([] {});
    });
  }
  // Workers that have just been started, or are falling asleep, must not miss the end.
  EXPECT_LT(watch.ms(), 10'000 * (scale() > 1 ? 3 : 1));
}

/// Like that of a library which keeps something for each thread, and is itself gone when the process ends.
struct slow_to_go {
  static inline std::atomic<int> alive{0};
  slow_to_go() { ++alive; }
  ~slow_to_go() {
    std::this_thread::sleep_for(20ms);
    --alive;
  }
  void touch() const {}
};

TEST(run, returns_when_its_threads_have_destroyed_their_variables) {
  std::thread caller([] {
    run({.max_procs = 4}, [] {
      sync::wait_group g;
      for (int i = 0; i < 4; ++i) {
        g.go([] {
          thread_local const slow_to_go mine;
          mine.touch();
          blocking([] { std::this_thread::sleep_for(1ms); });
        });
      }
      g.wait();
    });
    EXPECT_LE(slow_to_go::alive, 1);  // that of this thread, which goes on
  });
  caller.join();
  EXPECT_EQ(slow_to_go::alive, 0);
}

TEST(run, may_be_called_by_different_threads_in_turn) {
  for (int i = 0; i < 20; ++i) {
    int status = 0;
    std::thread([&] {
      status = run(run_options{.max_procs = 2}, [&] {
        chan<int> c = make_chan<int>();
        go([=] { c.send(i); });
        return c.recv();
      });
    }).join();
    ASSERT_EQ(status, i);
  }
}

TEST(run, throws_in_a_goroutine) {
  const int status = run([] {
    EXPECT_THROW(run([] {}), std::logic_error);
    chan<bool> thrown = make_chan<bool>();
    go([=] {
      try {
        run([] {});
        thrown.send(false);
      } catch (const std::logic_error&) {
        thrown.send(true);
      }
    });
    EXPECT_TRUE(thrown.recv());
    return 3;
  });
  EXPECT_EQ(status, 3);
  EXPECT_EQ(run([] { return 4; }), 4);
}

TEST(run, throws_on_another_thread_while_one_is_going_on) {
  run([] {
    int thrown = 0;
    std::thread([&] {
      try {
        run([] {});
      } catch (const std::logic_error&) {
        thrown = 1;
      }
    }).join();
    EXPECT_EQ(thrown, 1);
  });
}

TEST(run, keeps_the_exception_state_of_its_caller_to_the_caller) {
  try {
    throw std::runtime_error("of the caller");
  } catch (...) {
    run(run_options{.max_procs = 2}, [] {
      EXPECT_EQ(std::current_exception(), nullptr);
      EXPECT_EQ(std::uncaught_exceptions(), 0);
      try {
        throw 1;
      } catch (int) {
        pause(1ms);
      }
    });
    try {
      throw;
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "of the caller");
    }
  }
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(run, waits_for_running_goroutines_no_longer_than_stop_grace) {
  std::atomic<bool> begun{false};
  std::atomic<bool> ended{false};
  const stopwatch patient;
  run(run_options{.max_procs = 2, .stop_grace = 5s}, [&] {
    go([&] {
      begun = true;
      compute(200ms);
      ended = true;
    });
    EXPECT_TRUE(eventually([&] { return begun.load(); }));
  });
  EXPECT_TRUE(ended) << "was not waited for";
  EXPECT_LT(patient.ms(), 4'000);
}

// --- GOMAXPROCS

// Prints what gomaxprocs() says before a run, in it, after gomaxprocs(2), and in a run with max_procs = 4.
WARREN_PROGRAM(procs_by_precedence) {
  std::printf("before=%d\n", gomaxprocs());
  run([] { std::printf("inside=%d\n", gomaxprocs()); });
  std::printf("returned=%d\n", gomaxprocs(2));
  run([] { std::printf("called=%d\n", gomaxprocs()); });
  run(run_options{.max_procs = 4}, [] { std::printf("option=%d\n", gomaxprocs()); });
  std::printf("after=%d\n", gomaxprocs());
  return 0;
}

TEST(gomaxprocs, goes_by_environment_then_call_then_option) {
  const program_end end = run_program("procs_by_precedence", 60, {{"GOMAXPROCS", "3"}});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("before"), 3);
  EXPECT_EQ(end.number("inside"), 3);
  EXPECT_EQ(end.number("returned"), 3);
  EXPECT_EQ(end.number("called"), 2);
  EXPECT_EQ(end.number("option"), 4);
  EXPECT_EQ(end.number("after"), 2);
}

TEST(gomaxprocs, ignores_what_is_no_number_in_the_environment) {
  for (const char* text : {"", "0", "-3", "many"}) {
    const program_end end = run_program("procs_by_precedence", 60, {{"GOMAXPROCS", text}});
    EXPECT_GE(end.number("before"), 1) << text;
    EXPECT_LE(end.number("before"), num_cpu()) << text;
  }
}

TEST(gomaxprocs, may_be_set_just_before_run) {
  // A program of its own, because a call of gomaxprocs(n) would go before the environment.
  const program_end end = run_program("procs_by_setenv");
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("first"), 5);
  EXPECT_EQ(end.number("second"), 1);
}

WARREN_PROGRAM(procs_by_setenv) {
  ::setenv("GOMAXPROCS", "5", 1);
  run([] { std::printf("first=%d\n", gomaxprocs()); });
  ::setenv("GOMAXPROCS", "1", 1);
  run([] { std::printf("second=%d\n", gomaxprocs()); });
  return 0;
}

// Go: TestBigGOMAXPROCS.
WARREN_PROGRAM(big_gomaxprocs) {
  run([] {
    chan<int> c = make_chan<int>();
    for (int i = 0; i < 100; ++i) go([=] { c.send(i); });
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += c.recv();
    std::printf("sum=%d\nprocs=%d\n", sum, gomaxprocs());
  });
  return 0;
}

TEST(gomaxprocs, TestBigGOMAXPROCS) {
  const program_end end = run_program("big_gomaxprocs", 60, {{"GOMAXPROCS", "1024"}});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("sum"), 4950);
  EXPECT_EQ(end.number("procs"), 1024);
}

/// The most goroutines of `n` that were inside at once, each for long enough that a second worker would come.
int most_at_once(int n) {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  chan<void> done = make_chan<void>(n);
  for (int i = 0; i < n; ++i) {
    go([&, done] {
      const int now = inside.fetch_add(1) + 1;
      int before = most.load();
      while (before < now && !most.compare_exchange_weak(before, now)) {
      }
      // Shorter than a look of the monitor, which would give the place of one that computes to another.
      compute(std::chrono::milliseconds(3));
      inside.fetch_sub(1);
      done.send();
    });
  }
  for (int i = 0; i < n; ++i) done.recv();
  return most;
}

TEST(gomaxprocs, resizes_a_run_up_and_down) {
  run(run_options{.max_procs = 1}, [] {
    EXPECT_EQ(gomaxprocs(), 1);
    EXPECT_EQ(gomaxprocs(4), 1);
    EXPECT_EQ(gomaxprocs(), 4);
    bool parallel = false;
    for (int tries = 0; tries < 50 && !parallel; ++tries) parallel = most_at_once(16) > 1;
    EXPECT_TRUE(parallel) << "four places, and never two goroutines at once";
    EXPECT_EQ(gomaxprocs(1), 4);
    // Workers too many leave at their next switch point.
    int at_once = 0;
    for (int tries = 0; tries < 50 && at_once != 1; ++tries) at_once = most_at_once(16);
    EXPECT_EQ(at_once, 1) << "one place, and always two goroutines at once";
    EXPECT_EQ(gomaxprocs(0), 1);
    EXPECT_EQ(gomaxprocs(-1), 1);
  });
}

// Go: bug370. A smaller GOMAXPROCS while goroutines wait for one another is no deadlock.
WARREN_TEST(gomaxprocs, Bug370) {
  const int before = gomaxprocs(2);
  for (int i = 0; i < 100; ++i) {
    chan<int> there = make_chan<int>();
    chan<int> back = make_chan<int>();
    go([=] {
      for (int v : there) back.send(v + 1);
      back.close();
    });
    gomaxprocs(2);
    there.send(1);
    gomaxprocs(1);
    EXPECT_EQ(back.recv(), 2);
    there.close();
    back.recv();
  }
  gomaxprocs(before);
}

struct respawner {
  std::atomic<bool>* stop;
  std::atomic<int>* alive;
  void operator()() const {
    if (stop->load()) {
      alive->fetch_sub(1);
      return;
    }
    go(*this);
  }
};

// Go: TestStopTheWorldDeadlock. Goroutines that respawn themselves for ever, and a thousand changes of GOMAXPROCS.
WARREN_TEST(gomaxprocs, TestStopTheWorldDeadlock) {
  const int before = gomaxprocs(3);
  std::atomic<bool> stop{false};
  std::atomic<int> alive{3};
  for (int i = 0; i < 3; ++i) go(respawner{&stop, &alive});
  for (int i = 0; i < 1000; ++i) {
    gomaxprocs(1 + i % 5);
    gosched();
  }
  stop = true;
  EXPECT_TRUE(eventually([&] { return alive == 0; }));
  gomaxprocs(before);
}

// --- what outlasts a run, and the next one

/// A run that ends and leaves a goroutine behind, which does not stop; it does `last` when it may go on.
template <class Last>
void leave_behind(std::atomic<bool>& go_on, Last last) {
  std::atomic<bool> begun{false};
  run(run_options{.max_procs = 1, .stop_grace = 5ms}, [&] {
    go([&begun, &go_on, last] {
      begun = true;
      while (!go_on) {
      }
      last();
    });
    while (!begun) gosched();
  });
}

/// One that is left behind does `last` while `next` runs.
template <class Last, class Next>
void outlast(Last last, Next next) {
  std::atomic<bool> go_on{false};
  std::atomic<bool> over{false};
  leave_behind(go_on, [&over, last] {
    last();
    over = true;
  });
  run(run_options{.max_procs = 1}, [&] {
    go([&] {
      pause(5ms);
      go_on = true;
    });
    next();
    EXPECT_TRUE(eventually([&] { return over.load(); }));
  });
}

TEST(run, gets_what_a_goroutine_of_the_last_one_sends) {
  const chan<int> c = make_chan<int>();
  bool sent = false;
  outlast([&] { sent = c.try_send(7); }, [&] { EXPECT_EQ(c.recv(), 7); });
  EXPECT_TRUE(sent);
}

TEST(run, is_its_own_though_a_goroutine_of_the_last_one_arms_timers) {
  std::atomic<bool> go_on{false};
  leave_behind(go_on, [] { pause(1ms); });  // for ever: its run is over
  go_on = true;
  std::this_thread::sleep_for(20ms);
  int procs = 0;
  run(run_options{.max_procs = 3}, [&] { procs = gomaxprocs(); });
  EXPECT_EQ(procs, 3) << "the runtime was up by itself";
}

TEST(run, loses_no_goroutine_to_workers_of_the_last_one) {
  watchdog dog("runs one after the other", 120s);
  for (std::int64_t i = 0; i < scaled(500) + 20; ++i) {
    run(run_options{.max_procs = 4, .stop_grace = 0s}, [] {
      for (int j = 0; j < 6; ++j) {
        go([] { go([] {}); });
      }
      gosched();
    });
    run(run_options{.max_procs = 4}, [] {
      const chan<int> c = make_chan<int>();
      for (int j = 0; j < 8; ++j) {
        go([=] {
          gosched();
          c.send(1);
        });
      }
      for (int j = 0; j < 8; ++j) c.recv();
    });
  }
}

}  // namespace
