// SPDX-License-Identifier: MIT

// sync/, by threads that are no workers.

#include <memory>

#include <warren/context/context.hpp>
#include <warren/sync/cond.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/once.hpp>
#include <warren/sync/rw_mutex.hpp>
#include <warren/sync/semaphore.hpp>
#include <warren/sync/wait_group.hpp>

#include "kernels.hpp"

namespace stepping {

namespace {

namespace sync = warren::sync;

void mutex_of(world& w, int threads, int rounds) {
  sync::mutex m;
  int inside = 0;
  int passed = 0;
  for (int i = 0; i < threads; ++i) {
    w.thread([&] {
      for (int k = 0; k < rounds; ++k) {
        m.lock();
        check(++inside == 1, "two hold the mutex");
        w.pause();
        check(inside-- == 1, "two hold the mutex");
        ++passed;
        m.unlock();
      }
    });
  }
  w.run();
  check(passed == threads * rounds, "somebody never got the mutex");
}

void mutex(world& w) { mutex_of(w, 3, 2); }
void mutex_of_two(world& w) { mutex_of(w, 2, 1); }

/// A holder that holds it for longer than the millisecond after which a waiter is handed the mutex.
void mutex_handed_over(world& w) {
  sync::mutex m;
  int passed = 0;
  for (int i = 0; i < 3; ++i) {
    w.thread([&] {
      for (int k = 0; k < 2; ++k) {
        m.lock();
        ++passed;
        w.clock_jumps(2'000'000);
        w.pause();
        m.unlock();
      }
    });
  }
  w.run();
  check(passed == 6 && m.try_lock(), "the mutex was lost on the way from one to the other");
}

/// It may be destroyed as soon as nobody holds it, though an unlock() has not returned.
void mutex_dies(world& w) {
  auto m = std::make_unique<sync::mutex>();
  int left = 2;
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      m->lock();
      const bool last = --left == 0;
      m->unlock();
      if (last) m.reset();
    });
  }
  w.run();
}

void rw_mutex(world& w) {
  sync::rw_mutex m;
  int readers = 0;
  int writers = 0;
  int passed = 0;
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      m.lock();
      check(++writers == 1 && readers == 0, "a writer is not alone");
      w.pause();
      check(writers-- == 1 && readers == 0, "a writer is not alone");
      ++passed;
      m.unlock();
    });
    w.thread([&] {
      for (int k = 0; k < 2; ++k) {
        m.rlock();
        ++readers;
        check(writers == 0, "a reader beside a writer");
        w.pause();
        check(writers == 0, "a reader beside a writer");
        --readers;
        ++passed;
        m.runlock();
      }
    });
  }
  w.run();
  check(passed == 6, "somebody never got the lock");
}

void rw_mutex_of_two(world& w) {
  sync::rw_mutex m;
  int writers = 0;
  w.thread([&] {
    m.lock();
    ++writers;
    w.pause();
    --writers;
    m.unlock();
  });
  w.thread([&] {
    m.rlock();
    check(writers == 0, "a reader beside a writer");
    m.runlock();
  });
  w.run();
}

void once(world& w) {
  sync::once o;
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    w.thread([&] {
      o.do_([&] {
        w.pause();
        ++done;
      });
      check(done == 1, "it went on before the first call was over, or it was done twice");
    });
  }
  w.run();
}

void wait_group(world& w) {
  sync::wait_group g;
  int done = 0;
  g.add(2);
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      ++done;
      g.done();
    });
    w.thread([&] {
      g.wait();
      check(done == 2, "it waited for less than all");
    });
  }
  w.run();
}

/// Who waited may destroy it, though the last done() has not returned.
void wait_group_dies(world& w) {
  auto g = std::make_unique<sync::wait_group>();
  g->add(1);
  w.thread([&] { g->done(); });
  w.thread([&] {
    g->wait();
    g.reset();
  });
  w.run();
}

/// One signal for one that waits: nobody makes good a lost one.
void cond(world& w) {
  sync::mutex m;
  sync::cond c;
  bool there = false;
  w.thread([&] {
    m.lock();
    while (!there) c.wait(m);
    m.unlock();
  });
  w.thread([&] {
    m.lock();
    there = true;
    m.unlock();
    c.signal();
  });
  w.run();
}

void cond_broadcast(world& w) {
  sync::mutex m;
  sync::cond c;
  bool there = false;
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      m.lock();
      while (!there) c.wait(m);
      m.unlock();
    });
  }
  w.thread([&] {
    m.lock();
    there = true;
    c.broadcast();
    m.unlock();
  });
  w.run();
}

/// Who was woken waits again at once, perhaps before the broadcast that woke it is over.
void cond_rounds(world& w) {
  sync::mutex m;
  sync::cond c;
  int round = 0;
  int heard = 0;
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      m.lock();
      for (int mine = 0; mine < 2; ++mine) {
        while (round <= mine) c.wait(m);
        ++heard;
      }
      m.unlock();
    });
  }
  w.thread([&] {
    for (int i = 0; i < 2; ++i) {
      m.lock();
      ++round;
      m.unlock();
      c.broadcast();
    }
  });
  w.run();
  check(heard == 4, "somebody did not hear of a round");
}

/// Two signals for two that wait: each wakes another one.
void cond_two_signals(world& w) {
  sync::mutex m;
  sync::cond c;
  int there = 0;
  for (int i = 0; i < 2; ++i) {
    w.thread([&] {
      m.lock();
      while (there == 0) c.wait(m);
      --there;
      m.unlock();
    });
    w.thread([&] {
      m.lock();
      ++there;
      m.unlock();
      c.signal();
    });
  }
  w.run();
}

void semaphore(world& w) {
  sync::semaphore s(2);
  int used = 0;
  for (int i = 0; i < 3; ++i) {
    const int n = i == 0 ? 2 : 1;
    w.thread([&, n] {
      check(s.acquire(warren::context::background(), n) == nullptr, "an error without a cause");
      used += n;
      check(used <= 2, "more tokens than there are");
      w.pause();
      used -= n;
      s.release(n);
    });
  }
  w.run();
  check(s.try_acquire(2), "a token was lost");
}

/// A cancel beside a release: whatever the waiter hears, no token is lost.
void semaphore_canceled(world& w) {
  sync::semaphore s(1);
  check(s.try_acquire(1), "no token at the beginning");
  auto [ctx, cancel] = warren::context::with_cancel(warren::context::background());
  w.thread([&, ctx = ctx] {
    if (s.acquire(ctx, 1) == nullptr) s.release(1);
  });
  w.thread([&] { s.release(1); });
  w.thread([cancel = cancel] { cancel(); });
  w.run();
  check(s.try_acquire(1), "a token was lost");
}

constexpr kernel kernels[] = {
    {.name = "mutex", .body = mutex},
    {.name = "mutex_of_two", .body = mutex_of_two, .small = true},
    {.name = "mutex_handed_over", .body = mutex_handed_over},
    {.name = "mutex_dies", .body = mutex_dies},
    {.name = "rw_mutex", .body = rw_mutex},
    {.name = "rw_mutex_of_two", .body = rw_mutex_of_two, .small = true},
    {.name = "once", .body = once},
    {.name = "wait_group", .body = wait_group},
    {.name = "wait_group_dies", .body = wait_group_dies, .small = true},
    {.name = "cond", .body = cond, .small = true},
    {.name = "cond_broadcast", .body = cond_broadcast},
    {.name = "cond_rounds", .body = cond_rounds},
    {.name = "cond_two_signals", .body = cond_two_signals},
    {.name = "semaphore", .body = semaphore},
    {.name = "semaphore_canceled", .body = semaphore_canceled},
};

}  // namespace

std::span<const kernel> sync_kernels() { return kernels; }

}  // namespace stepping
