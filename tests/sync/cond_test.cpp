// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/cond.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/rw_mutex.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(cond, TestCondSignal) {
  sync::mutex m;
  sync::cond c;
  constexpr int n = 5;
  chan<void> running = make_chan<void>(n);
  chan<void> awake = make_chan<void>(n);
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    wg.go([&] {
      m.lock();
      running.send();
      c.wait(m);
      awake.send();
      m.unlock();
    });
  }
  for (int i = 0; i < n; ++i) running.recv();
  for (int i = 0; i < n; ++i) {
    EXPECT_EQ(awake.try_recv(), recv_status::empty) << "not asleep";
    m.lock();
    c.signal();
    m.unlock();
    awake.recv();
    EXPECT_EQ(awake.try_recv(), recv_status::empty) << "too many awake";
  }
  c.signal();
  wg.wait();
}

WARREN_TEST(cond, TestCondSignalGenerations) {
  sync::mutex m;
  sync::cond c;
  constexpr int n = 100;
  chan<void> running = make_chan<void>(n);
  chan<int> awake = make_chan<int>(n);
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    wg.go([&, i] {
      m.lock();
      running.send();
      c.wait(m);
      awake.send(i);
      m.unlock();
    });
    if (i > 0) {
      EXPECT_EQ(awake.recv(), i - 1);
    }
    running.recv();
    m.lock();
    c.signal();
    m.unlock();
  }
  wg.wait();
}

WARREN_TEST(cond, signals_serve_those_who_wait_in_their_order) {
  sync::mutex m;
  sync::cond c;
  std::vector<int> order;
  int waiting = 0;
  sync::wait_group wg;
  constexpr int n = 50;
  for (int i = 0; i < n; ++i) {
    wg.go([&] {
      m.lock();
      const int place = waiting++;
      c.wait(m);
      order.push_back(place);
      m.unlock();
    });
  }
  for (std::size_t served = 0; served < n;) {
    m.lock();
    if (waiting == n && order.size() == served) {
      c.signal();
      ++served;
    }
    m.unlock();
    gosched();
  }
  wg.wait();
  for (int i = 0; i < n; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

WARREN_TEST(cond, TestCondBroadcast) {
  sync::mutex m;
  sync::cond c;
  const int n = static_cast<int>(200 / std::min(tests::scale(), 4));
  chan<void> running = make_chan<void>(n);
  chan<int> awake = make_chan<int>(n);
  bool stop = false;
  sync::wait_group wg;
  for (int g = 0; g < n; ++g) {
    wg.go([&, g] {
      m.lock();
      while (!stop) {
        running.send();
        c.wait(m);
        awake.send(g);
      }
      m.unlock();
    });
  }
  for (int round = 0; round < n; ++round) {
    for (int i = 0; i < n; ++i) running.recv();
    if (round == n - 1) {
      const std::lock_guard hold(m);
      stop = true;
    }
    int none = 0;
    EXPECT_EQ(awake.try_recv(none), recv_status::empty) << "not asleep";
    m.lock();
    c.broadcast();
    m.unlock();
    std::vector<bool> seen(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) {
      const auto g = static_cast<std::size_t>(awake.recv());
      EXPECT_FALSE(seen[g]) << "woke up twice";
      seen[g] = true;
    }
  }
  EXPECT_EQ(running.try_recv(), recv_status::empty);
  c.broadcast();
  wg.wait();
}

WARREN_TEST(cond, TestRace) {
  sync::mutex m;
  sync::cond c;
  int x = 0;
  sync::wait_group wg;
  wg.go([&] {
    const std::lock_guard hold(m);
    x = 1;
    c.wait(m);
    EXPECT_EQ(x, 2);
    x = 3;
    c.signal();
  });
  wg.go([&] {
    for (m.lock();; m.lock()) {
      if (x == 1) break;
      m.unlock();
      gosched();
    }
    x = 2;
    c.signal();
    m.unlock();
  });
  wg.go([&] {
    for (m.lock();; m.lock()) {
      if (x == 2) {
        c.wait(m);
        EXPECT_EQ(x, 3);
        break;
      }
      if (x == 3) break;
      m.unlock();
      gosched();
    }
    m.unlock();
  });
  wg.wait();
}

WARREN_TEST(cond, TestCondSignalStealing) {
  const std::int64_t rounds = tests::scaled(1'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::mutex m;
    sync::cond c;
    chan<void> ch = make_chan<void>();
    sync::wait_group wg;
    wg.go([&] {
      m.lock();
      ch.send();
      c.wait(m);
      m.unlock();
      ch.send();
    });
    ch.recv();
    m.lock();
    m.unlock();
    // It waits. A newcomer may or may not get a broadcast that races with it, but this one must.
    bool done = false;
    wg.go([&] { c.broadcast(); });
    wg.go([&] {
      const std::lock_guard hold(m);
      while (!done) c.wait(m);
    });
    ch.recv();
    m.lock();
    done = true;
    m.unlock();
    c.broadcast();
    wg.wait();
  }
}

WARREN_TEST(cond, wait_with_a_predicate) {
  sync::mutex m;
  sync::cond c;
  int turn = 0;
  const int turns = static_cast<int>(tests::scaled(2'000));
  sync::wait_group wg;
  for (int me = 0; me < 3; ++me) {
    wg.go([&, me] {
      for (int i = 0; i < turns; ++i) {
        std::unique_lock hold(m);
        c.wait(hold, [&] { return turn % 3 == me; });
        ++turn;
        c.broadcast();
      }
    });
  }
  wg.wait();
  EXPECT_EQ(turn, 3 * turns);
}

WARREN_TEST(cond, takes_any_lock) {
  sync::cond c;
  sync::rw_mutex rw;
  std::mutex plain;
  bool ready = false;
  sync::wait_group wg;
  wg.go([&] {
    std::shared_lock hold(rw);
    while (!ready) c.wait(hold);
    EXPECT_TRUE(hold.owns_lock());
  });
  wg.go([&] {
    auto reader = rw.rlocker();
    reader.lock();
    while (!ready) c.wait(reader);
    reader.unlock();
  });
  wg.go([&] {
    std::unique_lock hold(rw);
    while (!ready) c.wait(hold);
  });
  sleep(1ms);
  rw.lock();
  ready = true;
  rw.unlock();
  c.broadcast();
  wg.wait();

  bool signalled = false;
  wg.go([&] {
    plain.lock();
    while (!signalled) c.wait(plain);
    plain.unlock();
  });
  sleep(1ms);
  plain.lock();
  signalled = true;
  c.signal();
  plain.unlock();
  wg.wait();
}

WARREN_TEST(cond, a_lock_that_does_not_unlock_leaves_nobody_behind) {
  sync::mutex m;
  sync::cond c;
  std::unique_lock not_held(m, std::defer_lock);
  for (int i = 0; i < 3; ++i) EXPECT_THROW(c.wait(not_held), std::system_error);
  bool woken = false;
  sync::wait_group wg;
  wg.go([&] {
    const std::lock_guard hold(m);
    c.wait(m);
    woken = true;
  });
  for (bool stop = false; !stop; gosched()) {
    c.signal();
    const std::lock_guard hold(m);
    stop = woken;
  }
  wg.wait();
}

WARREN_TEST(cond, may_be_destroyed_when_all_have_been_woken) {
  const std::int64_t rounds = tests::scaled(3'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    sync::mutex m;
    auto c = std::make_unique<sync::cond>();
    int waiting = 0;
    bool done = false;
    sync::wait_group wg;
    for (int k = 0; k < 3; ++k) {
      wg.go([&, c = c.get()] {
        const std::lock_guard hold(m);
        ++waiting;
        while (!done) c->wait(m);
      });
    }
    for (bool all = false; !all;) {
      {
        const std::lock_guard hold(m);
        all = waiting == 3;
        if (all) {
          done = true;
          c->broadcast();
          c.reset();
        }
      }
      gosched();
    }
    wg.wait();
  }
}

/// A bounded queue as one writes it with a cond; the sum of what went through is compared.
template <class Spawn>
void pass_through(std::int64_t count, int producers, int consumers, const Spawn& spawn) {
  sync::mutex m;
  sync::cond not_empty;
  sync::cond not_full;
  std::deque<std::int64_t> queue;
  std::int64_t sum = 0;
  int still_producing = producers;
  sync::wait_group wg;
  wg.add(producers + consumers);
  for (int p = 0; p < producers; ++p) {
    spawn([&] {
      for (std::int64_t i = 1; i <= count; ++i) {
        std::unique_lock hold(m);
        not_full.wait(hold, [&] { return queue.size() < 8; });
        queue.push_back(i);
        not_empty.signal();
      }
      m.lock();
      if (--still_producing == 0) not_empty.broadcast();
      m.unlock();
      wg.done();
    });
  }
  for (int k = 0; k < consumers; ++k) {
    spawn([&] {
      for (;;) {
        std::unique_lock hold(m);
        not_empty.wait(hold, [&] { return !queue.empty() || still_producing == 0; });
        if (queue.empty()) break;
        sum += queue.front();
        queue.pop_front();
        not_full.signal();
      }
      wg.done();
    });
  }
  wg.wait();
  EXPECT_EQ(sum, producers * count * (count + 1) / 2);
}

WARREN_TEST(cond, a_queue_of_goroutines_and_threads) {
  pass_through(tests::scaled(20'000), 4, 4, [](auto f) { go(f); });
  std::vector<std::thread> threads;
  int n = 0;
  pass_through(tests::scaled(5'000), 3, 3, [&](auto f) {
    if (n++ % 2 == 0) {
      go(f);
    } else {
      threads.emplace_back(f);
    }
  });
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
}

TEST(cond, serves_threads_alone) {
  std::vector<std::thread> threads;
  pass_through(tests::scaled(10'000), 2, 2, [&](auto f) { threads.emplace_back(f); });
  for (std::thread& t : threads) t.join();
}

TEST(cond, a_waiter_left_over_by_its_run_gets_no_signal) {
  static sync::mutex m;
  static sync::cond c;
  run(run_options{.max_procs = 2}, [] {
    const std::int64_t before = tests::queued();
    for (int i = 0; i < 3; ++i) {
      go([] {
        m.lock();
        c.wait(m);
      });
    }
    tests::wait_until_queued(before + 3);
  });
  run([] {
    bool woken = false;
    const std::int64_t before = tests::queued();
    sync::wait_group wg;
    wg.go([&] {
      m.lock();
      c.wait(m);
      woken = true;
      m.unlock();
    });
    tests::wait_until_queued(before + 1);
    c.signal();
    wg.wait();
    EXPECT_TRUE(woken);
  });
}

TEST(cond, may_be_gone_before_those_who_wait_are_taken_out) {
  run(run_options{.max_procs = 2}, [] {
    static sync::mutex m;
    auto c = std::make_unique<sync::cond>();
    const std::int64_t before = tests::queued();
    for (int i = 0; i < 3; ++i) {
      go([&c = *c] {
        m.lock();
        c.wait(m);
      });
    }
    tests::wait_until_queued(before + 3);
  });
}

}  // namespace
