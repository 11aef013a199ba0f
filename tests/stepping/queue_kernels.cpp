// SPDX-License-Identifier: MIT

// The queues and locks below the scheduler.

#include <array>
#include <memory>

#include <warren/runtime/fresh_list.hpp>
#include <warren/runtime/inject_queue.hpp>
#include <warren/runtime/park.hpp>
#include <warren/runtime/run_queue.hpp>
#include <warren/runtime/spinlock.hpp>
#include <warren/runtime/turn.hpp>
#include <warren/runtime/wait_queue.hpp>

#include "kernels.hpp"

namespace stepping {

namespace {

using warren::runtime::goroutine;
using warren::runtime::goroutine_list;

/// Goroutines that nobody runs, and how often each was taken out of a queue.
class tokens {
 public:
  static constexpr int count = 8;

  goroutine* next() { return made_ < count ? &all_[made_++] : nullptr; }
  void took(goroutine* g) {
    check(g >= &all_[0] && g < &all_[count], "what came out never went in");
    const int i = static_cast<int>(g - &all_[0]);
    check(i < made_, "it came out before it went in");
    check(++taken_[i] == 1, "it came out twice");
  }
  void took(goroutine_list&& list) {
    while (goroutine* g = list.pop_front()) took(g);
  }
  void check_all_out() {
    for (int i = 0; i < made_; ++i) check(taken_[i] == 1, "it went in and never came out");
  }

 private:
  goroutine all_[count];
  int taken_[count] = {};
  int made_ = 0;
};

/// The owner pushes and pops round a ring of four; two thieves.
void run_queue(world& w) {
  warren::runtime::run_queue queue;
  tokens t;
  w.thread([&] {
    for (int i = 0; i < 6; ++i) {
      goroutine* g = t.next();
      if (!queue.push(g)) {
        goroutine_list out;
        queue.steal(out, warren::runtime::run_queue::room / 2);
        t.took(std::move(out));
        check(queue.push(g), "full after a part was taken out");
      }
      if (i % 3 == 2) {
        if (goroutine* mine = queue.pop()) t.took(mine);
      }
    }
  });
  for (int thief = 0; thief < 2; ++thief) {
    w.thread([&] {
      for (int i = 0; i < 2; ++i) {
        goroutine_list loot;
        queue.steal(loot, 2);
        t.took(std::move(loot));
      }
    });
  }
  w.run();
  while (goroutine* g = queue.pop()) t.took(g);
  t.check_all_out();
}

void run_queue_of_two(world& w) {
  warren::runtime::run_queue queue;
  tokens t;
  queue.push(t.next());
  queue.push(t.next());
  w.thread([&] {
    if (goroutine* g = queue.pop()) t.took(g);
    queue.push(t.next());
    if (goroutine* g = queue.pop()) t.took(g);
  });
  w.thread([&] {
    goroutine_list loot;
    queue.steal(loot, 1);
    t.took(std::move(loot));
  });
  w.run();
  while (goroutine* g = queue.pop()) t.took(g);
  t.check_all_out();
}

void fresh_list(world& w) {
  warren::runtime::fresh_list list;
  tokens t;
  w.thread([&] {
    for (int i = 0; i < 5; ++i) {
      check(list.push(t.next()), "no memory");
      if (i % 2 == 1) {
        if (goroutine* g = list.pop_newest()) t.took(g);
      }
    }
  });
  for (int thief = 0; thief < 2; ++thief) {
    w.thread([&] {
      goroutine* loot[3];
      const std::uint32_t n = list.steal(loot, 3);
      for (std::uint32_t i = 0; i < n; ++i) t.took(loot[i]);
      if (goroutine* g = list.pop_aged(2)) t.took(g);
    });
  }
  w.run();
  while (goroutine* g = list.pop_newest()) t.took(g);
  t.check_all_out();
}

void inject_queue(world& w) {
  warren::runtime::inject_queue queue;
  tokens t;
  for (int adder = 0; adder < 2; ++adder) {
    w.thread([&] {
      queue.push(t.next());
      goroutine_list two;
      two.push_back(t.next());
      two.push_back(t.next());
      queue.append(std::move(two));
    });
  }
  w.thread([&] {
    for (int i = 0; i < 3; ++i) {
      goroutine_list some;
      queue.take(some, 2);
      t.took(std::move(some));
    }
  });
  w.run();
  goroutine_list rest;
  queue.take(rest, tokens::count);
  t.took(std::move(rest));
  t.check_all_out();
}

void spinlock(world& w) {
  warren::runtime::spinlock lock;
  int inside = 0;
  int passed = 0;
  const auto pass = [&] {
    check(++inside == 1, "two hold the lock");
    w.pause();
    check(inside == 1, "two hold the lock");
    ++passed;
    --inside;
    lock.unlock();
  };
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      lock.lock();
      pass();
    });
  }
  w.thread([&] {
    if (lock.try_lock()) pass();
  });
  w.run();
  check(passed >= 2 && inside == 0, "somebody did not get the lock");
}

/// Two take turns at reading, one writes, one closes; the last one out of the closed file knows it.
void turn(world& w) {
  warren::runtime::turn use;
  int reading = 0;
  int last = 0;
  bool closed = false;
  const auto give = [&](bool was_last) {
    if (!was_last) return;
    check(closed, "the last one out of an open file");
    check(++last == 1, "two are the last one out");
  };
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      if (!use.take(warren::runtime::io_side::read)) return check(closed, "an open file is said to be closed");
      check(last == 0, "an operation after the last one");
      check(++reading == 1, "two have a turn");
      w.pause();
      --reading;
      give(use.give(warren::runtime::io_side::read));
    });
  }
  w.thread([&] {
    if (!use.enter()) return;
    w.pause();
    check(last == 0, "an operation after the last one");
    give(use.leave());
  });
  w.thread([&] {
    closed = true;
    check(use.close(), "closed twice");
    give(use.leave());
  });
  w.run();
  check(last == 1, "nobody was the last one out");
}

/// One waits in line, one wakes it: one waker a waiter, so that no other makes good what is lost.
void wait_queue(world& w) {
  warren::runtime::wait_queue queue;
  bool there = false;
  w.thread([&] {
    queue.lock();
    if (there) return queue.unlock();
    warren::runtime::queue_waiter me;
    queue.wait(me, warren::runtime::wait_reason::semacquire);
    check(me.answer == 7, "woken without its answer");
    check(there, "woken before what it waited for");
  });
  w.thread([&] {
    queue.lock();
    there = true;
    warren::runtime::queue_waiter* first = queue.pop_front();
    if (first != nullptr) first->answer = 7;
    queue.unlock();
    if (first != nullptr) warren::runtime::wake(first);
  });
  w.run();
}

constexpr kernel kernels[] = {
    {.name = "run_queue", .body = run_queue},
    {.name = "run_queue_of_two", .body = run_queue_of_two, .small = true},
    {.name = "fresh_list", .body = fresh_list},
    {.name = "inject_queue", .body = inject_queue},
    {.name = "spinlock", .body = spinlock},
    {.name = "turn", .body = turn},
    {.name = "wait_queue", .body = wait_queue, .small = true},
};

}  // namespace

std::span<const kernel> queue_kernels() { return kernels; }

}  // namespace stepping
