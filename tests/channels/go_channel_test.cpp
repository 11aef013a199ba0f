// SPDX-License-Identifier: MIT
// What Go's own tests ask of channels, by behaviour, under their names: runtime/chan_test.go, test/chan/*.go,
// test/closedchan.go, test/chancap.go, test/ken/chan*.go and test/fixedbugs (Go 1.27).
#include <warren/channels/channel.hpp>
#include <warren/channels/core.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/go.hpp>

#include <any>
#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
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

void chan_of(int capacity) {
  {
    const auto c = make_chan<int>(capacity);
    std::atomic<bool> received1{false};
    std::atomic<bool> received2{false};
    crew waiting;
    waiting.go([&] {
      c.recv();
      received1 = true;
    });
    waiting.go([&] {
      c.recv_ok();
      received2 = true;
    });
    pause();
    EXPECT_FALSE(received1 || received2) << "receive from empty channel";
    EXPECT_EQ(select(recv(c), otherwise), 1);
    EXPECT_EQ(select(recv(c, [](int, bool) {}), otherwise), 1);
    c.send(0);
    c.send(0);
    waiting.wait();
  }
  {
    const auto c = make_chan<int>(capacity);
    for (int i = 0; i != capacity; ++i) c.send(i);
    std::atomic<bool> sent{false};
    crew waiting;
    waiting.go([&] {
      c.send(0);
      sent = true;
    });
    pause();
    EXPECT_FALSE(sent) << "send to full channel";
    EXPECT_EQ(select(send(c, 0), otherwise), 1);
    c.recv();
    waiting.wait();
  }
  {
    const auto c = make_chan<int>(capacity);
    for (int i = 0; i != capacity; ++i) c.send(i);
    c.close();
    for (int i = 0; i != capacity; ++i) EXPECT_EQ(c.recv(), i);
    EXPECT_EQ(c.recv(), 0);
    EXPECT_EQ(c.recv_ok(), (std::pair<int, bool>(0, false)));
  }
  {
    const auto c = make_chan<int>(capacity);
    crew waiting;
    waiting.go([&] { EXPECT_EQ(c.recv_ok(), (std::pair<int, bool>(0, false))); });
    pause();
    c.close();
    waiting.wait();
  }
  {
    const auto c = make_chan<int>(capacity);
    crew sending;
    for (int round = 0; round != 2; ++round) {
      sending.go([&] {
        for (int i = 0; i != 100; ++i) c.send(i);
      });
      for (int i = 0; i != 100; ++i) {
        EXPECT_EQ(round == 0 ? c.recv_ok() : std::pair(c.recv(), true), (std::pair<int, bool>(i, true)));
      }
      sending.wait();
    }
    constexpr int procs = 4;
    const int n = int(scaled(1000));
    const auto done = make_chan<std::map<int, int>>();
    for (int p = 0; p != procs; ++p) {
      sending.go([&] {
        for (int i = 0; i != n; ++i) c.send(i);
      });
      sending.go([&] {
        std::map<int, int> seen;
        for (int i = 0; i != n; ++i) ++seen[c.recv()];
        done.send(std::move(seen));
      });
    }
    std::map<int, int> all;
    for (int p = 0; p != procs; ++p) {
      for (const auto& [v, times] : done.recv()) all[v] += times;
    }
    sending.wait();
    EXPECT_EQ(all.size(), std::size_t(n));
    for (const auto& [v, times] : all) EXPECT_EQ(times, procs) << v;
  }
  {
    const auto c = make_chan<int>(capacity);
    EXPECT_EQ(c.len(), 0u);
    EXPECT_EQ(c.cap(), std::size_t(capacity));
    for (int i = 0; i != capacity; ++i) c.send(i);
    EXPECT_EQ(c.len(), std::size_t(capacity));
    EXPECT_EQ(c.cap(), std::size_t(capacity));
  }
}

WARREN_TEST(go_channel, TestChan) {
  const int n = scale() == 1 ? 200 : 20;
  for (int capacity = 0; capacity < n; capacity += scale() == 1 ? 1 : 7) chan_of(capacity);
}

WARREN_TEST(go_channel, TestNonblockRecvRace) {
  for (std::int64_t i = scaled(10'000); i > 0; --i) {
    const auto c = make_chan<int>(1);
    c.send(1);
    crew racing;
    racing.go([&] { EXPECT_EQ(select(recv(c), otherwise), 0) << "the channel is not ready"; });
    c.close();
    c.recv();
    racing.wait();
  }
}

bool somebody_receives(const chan<int>& c) {
  channels::core* ch = c.untyped().get();
  const runtime::spin_guard guard(ch->lock);
  return ch->awaited();
}

// The same for the other direction: a receiver waits, then the channel is closed, and there is nothing
// between.
WARREN_TEST(go_channel, nonblock_send_race) {
  for (std::int64_t i = scaled(10'000); i > 0; --i) {
    const auto c = make_chan<int>();
    crew racing;
    racing.go([&] { c.recv(); });
    while (!somebody_receives(c)) gosched();
    racing.go([&] {
      try {
        EXPECT_TRUE(c.try_send(1)) << "the channel is neither ready nor closed";
      } catch (const channel_error&) {
      }
    });
    if (i % 2 == 0) gosched();
    c.close();
    racing.wait();
  }
}

WARREN_TEST(go_channel, TestChanSendInterface) {
  struct empty {};
  const auto c = make_chan<std::any>(1);
  const empty m;
  c.send(m);
  EXPECT_EQ(select(send(c, m), otherwise), 1);
  EXPECT_EQ(select(send(c, m), send(c, empty{}), otherwise), 2);
}

WARREN_TEST(go_channel, TestMultiConsumer) {
  constexpr int workers = 23;
  const int items = int(scaled(271'828));
  constexpr std::array<int, 10> primes{2, 3, 7, 11, 13, 17, 19, 23, 27, 31};
  const auto q = make_chan<int>(workers * 3);
  const auto r = make_chan<int>(workers * 3);
  crew closing;
  std::int64_t expected = 0;
  closing.go([&] {
    crew working;
    for (std::size_t w = 0; w != workers; ++w) {
      working.go([&, w] {
        for (const int v : q) {
          if (primes[w % primes.size()] == v) gosched();
          r.send(v);
        }
      });
    }
    for (int i = 0; i != items; ++i) {
      const int v = primes[std::size_t(i) % primes.size()];
      expected += v;
      q.send(v);
    }
    q.close();
    working.wait();
    r.close();
  });
  int n = 0;
  std::int64_t sum = 0;
  for (const int v : r) {
    ++n;
    sum += v;
  }
  closing.wait();
  EXPECT_EQ(n, items);
  EXPECT_EQ(sum, expected);
}

// --- test/chan

WARREN_TEST(go_channel, fifo) {
  constexpr int n = 10;
  const auto buffered = make_chan<int>(n);
  for (int i = 0; i != n; ++i) buffered.send(i);
  for (int i = 0; i != n; ++i) EXPECT_EQ(buffered.recv(), i);

  const auto ch = make_chan<int>();
  chan<int> in = make_chan<int>();
  const chan<int> start = in;
  for (int i = 0; i != n; ++i) {
    const chan<int> out = make_chan<int>();
    go([=](recv_chan<int> values, recv_chan<int> before, send_chan<int> after) {
      before.recv();
      EXPECT_EQ(values.recv(), i);
      after.send(1);
    }, ch, in, out);
    in = out;
  }
  start.send(0);
  for (int i = 0; i != n; ++i) ch.send(i);
  in.recv();
}

WARREN_TEST(go_channel, goroutines) {
  const std::int64_t n = scaled(10'000);
  chan<int> left = make_chan<int>();
  const chan<int> leftmost = left;
  for (std::int64_t i = 0; i != n; ++i) {
    const chan<int> right = make_chan<int>();
    go([](send_chan<int> to, recv_chan<int> from) { to.send(from.recv()); }, left, right);
    left = right;
  }
  go([=] { left.send(1); });
  EXPECT_EQ(leftmost.recv(), 1);
}

template <class T>
void nonblock_of(int buffer, const T& there, const T& back) {
  const auto c = make_chan<T>(buffer);
  const auto strobe = make_chan<void>();
  EXPECT_EQ(select(recv(c), otherwise), 1) << "blocked sender";
  crew peers;
  peers.go([&] {
    EXPECT_EQ(c.recv(), there);
    strobe.send();
  });
  int tries = 0;
  while (select(send(c, there), otherwise) == 1) {
    ASSERT_LT(++tries, 10'000);
    gosched();
    if (tries % 64 == 0) pause();
  }
  strobe.recv();
  peers.go([&] {
    c.send(back);
    strobe.send();
  });
  if (buffer > 0) strobe.recv();
  T v{};
  for (tries = 0; select(recv(c, v), otherwise) == 1;) {
    ASSERT_LT(++tries, 10'000);
    gosched();
    if (tries % 64 == 0) pause();
  }
  EXPECT_EQ(v, back);
  if (buffer == 0) strobe.recv();
  peers.wait();
}

WARREN_TEST(go_channel, nonblock) {
  for (int buffer = 0; buffer != 2; ++buffer) {
    nonblock_of<std::int32_t>(buffer, 123, 234);
    nonblock_of<std::int64_t>(buffer, 123456, 234567);
    nonblock_of<bool>(buffer, true, true);
    nonblock_of<std::string>(buffer, "hello", "hello again");
  }
}

WARREN_TEST(go_channel, sendstmt) {
  const auto cc = make_chan<chan<int>>(1);
  const auto c = make_chan<int>(1);
  cc.send(c);
  EXPECT_EQ(select(send(cc.recv(), 2), otherwise), 0);
  EXPECT_EQ(c.recv(), 2);
  const auto b = make_chan<bool>(1);
  b << (false || true);
  EXPECT_TRUE(b.recv());
}

void sieve(int capacity) {
  const auto primes = make_chan<int>(capacity);
  const auto stop = make_chan<void>();
  const auto generate = [=](send_chan<int> ch) {
    for (int i = 2; select(send(ch, i), recv(stop)) == 0; ++i) {
    }
    ch.close();
  };
  const auto filter = [](recv_chan<int> in, send_chan<int> out, int prime, recv_chan<void> stopped) {
    for (const int i : in) {
      if (i % prime != 0 && select(send(out, i), recv(stopped)) == 1) break;
    }
    out.close();
  };
  go([=] {
    auto ch = make_chan<int>(capacity);
    go(generate, ch);
    for (;;) {
      int prime = 0;
      if (select(recv(ch, prime), recv(stop)) == 1) break;
      if (select(send(primes, prime), recv(stop)) == 1) break;
      const auto next = make_chan<int>(capacity);
      go(filter, ch, next, prime, stop);
      ch = next;
    }
  });
  constexpr std::array<int, 25> first{2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                                      43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
  for (const int p : first) EXPECT_EQ(primes.recv(), p);
  stop.close();
}

WARREN_TEST(go_channel, sieve1) {
  for (const int capacity : {0, 1, 50}) sieve(capacity);
}

WARREN_TEST(go_channel, zerosize) {
  struct nothing_at_all {};
  const auto buffered = make_chan<nothing_at_all>(2);
  const auto plain = make_chan<nothing_at_all>();
  buffered.send({});
  buffered.send({});
  EXPECT_FALSE(buffered.try_send({}));
  crew receiving;
  receiving.go([=] { plain.recv(); });
  plain.send({});
  receiving.wait();
  EXPECT_EQ(buffered.len(), 2u);
  EXPECT_TRUE(buffered.recv_ok().second);
}

// --- test/closedchan.go: three ways to do each operation

struct channel_ops {
  const char* name;
  std::function<void(const chan<int>&, int)> send;
  std::function<bool(const chan<int>&, int)> nbsend;
  std::function<std::pair<int, bool>(const chan<int>&)> recv2;
  std::function<recv_status(const chan<int>&, int&)> nbrecv;
};

const chan<int> dummy = nil;

const std::array<channel_ops, 3> all_ops{{
    {"operations", [](const chan<int>& c, int x) { c.send(x); },
     [](const chan<int>& c, int x) { return c.try_send(x); }, [](const chan<int>& c) { return c.recv_ok(); },
     [](const chan<int>& c, int& x) { return c.try_recv(x); }},
    {"select of one case", [](const chan<int>& c, int x) { select(send(c, x)); },
     [](const chan<int>& c, int x) { return select(otherwise, send(c, x)) == 1; },
     [](const chan<int>& c) {
       std::pair<int, bool> got;
       select(recv(c, got.first, got.second));
       return got;
     },
     [](const chan<int>& c, int& x) {
       bool ok = false;
       if (select(recv(c, x, ok), otherwise) == 1) return recv_status::empty;
       return ok ? recv_status::value : recv_status::closed;
     }},
    {"select of two cases", [](const chan<int>& c, int x) { select(send(c, x), recv(dummy)); },
     [](const chan<int>& c, int x) { return select(otherwise, recv(dummy), send(c, x)) == 2; },
     [](const chan<int>& c) {
       std::pair<int, bool> got;
       select(recv(dummy), recv(c, got.first, got.second));
       return got;
     },
     [](const chan<int>& c, int& x) {
       bool ok = false;
       if (select(recv(dummy), recv(c, x, ok), otherwise) == 2) return recv_status::empty;
       return ok ? recv_status::value : recv_status::closed;
     }},
}};

void check_closed(const channel_ops& ops, const chan<int>& c) {
  for (int i = 0; i != 3; ++i) {
    EXPECT_EQ(ops.recv2(c), (std::pair<int, bool>(0, false))) << ops.name;
    int x = 0;
    EXPECT_EQ(ops.nbrecv(c, x), recv_status::closed) << ops.name;
    EXPECT_EQ(x, 0);
  }
  EXPECT_THROW(ops.nbsend(c, 1), channel_error) << ops.name;
  EXPECT_EQ(c.recv(), 0) << "the value was not taken";
  EXPECT_THROW(ops.send(c, 2), channel_error) << ops.name;
  EXPECT_EQ(c.recv(), 0);
}

WARREN_TEST(go_channel, closedchan) {
  for (const channel_ops& ops : all_ops) {
    const auto sync = make_chan<int>();
    sync.close();
    check_closed(ops, sync);
    for (int way = 0; way != 2; ++way) {
      const auto async = make_chan<int>(2);
      ops.send(async, 1);
      async.close();
      int x = 0;
      if (way == 0) {
        EXPECT_EQ(ops.recv2(async), (std::pair<int, bool>(1, true))) << ops.name;
      } else {
        EXPECT_EQ(ops.nbrecv(async, x), recv_status::value) << ops.name;
        EXPECT_EQ(x, 1);
      }
      check_closed(ops, async);
    }
  }
  EXPECT_THROW(chan<int>().close(), channel_error);
  const auto c = make_chan<int>();
  c.close();
  EXPECT_THROW(c.close(), channel_error);
}

WARREN_TEST(go_channel, chancap) {
  const auto c = make_chan<int>(10);
  EXPECT_EQ(c.len(), 0u);
  EXPECT_EQ(c.cap(), 10u);
  for (int i = 0; i != 3; ++i) c.send(i);
  EXPECT_EQ(c.len(), 3u);
  EXPECT_EQ(c.cap(), 10u);
  EXPECT_EQ(make_chan<int>().cap(), 0u);
  for (const std::int64_t n : {std::int64_t{-1}, std::int64_t{1} << 59, INT64_MAX}) {
    try {
      make_chan<std::int64_t>(n);
      ADD_FAILURE() << "made a channel of " << n;
    } catch (const channel_error& e) {
      EXPECT_STREQ(e.what(), "makechan: size out of range");
    }
  }
}

// --- test/ken

WARREN_TEST(go_channel, ken_chan1) {
  constexpr int messages = 1000;
  constexpr int receivers = 10;
  const auto c = make_chan<int>(2);
  std::array<std::atomic<int>, messages> marks{};
  crew receiving;
  for (int m = 0; m != receivers; ++m) {
    receiving.go([&] {
      for (int r = 0; select(recv(c, [&](int v, bool ok) { r = ok ? v : -1; })) == 0 && r >= 0;) {
        EXPECT_EQ(marks[std::size_t(r)].exchange(2), 1);
      }
    });
    gosched();
  }
  for (int n = 0; n != messages; ++n) {
    EXPECT_EQ(marks[std::size_t(n)].exchange(1), 0);
    c.send(n);
  }
  c.close();
  receiving.wait();
  for (const auto& m : marks) EXPECT_EQ(m, 2);
}

/// One channel of test/ken/chan.go, its ends counted apart: 76 values in sequence.
struct sequence {
  chan<int> in;
  chan<int> out;
  int next_in = 0;
  int next_out = 0;
};

class ken_chan {
 public:
  void run(int capacity) {
    const auto go_send = [&](sequence& s) { peers_.go([&] { send_all(s); }); };
    const auto go_recv = [&](sequence& s) { peers_.go([&] { recv_all(s); }); };
    const auto go_select = [&](std::array<sequence*, 4> r, std::array<sequence*, 4> s) {
      peers_.go([=, this] { select_all(r, s); });
    };
    const auto four = [&](std::vector<sequence>& all, std::size_t from) {
      return std::array<sequence*, 4>{&all[from], &all[from + 1], &all[from + 2], &all[from + 3]};
    };
    sequence none;
    const std::array<sequence*, 4> nobody{&none, &none, &none, &none};

    auto a = sequences(capacity, 4);
    for (sequence& s : a) go_send(s);
    for (sequence& s : a) go_recv(s);
    peers_.wait();
    a = sequences(capacity, 4);
    for (sequence& s : a) go_send(s);
    go_select(four(a, 0), nobody);
    peers_.wait();
    a = sequences(capacity, 4);
    for (sequence& s : a) go_recv(s);
    go_select(nobody, four(a, 0));
    peers_.wait();
    a = sequences(capacity, 4);
    go_select(nobody, four(a, 0));
    go_select(four(a, 0), nobody);
    peers_.wait();
    a = sequences(capacity, 8);
    go_select(four(a, 4), four(a, 0));
    go_select(four(a, 0), four(a, 4));
    peers_.wait();
    a = sequences(capacity, 12);
    for (std::size_t i = 4; i != 8; ++i) go_send(a[i]);
    for (std::size_t i = 8; i != 12; ++i) go_recv(a[i]);
    go_select(four(a, 4), four(a, 0));
    go_select(four(a, 0), four(a, 8));
    peers_.wait();
  }

  int sent() const { return sent_; }
  int received() const { return received_; }

 private:
  static constexpr int values = 76;

  static std::vector<sequence> sequences(int capacity, std::size_t n) {
    std::vector<sequence> all(n);
    for (sequence& s : all) s.in = s.out = make_chan<int>(capacity);
    return all;
  }

  bool was_sent(sequence& s) {
    ++sent_;
    if (++s.next_in < values) return false;
    s.in = nil;
    return true;
  }

  bool was_received(sequence& s, int v) {
    ++received_;
    EXPECT_EQ(v, s.next_out);
    if (++s.next_out < values) return false;
    s.out = nil;
    return true;
  }

  void yield_a_little() {
    for (unsigned n = (random_ += 10'007) % 10; n > 0; --n) gosched();
  }

  void send_all(sequence& s) {
    do {
      yield_a_little();
      s.in.send(s.next_in);
    } while (!was_sent(s));
  }

  void recv_all(sequence& s) {
    do yield_a_little();
    while (!was_received(s, s.out.recv()));
  }

  void select_all(std::array<sequence*, 4> r, std::array<sequence*, 4> s) {
    int open = 0;
    for (sequence* one : r) open += one->out != nil ? 1 : 0;
    for (sequence* one : s) open += one->in != nil ? 1 : 0;
    while (open > 0) {
      yield_a_little();
      int v = -1;
      const int i = select(recv(r[0]->out, v), recv(r[1]->out, v), recv(r[2]->out, v), recv(r[3]->out, v),
                           send(s[0]->in, s[0]->next_in), send(s[1]->in, s[1]->next_in),
                           send(s[2]->in, s[2]->next_in), send(s[3]->in, s[3]->next_in));
      const bool ended = i < 4 ? was_received(*r[std::size_t(i)], v) : was_sent(*s[std::size_t(i - 4)]);
      open -= ended ? 1 : 0;
    }
  }

  crew peers_;
  std::atomic<unsigned> random_{0};
  std::atomic<int> sent_{0};
  std::atomic<int> received_{0};
};

WARREN_TEST(go_channel, ken_chan) {
  for (const int capacity : {0, 1, 10, 100}) {
    ken_chan all;
    all.run(capacity);
    EXPECT_EQ(all.sent(), (4 * 4 + 8 + 12) * 76);
    EXPECT_EQ(all.received(), all.sent());
  }
}

// --- test/fixedbugs

WARREN_TEST(go_channel, bug067) {
  const auto c = make_chan<int>();
  go([=] { c.send(0); });
  c.recv();
}

WARREN_TEST(go_channel, bug147) {
  std::atomic<int> count{0};
  const auto c = make_chan<char>();
  go([=, &count] {
    c.recv();
    ++count;
    pause();
    ++count;
    c.recv();
  });
  c.send(1);
  c.send(2);
  EXPECT_EQ(count, 2) << "a synchronous send did not wait";
}

WARREN_TEST(go_channel, bug225) {
  const auto c = make_chan<bool>(1);
  EXPECT_EQ(select(recv(c), otherwise), 1);
  c.send(true);
  EXPECT_EQ(select(recv(c), otherwise), 0);
}

WARREN_TEST(go_channel, bug234) {
  const auto c = make_chan<int>(1);
  c.send(100);
  EXPECT_EQ(c.recv_ok(), (std::pair<int, bool>(100, true)));
  c.close();
  EXPECT_EQ(c.recv_ok(), (std::pair<int, bool>(0, false)));
}

WARREN_TEST(go_channel, issue8011) {
  const auto c = make_chan<chan<int>>(1);
  const auto d = make_chan<int>(1);
  c.send(d);
  d.send(5);
  EXPECT_EQ(c.recv().recv(), 5);
}

WARREN_TEST(go_channel, issue67190) {
  const auto c = make_chan<void>();
  const recv_chan<void> out = c;
  EXPECT_TRUE(c == out);
  EXPECT_TRUE(out == c);
  EXPECT_FALSE(make_chan<void>() == out);
}

/// Uses a good part of a stack.
[[gnu::noinline]] char use_stack(int depth) {
  volatile char frame[1024] = {};
  if (depth > 0) frame[3] = use_stack(depth - 1);
  return frame[3];
}

WARREN_TEST(go_channel, issue13169) {
  struct three {
    int a = 1, b = 2, c = 3;
  };
  const std::int64_t n = scaled(100'000) / 5 + 1;
  const auto c = make_chan<std::unique_ptr<three>>();
  crew peers;
  for (int i = 0; i != 10; ++i) {
    peers.go([=] {
      for (std::int64_t k = 0; k != n; ++k) c.send(std::make_unique<three>());
    });
    peers.go([=] {
      for (std::int64_t k = 0; k != n; ++k) {
        const auto p = c.recv();
        EXPECT_EQ(p->a + p->b + p->c, 6);
        use_stack(32);
      }
    });
  }
  peers.wait();
}

}  // namespace
}  // namespace warren
