// SPDX-License-Identifier: MIT
// What a run leaves over: it never runs again, no value is ever handed to it, and the next run is clean.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/wait_queue.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "waiting.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Counts what leftover goroutines do after the end of their run.
std::atomic<int> trespasses{0};

struct trespasser {
  ~trespasser() { trespasses.fetch_add(1); }
};

/// A run that has no goroutine but its first, and in which nothing is armed or queued.
void expect_a_clean_run(int workers) {
  run(run_options{.max_procs = workers}, [] {
    const runtime::counters alone{.goroutines = 1, .stacks_in_use = 1};
    EXPECT_TRUE(eventually([&] { return runtime::count_all() == alone; }, 1s));
    const runtime::counters c = runtime::count_all();
    EXPECT_EQ(c.goroutines, 1);
    EXPECT_EQ(c.stacks_in_use, 1);
    EXPECT_EQ(c.armed_timers, 0);
    EXPECT_EQ(c.queued_waiters, 0);
    EXPECT_EQ(num_goroutine(), 1);
    chan<int> numbers = make_chan<int>();
    for (int i = 0; i < 100; ++i) go([=] { numbers.send(1); });
    int sum = 0;
    for (int i = 0; i < 100; ++i) sum += numbers.recv();
    EXPECT_EQ(sum, 100);
  });
  EXPECT_EQ(trespasses, 0);
}

class leftover : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override { trespasses = 0; }

  /// A run in which `body` is called, followed by clean ones.
  template <class Body>
  void leave_over(Body body) {
    run(run_options{.max_procs = GetParam()}, body);
    EXPECT_EQ(trespasses, 0);
    expect_a_clean_run(GetParam());
  }
};

INSTANTIATE_TEST_SUITE_P(on_workers, leftover, ::testing::Values(1, 2, 4), ::testing::PrintToStringParamName());

TEST_P(leftover, receivers_are_handed_nothing) {
  chan<int> outlives = make_chan<int>();
  leave_over([&] {
    for (int i = 0; i < 10; ++i) {
      go([=] {
        trespasser t;
        outlives.recv();
      });
    }
    for (int i = 0; i < 1000 && runtime::count_all().queued_waiters < 10; ++i) pause(1ms);
    EXPECT_EQ(runtime::count_all().queued_waiters, 10);
  });
  EXPECT_FALSE(outlives.try_send(1)) << "somebody took it";
  run([&] {
    EXPECT_FALSE(outlives.try_send(1));
    go([=] { outlives.send(2); });
    EXPECT_EQ(outlives.recv(), 2) << "a leftover receiver came before us";
    outlives.close();
    pause(5ms);
  });
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, senders_hand_nothing_over) {
  chan<int> unbuffered = make_chan<int>();
  chan<int> full = make_chan<int>(1);
  leave_over([&] {
    full.send(1);
    for (const chan<int>& c : {unbuffered, full}) {
      go([=] {
        trespasser t;
        c.send(2);
      });
    }
    pause(5ms);
  });
  run([&] {
    int v = 0;
    EXPECT_EQ(unbuffered.try_recv(v), recv_status::empty);
    EXPECT_EQ(full.recv(), 1);
    EXPECT_EQ(full.try_recv(v), recv_status::empty);
    unbuffered.close();
    full.close();
    pause(5ms);
  });
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, selects_leave_all_their_channels) {
  chan<int> a = make_chan<int>();
  chan<int> b = make_chan<int>();
  leave_over([&] {
    for (int i = 0; i < 5; ++i) {
      go([=] {
        trespasser t;
        int v = 0;
        select(recv(a, v), send(b, 1), recv(a));
      });
    }
    while (runtime::count_all().queued_waiters != 15) pause(1ms);
  });
  int v = 0;
  EXPECT_FALSE(a.try_send(1));
  EXPECT_EQ(b.try_recv(v), recv_status::empty);
  a.close();
  b.close();
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, sleepers_do_not_wake_in_the_next_run) {
  leave_over([] {
    for (int i = 0; i < 20; ++i) {
      go([=] {
        trespasser t;
        pause(std::chrono::milliseconds(10 + i));
      });
    }
    gosched();
  });
  run(run_options{.max_procs = GetParam()}, [] { pause(60ms); });
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, those_that_never_started_do_not_start) {
  // One worker cannot have started any; several may have started some of them.
  std::atomic<bool> first_run{true};
  run(run_options{.max_procs = GetParam()}, [&] {
    for (int i = 0; i < 1000; ++i) {
      go([&, one = gomaxprocs() == 1] {
        if (one || !first_run) trespasses.fetch_add(1);
      });
    }
  });
  first_run = false;
  expect_a_clean_run(GetParam());
  run(run_options{.max_procs = GetParam()}, [] { pause(20ms); });
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, those_in_a_wait_queue_leave_it) {
  runtime::wait_queue queue;
  leave_over([&] {
    for (int i = 0; i < 3; ++i) {
      go([&] {
        trespasser t;
        runtime::queue_waiter w;
        queue.lock();
        queue.wait(w, runtime::wait_reason::semacquire);
      });
    }
    pause(5ms);
    queue.lock();
    EXPECT_FALSE(queue.empty());
    queue.unlock();
  });
  queue.lock();
  EXPECT_TRUE(queue.empty());
  queue.unlock();
}

TEST_P(leftover, one_that_has_its_thread_for_itself_does_not_keep_it) {
  for (int i = 0; i < 5; ++i) {
    leave_over([] {
      for (int j = 0; j < 2; ++j) {
        go([] {
          trespasser t;
          lock_os_thread();
          chan<int> never = make_chan<int>();
          never.recv();
        });
      }
      pause(5ms);
    });
  }
}

TEST_P(leftover, goroutine_1_may_end_while_it_has_its_thread_for_itself) {
  for (int i = 0; i < 5; ++i) leave_over([] { lock_os_thread(); });
}

/// Runs on its own, past the end of its run, until `release`.
struct overstayer {
  std::atomic<bool> begun{false};
  std::atomic<bool> release{false};
  std::atomic<bool> released{false};

  void compute_until_released() {
    begun = true;
    while (!release) {
    }
    released = true;
  }
};

TEST_P(leftover, one_that_runs_on_is_stopped_at_its_next_switch_point) {
  const auto o = std::make_shared<overstayer>();
  const stopwatch watch;
  run(run_options{.max_procs = GetParam(), .stop_grace = 50ms}, [&] {
    go([o] {
      o->compute_until_released();
      gosched();
      trespasses.fetch_add(1);
    });
    EXPECT_TRUE(eventually([&] { return o->begun.load(); }));
  });
  EXPECT_LT(watch.ms(), 2'000) << "run() waited for it";
  expect_a_clean_run(GetParam());
  o->release = true;
  EXPECT_TRUE(eventually([&] { return o->released.load(); }));
  expect_a_clean_run(GetParam());
}

TEST_P(leftover, one_that_runs_on_may_return) {
  const auto o = std::make_shared<overstayer>();
  run(run_options{.max_procs = GetParam(), .stop_grace = 10ms}, [&] {
    go([o] { o->compute_until_released(); });
    EXPECT_TRUE(eventually([&] { return o->begun.load(); }));
  });
  expect_a_clean_run(GetParam());
  o->release = true;
  EXPECT_TRUE(eventually([&] { return o->released.load(); }));
  // It has been written off once: its end does not count.
  expect_a_clean_run(GetParam());
  expect_a_clean_run(GetParam());
}

TEST_P(leftover, one_that_runs_on_starts_no_goroutine_in_the_next_run) {
  const auto o = std::make_shared<overstayer>();
  run(run_options{.max_procs = GetParam(), .stop_grace = 10ms}, [&] {
    go([o] {
      o->begun = true;
      while (!o->release) {
      }
      for (int i = 0; i < 10; ++i) go([] { trespasses.fetch_add(1); });
      o->released = true;
    });
    EXPECT_TRUE(eventually([&] { return o->begun.load(); }));
  });
  // Between two runs ...
  o->release = true;
  EXPECT_TRUE(eventually([&] { return o->released.load(); }));
  std::this_thread::sleep_for(20ms);
  expect_a_clean_run(GetParam());
  // ... and that did not start the runtime either: a run that ends stops what it leaves over.
  run(run_options{.max_procs = GetParam()}, [] {
    go([] {
      pause(20ms);
      trespasses.fetch_add(1);
    });
  });
  std::this_thread::sleep_for(60ms);
  EXPECT_EQ(trespasses, 0);
}

TEST_P(leftover, one_that_runs_on_into_the_next_run_starts_no_goroutine_there) {
  const auto o = std::make_shared<overstayer>();
  run(run_options{.max_procs = GetParam(), .stop_grace = 10ms}, [&] {
    go([o] {
      o->begun = true;
      while (!o->release) {
      }
      for (int i = 0; i < 10; ++i) go([] { trespasses.fetch_add(1); });
      o->released = true;
      gosched();
      trespasses.fetch_add(1);
    });
    EXPECT_TRUE(eventually([&] { return o->begun.load(); }));
  });
  run(run_options{.max_procs = GetParam()}, [&] {
    o->release = true;
    EXPECT_TRUE(eventually([&] { return o->released.load(); }));
    pause(20ms);
    EXPECT_EQ(num_goroutine(), 1);
  });
  expect_a_clean_run(GetParam());
}

TEST_P(leftover, a_blocking_call_is_not_waited_for_longer_than_the_grace) {
  std::atomic<bool> begun{false};
  std::atomic<bool> over{false};
  const stopwatch watch;
  run(run_options{.max_procs = GetParam(), .stop_grace = 20ms}, [&] {
    go([&] {
      blocking([&] {
        begun = true;
        std::this_thread::sleep_for(400ms);
        over = true;
      });
      trespasses.fetch_add(1);
    });
    while (!begun) pause(1ms);
  });
  EXPECT_LT(watch.ms(), 350);
  expect_a_clean_run(GetParam());
  EXPECT_TRUE(eventually([&] { return over.load(); }));
  std::this_thread::sleep_for(10ms);
  expect_a_clean_run(GetParam());
}

TEST_P(leftover, one_that_computes_on_the_calling_thread_does_not_hold_run_up) {
  // Goroutine 1 is resumed elsewhere while another one keeps the thread on which run() was called.
  std::atomic<bool> release{false};
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  std::thread rescue([&] {
    for (int i = 0; i < 500 && !release; ++i) std::this_thread::sleep_for(10ms);
    release = true;
  });
  const stopwatch watch;
  run(run_options{.max_procs = GetParam(), .stop_grace = 20ms}, [&] {
    for (int i = 0; i < 2 * GetParam(); ++i) {
      go([&] {
        begun.fetch_add(1);
        while (!release) {
        }
        ended.fetch_add(1);
      });
    }
    pause(50ms);
    EXPECT_GT(begun, 0);
  });
  EXPECT_LT(watch.ms(), 4'000) << "run() came back only when the others had ended";
  release = true;
  rescue.join();
  // What they refer to goes with this test.
  EXPECT_TRUE(eventually([&] { return ended == begun; }));
}

TEST_P(leftover, deferred_calls_and_closures_are_not_run) {
  const auto held = std::make_shared<int>(1);
  leave_over([&] {
    go([held] {
      trespasser t;
      chan<int> never = make_chan<int>();
      never.recv();
    });
    pause(5ms);
    EXPECT_EQ(held.use_count(), 2);
  });
  EXPECT_EQ(held.use_count(), 2) << "nothing is unwound";
}

}  // namespace
