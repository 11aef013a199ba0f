// SPDX-License-Identifier: MIT

// The scheduler itself: runs with two or three workers, each of which, and the monitor, is a simulated thread.

#include <array>
#include <chrono>

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/context/context.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/scheduler.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/after_func.hpp>
#include <warren/time/sleep.hpp>

#include "kernels.hpp"
#include "whole_run.hpp"

namespace stepping {

namespace {

using namespace std::chrono_literals;

/// Work comes from a thread that is no worker, when all workers may be on their way to sleep; the monitor does not help.
void work_from_outside(world& w) {
  w.let_nobody_time_out();
  auto to = warren::make_chan<int>();
  auto back = warren::make_chan<int>();
  w.thread([to, back] {
    whole_run(2, [to, back] {
      check(to.recv() == 1, "another value");
      back.send(2);
    });
  });
  w.thread([to, back] {
    to.send(1);
    check(back.recv() == 2, "another value");
  });
  w.run();
}

/// Goroutines that start goroutines, and wait for them.
void go_and_wait(world& w) {
  w.let_nobody_time_out();
  int ran = 0;
  w.thread([&ran] {
    whole_run(2, [&ran] {
      warren::sync::wait_group g;
      warren::sync::mutex m;
      for (int i = 0; i < 3; ++i) {
        g.go([&] {
          warren::sync::wait_group inner;
          inner.go([&] {
            m.lock();
            ++ran;
            m.unlock();
          });
          inner.wait();
        });
      }
      g.wait();
    });
  });
  w.run();
  check(ran == 3, "a goroutine never ran");
}

/// Values round a ring of goroutines, on three workers.
void round_trip(world& w) {
  w.let_nobody_time_out();
  w.thread([] {
    whole_run(3, [] {
      auto a = warren::make_chan<int>();
      auto b = warren::make_chan<int>();
      auto c = warren::make_chan<int>();
      warren::sync::wait_group g;
      g.go([=] {
        for (int i = 0; i < 3; ++i) b.send(a.recv() + 1);
      });
      g.go([=] {
        for (int i = 0; i < 3; ++i) c.send(b.recv() + 1);
      });
      for (int i = 0; i < 3; ++i) {
        a.send(i);
        check(c.recv() == i + 2, "another value");
      }
      g.wait();
    });
  });
  w.run();
}

/// A queue that overflows, beside thieves.
void many(world& w) {
  w.let_nobody_time_out();
  int ran = 0;
  w.thread([&ran] {
    whole_run(3, [&ran] {
      auto gate = warren::make_chan<int>();
      auto done = warren::make_chan<int>(9);
      for (int i = 0; i < 9; ++i) {
        warren::go([=] {
          gate.recv_ok();
          warren::gosched();
          done.send(1);
        });
      }
      warren::gosched();
      gate.close();
      for (int i = 0; i < 9; ++i) ran += done.recv();
    });
  });
  w.run();
  check(ran == 9, "a goroutine was lost, or ran twice");
}

/// A blocking call gives the place away, and wants one back.
void blocking(world& w) {
  w.let_nobody_time_out();
  w.thread([] {
    whole_run(1, [] {
      auto c = warren::make_chan<int>();
      warren::go([c] { c.send(warren::blocking([] { return 5; })); });
      warren::go([c] { c.send(warren::blocking([] { return 6; })); });
      check(c.recv() + c.recv() == 11, "another value");
    });
  });
  w.run();
}

/// Sleepers and who sleeps longest keeps the time.
void sleepers(world& w) {
  w.thread([] {
    whole_run(2, [] {
      warren::sync::wait_group g;
      for (int i = 1; i <= 3; ++i) {
        g.go([i] { warren::sleep(i * 10us); });
      }
      g.wait();
    });
  });
  w.run();
}

/// A timer that is stopped beside its moment: true, and the function never runs; false, and it does.
void timer_stop(world& w) {
  w.thread([] {
    whole_run(2, [] {
      auto ran = warren::make_chan<int>(1);
      auto t = warren::after_func(1us, [ran] { ran.send(1); });
      warren::gosched();
      if (!t.stop()) {
        check(ran.recv() == 1, "another value");
      } else {
        warren::sleep(5us);
        check(ran.len() == 0, "it ran though it was stopped");
      }
    });
  });
  w.run();
}

/// A timer set anew beside its moment runs its function once more or once in all, and is gone when nobody has it any more.
void timer_reset(world& w) {
  w.thread([] {
    whole_run(2, [] {
      auto ran = warren::make_chan<int>(2);
      bool was_armed = false;
      {
        auto t = warren::after_func(1us, [ran] { ran.send(1); });
        warren::gosched();
        was_armed = t.reset(2us);
      }
      ran.recv();
      if (!was_armed) ran.recv();
      warren::sleep(5us);
      check(ran.len() == 0, "it ran once too often");
    });
  });
  w.run();
}

/// The same of a function after a cancel.
void after_cancel(world& w) {
  w.thread([] {
    whole_run(2, [] {
      auto [ctx, cancel] = warren::context::with_cancel(warren::context::background());
      auto ran = warren::make_chan<int>(1);
      auto stop = warren::context::after_func(ctx, [ran] { ran.send(1); });
      warren::go([cancel = cancel] { cancel(); });
      warren::gosched();
      if (!stop()) {
        check(ran.recv() == 1, "another value");
      } else {
        ctx.done().recv();
        warren::sleep(5us);
        check(ran.len() == 0, "it ran though it was stopped");
      }
    });
  });
  w.run();
}

/// A timeout and a cancel at one moment.
void timeout_against_cancel(world& w) {
  w.thread([] {
    whole_run(2, [] {
      auto [ctx, cancel] = warren::context::with_timeout(warren::context::background(), 2us);
      warren::go([cancel = cancel] { cancel(); });
      ctx.done().recv();
      check(ctx.err() != nullptr, "done without an error");
      check(ctx.err() == ctx.err(), "two errors");
      cancel();
    });
  });
  w.run();
}

/// The run ends while goroutines still start, wait and are woken from outside; the next one starts clean.
void end_beside_work(world& w) {
  auto c = warren::make_chan<int>(4);
  w.thread([c] {
    whole_run(2, [c] {
      for (int i = 0; i < 3; ++i) {
        warren::go([c] {
          warren::gosched();
          c.recv_ok();
        });
      }
      warren::gosched();
    });
    whole_run(2, [] {
      auto d = warren::make_chan<int>();
      warren::go([d] { d.send(1); });
      check(d.recv() == 1, "another value");
    });
  });
  w.thread([c] { c.try_send(1); });
  w.run();
}

/// Work conservation: two goroutines that each wait until the other is there, without giving way. The second must find the
/// free worker by itself: the monitor's moment never comes here, and the schedule would not end.
void no_worker_idles(world& w) {
  w.let_nobody_time_out();
  w.thread([&w] {
    whole_run(2, [&w] {
      std::atomic<int> here{0};
      warren::sync::wait_group g;
      for (int i = 0; i < 2; ++i) {
        g.go([&] {
          here.fetch_add(1, std::memory_order_relaxed);
          while (here.load(std::memory_order_relaxed) < 2) w.give_way();
        });
      }
      g.wait();
    });
  });
  w.run();
}

/// The same when both are asleep, and somebody else wakes one after the other: who comes for the first, in whatever way,
/// must see to it that somebody comes for the second.
void two_from_outside(world& w) {
  w.let_nobody_time_out();
  constexpr int rounds = 8;
  std::array<warren::chan<int>, 2> to = {warren::make_chan<int>(rounds), warren::make_chan<int>(rounds)};
  auto round_over = warren::make_chan<int>(rounds);
  w.thread([&w, to, round_over] {
    whole_run(2, [&] {
      std::atomic<int> here{0};
      warren::sync::wait_group g;
      for (const warren::chan<int>& c : to) {
        g.go([&] {
          for (int i = 1; i <= rounds; ++i) {
            c.recv();
            if (here.fetch_add(1, std::memory_order_relaxed) == 2 * i - 1) round_over.send(i);
            while (here.load(std::memory_order_relaxed) < 2 * i) w.give_way();
          }
        });
      }
      g.wait();
    });
  });
  w.thread([to, round_over] {
    for (int i = 1; i <= rounds; ++i) {
      for (const warren::chan<int>& c : to) c.send(i);
      check(round_over.recv() == i, "another value");
    }
  });
  w.run();
}

constexpr kernel kernels[] = {
    {.name = "work_from_outside", .body = work_from_outside, .whole = true},
    {.name = "go_and_wait", .body = go_and_wait, .whole = true},
    {.name = "round_trip", .body = round_trip, .whole = true},
    {.name = "many", .body = many, .whole = true},
    {.name = "blocking", .body = blocking, .whole = true},
    {.name = "sleepers", .body = sleepers, .whole = true},
    {.name = "timer_stop", .body = timer_stop, .whole = true},
    {.name = "timer_reset", .body = timer_reset, .whole = true},
    {.name = "after_cancel", .body = after_cancel, .whole = true},
    {.name = "timeout_against_cancel", .body = timeout_against_cancel, .whole = true},
    {.name = "end_beside_work", .body = end_beside_work, .whole = true, .most = 3'000},
    {.name = "no_worker_idles", .body = no_worker_idles, .whole = true},
    {.name = "two_from_outside", .body = two_from_outside, .whole = true},
};

}  // namespace

std::span<const kernel> scheduler_kernels() { return kernels; }

}  // namespace stepping
