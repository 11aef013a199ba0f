// SPDX-License-Identifier: MIT
// What Go's own tests ask of select, by behaviour, under their names: runtime/chan_test.go, test/chan/*.go,
// test/chanlinear.go and test/fixedbugs (Go 1.27).
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>

#include <array>
#include <atomic>
#include <cmath>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using tests::crew;
using tests::pause;
using tests::scale;
using tests::scaled;

// --- runtime/chan_test.go

// From the time the second goroutine is made at least one of the channels is ready, so it never finds none.
template <class MakeReady>
void nonblock_select_race(int capacity2, MakeReady make_ready) {
  const auto done = make_chan<bool>(1);
  for (std::int64_t i = scaled(100'000); i > 0; --i) {
    const auto c1 = make_chan<int>(1);
    const auto c2 = make_chan<int>(capacity2);
    c1.send(1);
    go([=] { done.send(select(recv(c1), recv(c2), otherwise) != 2); });
    make_ready(c2);
    select(recv(c1), otherwise);
    ASSERT_TRUE(done.recv()) << "no channel is ready";
  }
}

WARREN_TEST(go_select, TestNonblockSelectRace) {
  nonblock_select_race(1, [](const chan<int>& c) { c.send(1); });
}
WARREN_TEST(go_select, TestNonblockSelectRace2) {
  nonblock_select_race(0, [](const chan<int>& c) { c.close(); });
}

WARREN_TEST(go_select, TestSelfSelect) {
  for (const int capacity : {0, 10}) {
    const auto c = make_chan<int>(capacity);
    crew peers;
    for (int p = 0; p != 2; ++p) {
      peers.go([=] {
        const auto check = [&](int v) { EXPECT_FALSE(capacity == 0 && v == p) << "self receive"; };
        for (std::int64_t i = scaled(1000); i > 0; --i) {
          if (p == 0 || i % 2 == 0) {
            select(send(c, p), recv(c, check));
          } else {
            select(recv(c, check), send(c, p));
          }
        }
      });
    }
    peers.wait();
  }
}

WARREN_TEST(go_select, TestSelectStress) {
  const std::array<chan<int>, 4> c{make_chan<int>(), make_chan<int>(), make_chan<int>(2), make_chan<int>(3)};
  const std::int64_t n = scaled(100'000);
  crew peers;
  for (const chan<int>& one : c) {
    peers.go([=] {
      for (std::int64_t i = 0; i != n; ++i) one.send(0);
    });
    peers.go([=] {
      for (std::int64_t i = 0; i != n; ++i) one.recv();
    });
  }
  peers.go([=] {
    auto open = c;
    std::array<std::int64_t, 4> count{};
    for (std::int64_t i = 0; i != 4 * n; ++i) {
      const int chosen = select(send(open[3], 0), send(open[2], 0), send(open[0], 0), send(open[1], 0));
      const std::size_t k = std::array<std::size_t, 4>{3, 2, 0, 1}[std::size_t(chosen)];
      if (++count[k] == n) open[k] = nil;
    }
  });
  peers.go([=] {
    auto open = c;
    std::array<std::int64_t, 4> count{};
    for (std::int64_t i = 0; i != 4 * n; ++i) {
      const auto k = std::size_t(select(recv(open[0]), recv(open[1]), recv(open[2]), recv(open[3])));
      if (++count[k] == n) open[k] = nil;
    }
  });
  peers.wait();
}

WARREN_TEST(go_select, TestSelectFairness) {
  constexpr int trials = 10'000;
  const auto c1 = make_chan<char>(trials + 1);
  const auto c2 = make_chan<char>(trials + 1);
  for (int i = 0; i != trials + 1; ++i) {
    c1.send(1);
    c2.send(2);
  }
  const auto c3 = make_chan<char>();
  const auto c4 = make_chan<char>();
  const auto out = make_chan<char>();
  const auto done = make_chan<char>();
  crew peers;
  peers.go([=] {
    for (;;) {
      char b = 0;
      select(recv(c3, b), recv(c4, b), recv(c1, b), recv(c2, b));
      if (select(send(out, b), recv(done)) == 1) return;
    }
  });
  int count1 = 0;
  for (int i = 0; i != trials; ++i) {
    const char b = out.recv();
    EXPECT_TRUE(b == 1 || b == 2);
    count1 += b == 1 ? 1 : 0;
  }
  EXPECT_LT(std::abs(count1 - trials * 0.5), 10 * std::sqrt(trials * 0.25)) << "unfair select";
  done.close();
  peers.wait();
}

WARREN_TEST(go_select, TestPseudoRandomSend) {
  constexpr int n = 100;
  for (const int capacity : {0, n}) {
    const auto c = make_chan<int>(capacity);
    int ones = 0;
    crew receiving;
    receiving.go([&] {
      for (int i = 0; i != n; ++i) {
        gosched();
        ones += c.recv();
      }
    });
    for (int i = 0; i != n; ++i) select(send(c, 1), send(c, 0));
    receiving.wait();
    EXPECT_GT(ones, n / 10);
    EXPECT_LT(ones, n - n / 10);
  }
}

WARREN_TEST(go_select, TestSelectDuplicateChannel) {
  const auto c = make_chan<int>();
  const auto d = make_chan<int>();
  const auto e = make_chan<int>();
  go([=] {
    select(recv(c), recv(c), recv(d));
    e.send(9);
  });
  pause();
  crew behind;
  behind.go([=] { EXPECT_EQ(c.recv(), 8); });
  pause();
  d.send(7);
  EXPECT_EQ(e.recv(), 9);
  c.send(8);
  behind.wait();
}

// --- test/chan

WARREN_TEST(go_select, doubleselect) {
  const int n = int(scaled(100'000));
  const std::array<chan<int>, 4> c{make_chan<int>(), make_chan<int>(), make_chan<int>(), make_chan<int>()};
  const auto merged = make_chan<int>();
  crew peers;
  peers.go([=] {
    for (int i = 0; i != n; ++i) select(send(c[0], i), send(c[1], i), send(c[2], i), send(c[3], i));
    for (const chan<int>& one : c) one.close();
  });
  peers.go([=] {
    crew muxes;
    for (const chan<int>& one : c) {
      muxes.go([=] {
        for (const int v : one) merged.send(v);
      });
    }
    muxes.wait();
    merged.close();
  });
  std::vector<bool> seen(std::size_t(n), false);
  int count = 0;
  for (const int v : merged) {
    EXPECT_FALSE(seen[std::size_t(v)]) << "duplicate value " << v;
    seen[std::size_t(v)] = true;
    ++count;
  }
  EXPECT_EQ(count, n) << "values were lost";
  peers.wait();
}

WARREN_TEST(go_select, select) {
  unsigned counter = 0;
  unsigned shift = 0;
  const auto value = [&] {
    ++counter;
    return 1u << shift;
  };
  const auto send_all = [&](chan<unsigned> a, chan<unsigned> b) {
    int sent = 0;
    for (;; ++shift) {
      switch (select(send(a, value()), send(b, value()), otherwise)) {
        case 0: ++sent, a = nil; break;
        case 1: ++sent, b = nil; break;
        case 2: return sent;
      }
    }
  };
  const auto a = make_chan<unsigned>(1);
  const auto b = make_chan<unsigned>(1);
  EXPECT_EQ(send_all(a, b), 2);
  const unsigned av = a.recv();
  EXPECT_EQ(av | b.recv(), 3u);
  EXPECT_EQ(send_all(a, nil), 1);
  EXPECT_EQ(counter, 10u);
}

WARREN_TEST(go_select, select2) {
  const std::int64_t n = scaled(100'000);
  const std::int64_t before = runtime::count_all().queued_waiters;
  const auto c = make_chan<int>();
  const auto dummy = make_chan<int>();
  crew sending;
  sending.go([&] {
    for (std::int64_t i = 0; i != n; ++i) c.send(1);
  });
  for (std::int64_t i = 0; i != n; ++i) EXPECT_EQ(select(recv(c), recv(dummy)), 0);
  sending.wait();
  EXPECT_EQ(runtime::count_all().queued_waiters, before) << "a waiter was left on the other channel";
}

// select3: what blocks, in a run of its own, since what blocks for ever is left over.

enum class expectation { blocks, returns };

void expect(expectation wanted, const char* what, void (*f)()) {
  const auto told = make_chan<expectation>(1);
  go([=] {
    f();
    told.send(expectation::returns);
  });
  expectation found = expectation::blocks;
  for (int tries = 0; tries != (wanted == expectation::returns ? 5000 : 5); ++tries) {
    if (told.try_recv(found) == recv_status::value) break;
    pause();
  }
  EXPECT_EQ(found, wanted) << what;
}

void select3() {
  using enum expectation;
  expect(blocks, "send to nil", [] { chan<int>().send(7); });
  expect(blocks, "receive from nil", [] { chan<int>().recv(); });
  expect(blocks, "loop over nil", [] { for ([[maybe_unused]] int v : chan<int>()) {} });
  expect(returns, "select of nil with otherwise", [] {
    EXPECT_EQ(select(send(chan<int>(), 7), otherwise), 1);
    EXPECT_EQ(select(recv(chan<int>()), otherwise), 1);
    EXPECT_EQ(select(otherwise), 0);
  });
  expect(returns, "send with room", [] { make_chan<int>(1).send(7); });
  expect(returns, "receive from closed", [] {
    const auto closed = make_chan<int>();
    closed.close();
    for (int i = 0; i != 10; ++i) {
      EXPECT_EQ(closed.recv(), 0);
      EXPECT_FALSE(closed.recv_ok().second);
    }
  });
  expect(blocks, "receive from one not ready", [] { make_chan<int>().recv(); });
  expect(blocks, "empty select", [] { select(); });
  expect(blocks, "empty select at run time", [] { select(std::vector<select_case>{}); });
  expect(blocks, "select of nil", [] { select(recv(chan<int>())); });
  expect(blocks, "select of sending to nil", [] { select(send(chan<int>(), 7)); });
  expect(blocks, "select of two nils", [] { select(recv(chan<int>()), send(chan<int>(), 7)); });
  expect(blocks, "select of nils at run time", [] { select(std::vector<select_case>(3)); });
  expect(blocks, "select of one not ready", [] { select(recv(make_chan<int>())); });
  expect(returns, "select of a send with room",
         [] { EXPECT_EQ(select(send(make_chan<int>(1), 7), otherwise), 0); });
  expect(returns, "select of a receive with a value", [] {
    const auto c = make_chan<int>(1);
    c.send(7);
    EXPECT_EQ(select(recv(c), otherwise), 0);
  });
  expect(returns, "select of closed", [] {
    const auto closed = make_chan<int>();
    closed.close();
    int v = 1;
    bool ok = true;
    select(recv(closed));
    select(recv(closed, v));
    select(recv(closed, v, ok));
    EXPECT_TRUE(v == 0 && !ok);
    EXPECT_THROW(closed.send(7), channel_error);
    EXPECT_THROW(select(send(closed, 7)), channel_error);
  });
  expect(blocks, "select that sees itself", [] {
    const auto c = make_chan<int>();
    select(send(c, 1), recv(c));
  });
}

TEST(go_select, select3) {
  const runtime::counters before = runtime::count_all();
  for (const int workers : {1, 2, 4}) run(run_options{.max_procs = workers}, select3);
  EXPECT_EQ(runtime::count_all().queued_waiters, before.queued_waiters)
      << "the end of a run takes waiters out";
}

WARREN_TEST(go_select, select4) {
  int calls = 0;
  int unused = 0;
  const auto target = [&]() -> int& {
    ++calls;
    return unused;
  };
  const auto c = make_chan<int>(1);
  const auto idle = make_chan<int>();
  int x = 0;
  c.send(42);
  EXPECT_EQ(select(recv(idle, [&](int v) { target() = v; }), recv(c, x)), 1);
  EXPECT_EQ(x, 42);
  EXPECT_EQ(calls, 0) << "where a value goes is asked only if the case is chosen";
}

// select5: every operand is evaluated once, whether its case is chosen or not.
WARREN_TEST(go_select, select5) {
  std::array<int, 6> calls{};
  const auto c = make_chan<int>(1);
  const auto idle = make_chan<int>();
  int v = 0;
  const auto channel = [&](std::size_t i, const chan<int>& ch) {
    ++calls[i];
    return ch;
  };
  const auto value = [&](std::size_t i) {
    ++calls[i];
    return 7;
  };
  for (int round = 0; round != 4; ++round) {
    select(recv(channel(0, idle), v), send(channel(1, c), value(2)), recv(channel(3, c), v),
           send(channel(4, chan<int>(nil)), value(5)));
  }
  for (const int n : calls) EXPECT_EQ(n, 4);
}

WARREN_TEST(go_select, select6) {
  const auto c1 = make_chan<bool>();
  const auto c2 = make_chan<bool>();
  const auto c3 = make_chan<bool>();
  crew peers;
  peers.go([=] { c1.recv(); });
  peers.go([=] {
    if (select(recv(c1), recv(c2)) == 1) c3.send(true);
    c1.recv();
  });
  pause();
  peers.go([=] { c2.send(true); });
  c3.recv();
  c1.send(true);
  c1.send(true);
  peers.wait();
}

WARREN_TEST(go_select, select7) {
  using receiver = void (*)(recv_chan<int>);
  using sender = void (*)(send_chan<int>);
  const std::array<receiver, 3> receivers{
      [](recv_chan<int> c) { c.recv(); },
      [](recv_chan<int> c) { select(recv(c)); },
      [](recv_chan<int> c) { select(recv(c), recv(make_chan<int>())); },
  };
  const std::array<sender, 3> senders{
      [](send_chan<int> c) { c.send(1); },
      [](send_chan<int> c) { select(send(c, 1)); },
      [](send_chan<int> c) { select(send(c, 1), send(make_chan<int>(), 1)); },
  };
  for (const receiver r : receivers) {
    for (const sender s : senders) {
      const auto c = make_chan<int>();
      crew receiving;
      receiving.go([=] { r(c); });
      gosched();
      s(c);
      receiving.wait();
    }
  }
}

WARREN_TEST(go_select, select8) {
  const auto c = make_chan<int>(1);
  int after = 0;
  for (int i = 0; i != 5; ++i) {
    c.send(i);
    int v = 0;
    switch (select(recv(c, v))) {
      case 0:
        if (v == 1) break;     // leaves the switch
        if (v == 2) continue;  // the next turn
        if (v == 4) goto done;
        ++after;
    }
    after += 10;
  }
done:
  EXPECT_EQ(after, 32);
}

// sieve2: the primes are the odd numbers that are not among the merged multiples of the primes before them. Its goroutines
// never end, so it has runs of its own.

recv_chan<int> count_from(int first, int step, int room) {
  const auto out = make_chan<int>(room);
  go([=] {
    for (int n = first;; n += step) out.send(n);
  });
  return out;
}

/// The composites among the odd numbers, in order. A prime is asked for when its square is next.
recv_chan<int> composites_of(recv_chan<int> primes) {
  struct multiples {
    int next;
    recv_chan<int> rest;
    bool operator>(const multiples& other) const { return next > other.next; }
  };
  const auto out = make_chan<int>(50);
  go([=] {
    std::priority_queue<multiples, std::vector<multiples>, std::greater<>> merged;
    for (int last = 0;;) {
      const int p = primes.recv();
      merged.push({p * p, count_from(p * p + 2 * p, 2 * p, 10)});
      while (merged.top().next <= p * p) {
        multiples m = merged.top();
        merged.pop();
        if (m.next != last) out.send(last = m.next);
        m.next = m.rest.recv();
        merged.push(m);
      }
    }
  });
  return out;
}

/// Takes whatever comes, however slowly it is taken on: primes are found long before their squares are reached. What it holds
/// belongs to the caller, who outlives the goroutine's run.
send_chan<int> unbounded(send_chan<int> to, std::deque<int>& held) {
  const auto in = make_chan<int>(10);
  go([=, &held] {
    for (int v = 0;;) {
      const bool none = held.empty();
      if (select(recv(in, v), send(none ? send_chan<int>(nil) : to, none ? 0 : held.front())) == 0) {
        held.push_back(v);
      } else {
        held.pop_front();
      }
    }
  });
  return in;
}

void merging_sieve(std::deque<int>& held) {
  const auto primes = make_chan<int>();
  const auto found = make_chan<int>(10);
  found.send(3);
  go([=, &held] {
    const auto composites = composites_of(found);
    const auto known = unbounded(found, held);
    const auto candidates = count_from(5, 2, 50);
    for (int p = candidates.recv();;) {
      const int c = composites.recv();
      for (; p < c; p = candidates.recv()) {
        known.send(p);
        primes.send(p);
      }
      if (p == c) p = candidates.recv();
    }
  });
  for (const int p : {5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97}) {
    EXPECT_EQ(primes.recv(), p);
  }
}

TEST(go_select, sieve2) {
  for (const int workers : {1, 2, 4}) {
    std::deque<int> held;
    run(run_options{.max_procs = workers}, [&] { merging_sieve(held); });
  }
}

// --- test/chanlinear.go: who waits among many leaves its queue at a constant cost.

void wake_each(int n) {
  constexpr int messages = 10;
  const auto shared = make_chan<bool>();
  std::vector<chan<bool>> own;
  crew waiting;
  for (int i = 0; i != n; ++i) {
    own.push_back(make_chan<bool>());
    waiting.go([=, d = own.back()] {
      for (int k = 0; k != messages; ++k) select(recv(shared), recv(d));
    });
  }
  for (int k = 0; k != messages; ++k) {
    for (const chan<bool>& d : own) d.send(true);
  }
  waiting.wait();
}

WARREN_TEST(go_select, chanlinear) {
  const auto time_of = [](int n) {
    const std::int64_t start = runtime::now_ns();
    wake_each(n);
    return runtime::now_ns() - start;
  };
  int fails = 0;
  for (int n = 1000 / (scale() > 1 ? 10 : 1);;) {
    const std::int64_t t1 = time_of(n);
    const std::int64_t t2 = time_of(2 * n);
    if (t2 < 3 * t1) return;
    if (t1 < 200'000'000 && scale() == 1) {
      n *= 2;
      continue;
    }
    ASSERT_LT(++fails, 5) << n << " channels: " << t1 << " ns, twice as many: " << t2 << " ns";
  }
}

// --- test/fixedbugs

WARREN_TEST(go_select, issue8347) {
  const auto c = make_chan<bool>(1);
  bool v = false;
  bool ok = true;
  for (int i = 0; i != 12; ++i) {
    const int chosen = select(recv(c, v, ok), otherwise);
    EXPECT_TRUE(i >= 11 || (chosen == 1 && ok)) << i;
    if (i == 10) c.close();
  }
  EXPECT_FALSE(ok);
}

WARREN_TEST(go_select, issue4313) {
  const auto c = make_chan<int>(1);
  int x = 0;
  auto first = send(c, x);
  x = 42;
  EXPECT_EQ(select(std::move(first), recv(make_chan<bool>())), 0);
  EXPECT_EQ(c.recv(), 0) << "the value is taken when the case is made";
}

// A channel is taken when the case is made: that its variable changes afterwards means nothing.
WARREN_TEST(go_select, issue43111) {
  chan<int> ch = make_chan<int>(1);
  const chan<int> same = ch;
  int v = -1;
  bool ok = true;
  auto receives = recv(ch, v, ok);
  ch.close();
  ch = nil;
  EXPECT_EQ(select(std::move(receives), send(chan<int>(nil), 0)), 0);
  EXPECT_EQ(v, 0);
  EXPECT_FALSE(ok);
  const auto c1 = make_chan<int>(1);
  ch = c1;
  int x = 42;
  auto sends = send(ch, x);
  ch = nil;
  x = 0;
  EXPECT_EQ(select(std::move(sends), send(chan<int>(nil), 0)), 0);
  EXPECT_EQ(c1.recv(), 42);
}

WARREN_TEST(go_select, issue9110) {
  const std::int64_t before = runtime::count_all().queued_waiters;
  for (int round = 0; round != 20; ++round) {
    const auto c = make_chan<int>();
    crew waiting;
    for (int i = 0; i != 10; ++i) {
      waiting.go([=] { select(recv(c), recv(c), recv(c)); });
    }
    if (round % 2 == 0) pause();
    c.close();
    waiting.wait();
  }
  EXPECT_EQ(runtime::count_all().queued_waiters, before);
}

WARREN_TEST(go_select, issue16870) {
  const auto c = make_chan<int>(1);
  const auto idle = make_chan<int>();
  int i = 0;
  bool ok = false;
  const auto check = [&](int chosen) {
    EXPECT_EQ(chosen, 0);
    EXPECT_EQ(i, 42);
    EXPECT_TRUE(ok);
    i = 0;
    ok = false;
  };
  c.send(42);
  ok = c >> i;
  check(0);
  c.send(42);
  check(select(recv(c, i, ok)));
  c.send(42);
  check(select(recv(c, i, ok), otherwise));
  c.send(42);
  check(select(recv(c, i, ok), recv(idle)));
  c.send(42);
  check(select(recv(c, [&](int v, bool open) { i = v, ok = open; }), recv(idle)));
  c.close();
  ok = true;
  EXPECT_EQ(select(recv(c, i, ok), recv(idle)), 0);
  EXPECT_EQ(i, 0);
  EXPECT_FALSE(ok);
}

}  // namespace
}  // namespace warren
