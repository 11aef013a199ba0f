// SPDX-License-Identifier: MIT
// Nobody who can run waits for ever, whoever else runs: not those that are ready, not those that have not started, not
// sleepers; and not even behind goroutines that never call the runtime.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/timer.hpp>
#include <warren/runtime/worker.hpp>
#include <warren/time/timer.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Goroutines that compute without a call to the runtime until the test ends.
class hogs {
 public:
  explicit hogs(int n) : state_(std::make_shared<state>()) {
    for (int i = 0; i < n; ++i) {
      go([s = state_] {
        s->running.fetch_add(1);
        while (!s->stop.load(std::memory_order_relaxed)) {
        }
        s->running.fetch_sub(1);
      });
    }
  }
  ~hogs() {
    state_->stop = true;
    EXPECT_TRUE(eventually([s = state_] { return s->running == 0; }));
  }
  int running() const { return state_->running; }

 private:
  struct state {
    std::atomic<bool> stop{false};
    std::atomic<int> running{0};
  };
  std::shared_ptr<state> state_;
};

// --- Go's tests

constexpr int parallel = 4;

/// `parallel` goroutines take strict turns by spinning: all of them must be running.
void take_turns(bool nested) {
  constexpr std::uint32_t rounds = 3;
  const auto x = std::make_shared<std::atomic<std::uint32_t>>(0);
  chan<void> done = make_chan<void>(parallel);
  const auto turns = [=](std::uint32_t me) {
    for (std::uint32_t i = 0; i < rounds; ++i) {
      const std::uint32_t mine = parallel * i + me;
      while (x->load(std::memory_order_acquire) != mine) {
      }
      x->store(mine + 1, std::memory_order_release);
    }
    done.send();
  };
  for (std::uint32_t me = 0; me < parallel; me += 2) {
    if (nested) {
      go([=] {
        go(turns, me);
        go(turns, me + 1);
      });
    } else {
      go(turns, me);
      go(turns, me + 1);
    }
  }
  for (int i = 0; i < parallel; ++i) done.recv();
}

/// All workers run once, and start falling asleep when it returns.
void get_everybody_up() {
  const auto x = std::make_shared<std::atomic<int>>(0);
  chan<void> done = make_chan<void>();
  for (int i = 0; i < parallel; ++i) {
    go([=] {
      if (x->fetch_add(1) + 1 == parallel) return done.send();
      while (*x != parallel) {
      }
    });
  }
  done.recv();
}

TEST(parallelism, TestGoroutineParallelism) {
  watchdog dog("TestGoroutineParallelism", 120s);
  run(run_options{.max_procs = parallel}, [] {
    for (int i = 0; i < 10; ++i) take_turns(false);
  });
}

TEST(parallelism, TestGoroutineParallelism2) {
  watchdog dog("TestGoroutineParallelism2", 120s);
  run(run_options{.max_procs = parallel}, [] {
    for (const bool load : {false, true}) {
      for (int i = 0; i < 10; ++i) {
        if (load) get_everybody_up();
        take_turns(true);
      }
    }
  });
}

// Two goroutines always have a value for this one, which waits for a timer as well.
WARREN_TEST(fairness, TestTimerFairness) {
  const stopwatch watch;
  chan<bool> c = make_chan<bool>();
  chan<void> done = make_chan<void>();
  chan<void> ended = make_chan<void>(2);
  for (int i = 0; i < 2; ++i) {
    go([=] {
      while (select(send(c, true), recv(done)) == 0) {
      }
      ended.send();
    });
  }
  const auto over = time_after(20ms);
  while (select(recv(c), recv(over)) == 0) {
  }
  done.close();
  for (int i = 0; i < 2; ++i) ended.recv();
  EXPECT_LT(watch.ms(), 1000);
}

// The same where both sides wait for a timer, and make system calls in between.
WARREN_TEST(fairness, TestTimerFairness2) {
  const stopwatch watch;
  chan<bool> c = make_chan<bool>();
  chan<void> done = make_chan<void>(2);
  for (int i = 0; i < 2; ++i) {
    go([=] {
      const auto over = time_after(20ms);
      char nothing = 0;
      do {
        (void)!::read(0, &nothing, 0);
      } while (select(send(c, true), recv(c), recv(over)) != 2);
      done.send();
    });
  }
  for (int i = 0; i < 2; ++i) done.recv();
  EXPECT_LT(watch.ms(), 1000);
}

// Two pairs hand a token back and forth, the one computing a thousand times longer in between. The pair that hands over
// through the run-next slot uses one time slice together, so both pairs get a fair share of the processor.
TEST(fairness, TestPingPongHog) {
  if (scale() > 1) GTEST_SKIP() << "with every access counted, the shares say nothing; Go skips it as well";
  run(run_options{.max_procs = 1}, [] {
    constexpr int factor = 20;
    const auto share = [] {
      chan<bool> done = make_chan<bool>();
      std::int64_t hog_count = 0;
      std::int64_t light_count = 0;
      chan<bool> stopped = make_chan<bool>(4);
      const auto play = [=](int limit, std::int64_t* counter, chan<bool> wake) {
        for (bool go_on = true; go_on;) {
          select(recv(done, [&] { go_on = false; }), recv(wake, [&] {
                   for (int i = 0; i < limit; ++i) {
                     *counter += 1;
                     asm volatile("" : : "r"(counter) : "memory");
                   }
                   select(send(wake, true), recv(done, [&] { go_on = false; }));
                 }));
        }
        stopped.send(true);
      };
      chan<bool> hog_wake = make_chan<bool>();
      chan<bool> light_wake = make_chan<bool>();
      for (int i = 0; i < 2; ++i) go(play, 1'000'000, &hog_count, hog_wake);
      for (int i = 0; i < 2; ++i) go(play, 1'000, &light_count, light_wake);
      hog_wake.send(true);
      light_wake.send(true);
      pause(300ms);
      done.close();
      for (int i = 0; i < 4; ++i) stopped.recv();
      return static_cast<double>(hog_count) / static_cast<double>(light_count + 1);
    };
    // As in Go, a machine that is busy with other things gets several tries.
    double ratio = 0;
    for (int tries = 0; tries < 5; ++tries) {
      ratio = share();
      if (ratio < factor && ratio > 1.0 / factor) return;
    }
    ADD_FAILURE() << "hog / light = " << ratio;
  });
}

// --- an endless spawner

/// Starts goroutines for ever, faster than they are run.
class spawner {
 public:
  explicit spawner(int at_once) {
    go([s = state_, at_once] {
      // Bounded in number, not in time: beyond that it goes on with as many as have ended.
      while (!s->stop) {
        for (int i = 0; i < at_once && s->alive.load(std::memory_order_relaxed) < 300'000; ++i) {
          s->alive.fetch_add(1, std::memory_order_relaxed);
          go([s] { s->alive.fetch_sub(1, std::memory_order_relaxed); });
        }
        gosched();
      }
      s->over = true;
    });
  }
  ~spawner() {
    state_->stop = true;
    EXPECT_TRUE(eventually([s = state_] { return s->over && s->alive == 0; }, 30s));
  }

 private:
  struct state {
    std::atomic<bool> stop{false};
    std::atomic<bool> over{false};
    std::atomic<std::int64_t> alive{0};
  };
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

struct arrivals {
  std::atomic<int> n{0};
  bool reaches(int wanted, std::chrono::nanoseconds limit) const {
    return eventually([&] { return n == wanted; }, limit);
  }
};

void beside_a_spawner(int at_once) {
  const auto ready = std::make_shared<arrivals>();
  const auto injected = std::make_shared<arrivals>();
  const auto old = std::make_shared<arrivals>();
  const auto waiting = std::make_shared<arrivals>();
  chan<void> begin = make_chan<void>();
  chan<void> begin_injected = make_chan<void>();
  // A hundred that will be made ready by a goroutine, and a hundred by a thread that is no worker.
  for (int i = 0; i < 100; ++i) {
    go([=] {
      waiting->n.fetch_add(1);
      begin.recv();
      ready->n.fetch_add(1);
    });
    go([=] {
      waiting->n.fetch_add(1);
      begin_injected.recv();
      injected->n.fetch_add(1);
    });
  }
  ASSERT_TRUE(waiting->reaches(200, 5s));
  // A hundred that have not started when the spawner begins.
  for (int i = 0; i < 100; ++i) go([=] { old->n.fetch_add(1); });
  spawner endless(at_once);
  gosched();
  begin.close();
  const stopwatch watch;
  EXPECT_TRUE(ready->reaches(100, 1s)) << ready->n;
  // A few a look, so that a tree of goroutines that is walked in depth is not opened everywhere at once.
  EXPECT_TRUE(old->reaches(100, 5s)) << old->n;
  EXPECT_LT(watch.ms(), 5000);
  pause(100ms);  // by now the spawner's own are old as well
  std::thread([=] { begin_injected.close(); }).join();
  EXPECT_TRUE(injected->reaches(100, 1s)) << injected->n;
}

WARREN_TEST(fairness, beside_a_goroutine_that_starts_others_for_ever) { beside_a_spawner(1); }
WARREN_TEST(fairness, beside_a_goroutine_that_starts_others_faster_than_they_run) { beside_a_spawner(20); }

WARREN_TEST(fairness, between_those_that_always_give_way) {
  constexpr int n = 20;
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  std::array<std::atomic<std::int64_t>, n> turns{};
  chan<void> done = make_chan<void>(n);
  for (std::size_t i = 0; i < n; ++i) {
    go([&, i, done, stop] {
      while (!*stop) {
        turns[i].fetch_add(1);
        gosched();
      }
      done.send();
    });
  }
  pause(200ms);
  *stop = true;
  for (int i = 0; i < n; ++i) done.recv();
  std::int64_t least = turns[0];
  std::int64_t sum = 0;
  for (const auto& t : turns) {
    least = std::min<std::int64_t>(least, t);
    sum += t;
  }
  EXPECT_GT(least * n * 20, sum) << "somebody had less than a twentieth of the average";
}

// --- goroutines that compute for long, and give way in time

TEST(fairness, of_timers_beside_goroutines_that_give_way_each_8_ms) {
  run(run_options{.max_procs = 1}, [] {
    const auto stop = std::make_shared<std::atomic<bool>>(false);
    for (int i = 0; i < 6; ++i) {
      go([=] {
        while (!*stop) {
          compute(8ms);
          gosched();
        }
      });
    }
    std::int64_t worst = 0;
    for (int i = 0; i < 10; ++i) {
      const stopwatch watch;
      pause(5ms);
      worst = std::max(worst, watch.ms());
    }
    *stop = true;
    // Within a few of their turns, not after sixty of them.
    EXPECT_LT(worst, 250);
  });
}

// --- goroutines that never call the runtime

class beside_hogs : public ::testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(gomaxprocs_1, beside_hogs, ::testing::Values(1, 4, 16), ::testing::PrintToStringParamName());

/// So slow are sanitized programs on a loaded machine.
std::chrono::milliseconds lenient(std::chrono::milliseconds d) { return scale() > 1 ? 5 * d : d; }

struct got_through {
  int ticks = 0;          ///< of a 10 ms ticker, within a second
  int ended = 0;          ///< of 1000 short goroutines, within a second
  int hogs_running = 0;
};

/// They begin together: getting past the hogs is part of the second.
got_through get_through_beside(int k) {
  const auto ticks = std::make_shared<std::atomic<int>>(0);
  const auto ended = std::make_shared<std::atomic<int>>(0);
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  got_through result;
  hogs busy(k);
  const stopwatch watch;
  go([=] {
    for (std::int64_t next = runtime::now_ns(); !*stop;) {
      next += 10'000'000;
      pause(std::chrono::nanoseconds(next - runtime::now_ns()));
      // As a ticker does: what came too late is dropped.
      while (next + 10'000'000 < runtime::now_ns()) next += 10'000'000;
      ticks->fetch_add(1);
    }
  });
  for (int i = 0; i < 1000; ++i) go([=] { ended->fetch_add(1); });
  eventually([&] { return *ended == 1000 && *ticks >= 50; }, lenient(1s));
  if (watch.ms() <= lenient(1s).count() + 5) {
    result.ticks = *ticks;
    result.ended = *ended;
  }
  result.hogs_running = busy.running();
  *stop = true;
  return result;
}

TEST_P(beside_hogs, a_ticker_ticks_and_short_goroutines_end) {
  run(run_options{.max_procs = 1}, [] {
    // What else runs on the machine may keep the processor from us; so there are three tries.
    got_through last;
    for (int tries = 0; tries < 3; ++tries) {
      last = get_through_beside(GetParam());
      if (last.ticks >= 50 && last.ended == 1000) break;
    }
    EXPECT_GE(last.ticks, 50);
    EXPECT_EQ(last.ended, 1000);
    EXPECT_EQ(last.hogs_running, GetParam()) << "the hogs themselves run as well";
  });
}

TEST_P(beside_hogs, goroutine_1_ends_the_run) {
  const auto stop = std::make_shared<std::atomic<bool>>(false);
  const auto begun = std::make_shared<std::atomic<int>>(0);
  const auto ended = std::make_shared<std::atomic<int>>(0);
  const stopwatch watch;
  run(run_options{.max_procs = 1, .stop_grace = 10ms}, [=] {
    for (int i = 0; i < GetParam(); ++i) {
      go([=] {
        begun->fetch_add(1);
        while (!*stop) {
        }
        ended->fetch_add(1);
      });
    }
    pause(50ms);
  });
  EXPECT_LT(watch.ms(), lenient(1500ms).count());
  *stop = true;
  EXPECT_TRUE(eventually([&] { return *ended == *begun; }));
}

// They stay alive, so no stack is at hand for the next one: each has to be fetched, by a worker that is never idle.
TEST(fairness, fresh_goroutines_that_need_a_stack_start_beside_busy_pairs) {
  constexpr int pairs = 20;
  const int fresh = static_cast<int>(scaled(200)) + 10;
  run(run_options{.max_procs = 1}, [&] {
    const chan<void> end = make_chan<void>();
    const chan<void> started = make_chan<void>(fresh);
    for (int p = 0; p < pairs; ++p) {
      const chan<int> there = make_chan<int>();
      const chan<int> back = make_chan<int>();
      go([=] {
        for (;;) back.send(there.recv());
      });
      go([=] {
        for (;;) {
          there.send(1);
          back.recv();
        }
      });
    }
    for (int i = 0; i < fresh; ++i) {
      go([=] {
        started.send();
        end.recv();
      });
    }
    // 400 a second at least: see take_aged().
    EXPECT_TRUE(eventually([&] { return started.len() == static_cast<std::size_t>(fresh); }, 3s)) << started.len() << " of " << fresh;
  });
}

/// A timer that is due again at the next look at the clock, until it is told to stop.
struct always_due : runtime::timer_node {
  always_due() noexcept : timer_node(kind_of_it) {}
  std::atomic<bool> stop{false};

  static void fire(timer_node* node, std::int64_t now, runtime::goroutine_list&) noexcept {
    if (!static_cast<always_due*>(node)->stop) runtime::arm(*node, now + 1);
  }
  static constexpr runtime::timer_kind kind_of_it{nullptr, fire};
};

// No pick may stop at the timers again and again.
TEST(fairness, what_others_make_ready_runs_beside_a_timer_that_is_always_due) {
  watchdog dog("a worker beside a timer that is always due", 30s);
  const int values = static_cast<int>(scaled(1'000)) + 20;
  always_due timer;
  std::atomic<int> begun{0};
  run(run_options{.max_procs = 1}, [&] {
    runtime::arm(timer, runtime::now_ns());
    for (int i = 0; i < 20; ++i) go([&] { ++begun; });
    const chan<int> in = make_chan<int>();
    std::thread other([&] {
      for (int i = 0; i < values; ++i) in.send(i);
    });
    for (int i = 0; i < values; ++i) EXPECT_EQ(in.recv(), i);
    blocking([&] { other.join(); });
    EXPECT_TRUE(eventually([&] { return begun == 20; }));
    timer.stop = true;
    pause(std::chrono::milliseconds(1));
    runtime::disarm(timer);
  });
}

TEST(fairness, what_a_thread_made_ready_runs_beside_those_that_always_give_way) {
  // The worker has something at hand all the time, and must look into the queue that all share nevertheless.
  run(run_options{.max_procs = 1}, [] {
    const stopwatch watch;
    std::atomic<bool> stop{false};
    const chan<void> ended = make_chan<void>(2);
    for (int i = 0; i < 2; ++i) {
      go([&stop, watch, ended] {
        while (!stop && watch.ms() < 6'000) gosched();
        ended.send();
      });
    }
    const chan<void> in = make_chan<void>();
    std::thread other([in] {
      for (int i = 0; i < 10; ++i) {
        pause(2ms);  // it waits by then, and the others are at it
        in.send();
      }
    });
    for (int i = 0; i < 10; ++i) in.recv();
    EXPECT_LT(watch.ms(), 5'000);
    stop = true;
    for (int i = 0; i < 2; ++i) ended.recv();
    blocking([&] { other.join(); });
  });
}

TEST(fairness, what_a_busy_goroutine_made_ready_is_taken_from_its_worker) {
  // By a worker that has nothing to do, and not by the monitor, which would take the busy one's place.
  watchdog dog("a goroutine that was made ready by one that computes", 60s);
  // The monitor is first where the machine has no second processor to spare, and after that for some time.
  constexpr std::int64_t longest_ns = 10'000'000'000;
  run(run_options{.max_procs = 2}, [&] {
    const std::int64_t begin = runtime::now_ns();
    const chan<void> bell = make_chan<void>();
    std::atomic<int> ran{0};
    go([&ran, bell] {
      while (bell.recv()) ran.fetch_add(1);
    });
    int taken = 0;
    for (int round = 1; taken == 0 && runtime::now_ns() - begin < longest_ns; ++round) {
      while (!bell.try_send()) pause(1ms);
      while (ran < round) {
      }
      taken += runtime::has_place(runtime::this_worker()) ? 1 : 0;
    }
    EXPECT_GT(taken, 0);
    bell.close();
  });
}

}  // namespace
