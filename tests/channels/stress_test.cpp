// SPDX-License-Identifier: MIT
// Many goroutines, few channels, everything at once. What is checked are sums: nothing is lost, nothing comes
// twice.
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using tests::crew;
using tests::scaled;

/// A sequence of numbers of its own for each goroutine.
class numbers {
 public:
  explicit numbers(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }

 private:
  std::minstd_rand engine_;
};

/// A value that owns memory, so that one lost is a leak and one that came twice is a use after free.
using parcel = std::unique_ptr<std::int64_t>;

void send_some_way(numbers& random, const chan<parcel>& c, const chan<parcel>& d, parcel p) {
  switch (random.below(4)) {
    case 0: c.send(std::move(p)); return;
    case 1: select(send(c, std::move(p)), send(d, std::move(p))); return;
    case 2: select(send(c, std::move(p)), recv(chan<int>(nil)), send(c, std::move(p))); return;
    case 3:
      while (!c.try_send(std::move(p))) {
        if (select(send(d, std::move(p)), otherwise) == 0) return;
        gosched();
      }
  }
}

/// Returns whether a value came; false: both are closed and drained, as far as could be seen.
bool receive_some_way(numbers& random, chan<parcel>& c, chan<parcel>& d, std::int64_t& sum) {
  const auto add = [&](parcel p, bool ok) { ok ? void(sum += *p) : void(c = nil); };
  const auto add_second = [&](parcel p, bool ok) { ok ? void(sum += *p) : void(d = nil); };
  if (c == nil && d == nil) return false;
  switch (random.below(3)) {
    case 0: select(recv(c, add), recv(d, add_second)); break;
    case 1: select(recv(d, add_second), recv(c, add), recv(c, add)); break;
    case 2:
      if (select(recv(c, add), recv(d, add_second), otherwise) == 2) gosched();
      break;
  }
  return true;
}

void many_to_many(int capacity1, int capacity2) {
  const int peers = int(scaled(40)) + 2;
  const std::int64_t each = scaled(1000);
  const auto c = make_chan<parcel>(capacity1);
  const auto d = make_chan<parcel>(capacity2);
  std::atomic<std::int64_t> sent{0};
  std::atomic<std::int64_t> received{0};
  crew receiving;
  crew sending;
  for (int i = 0; i != peers; ++i) {
    receiving.go([&, i] {
      numbers random(unsigned(i) + 1000);
      chan<parcel> mine = c;
      chan<parcel> other = d;
      std::int64_t sum = 0;
      while (receive_some_way(random, mine, other, sum)) {
      }
      received += sum;
    });
    sending.go([&, i] {
      numbers random(unsigned(i) + 1);
      std::int64_t sum = 0;
      for (std::int64_t k = 0; k != each; ++k) {
        const auto v = std::int64_t(random.below(1'000'000));
        sum += v;
        const bool swapped = random.below(2) == 0;
        send_some_way(random, swapped ? d : c, swapped ? c : d, std::make_unique<std::int64_t>(v));
      }
      sent += sum;
    });
  }
  sending.wait();
  c.close();
  d.close();
  receiving.wait();
  EXPECT_EQ(sent, received);
}

WARREN_TEST(stress, many_to_many) {
  many_to_many(0, 0);
  many_to_many(0, 3);
  many_to_many(1, 64);
}

// Tokens wander between places; each is somewhere, once. There are as many hands as tokens, and less room
// than hands: so a full hand or an empty one can always go on, and most of them wait most of the time.
WARREN_TEST(stress, tokens_wander) {
  constexpr int tokens = 40;
  std::array<chan<int>, 5> place;
  for (std::size_t i = 0; i != place.size(); ++i) place[i] = make_chan<int>(std::ptrdiff_t(i));
  const auto stop = make_chan<void>();
  const auto home = make_chan<int>(tokens);
  std::atomic<std::int64_t> left{scaled(100'000)};
  crew hands;
  for (int t = 0; t != tokens; ++t) {
    hands.go([&, t] {
      numbers random(unsigned(t) + 7);
      int token = t;
      for (;;) {
        const std::size_t first = random.below(place.size());
        const auto at = [&](std::size_t i) -> const chan<int>& { return place[(first + i) % place.size()]; };
        const bool sends = token >= 0;
        const int chosen = sends ? select(send(at(0), token), send(at(1), token), recv(stop),
                                          send(at(2), token), send(at(3), token), send(at(4), token))
                                 : select(recv(at(0), token), recv(at(1), token), recv(stop),
                                          recv(at(2), token), recv(at(3), token), recv(at(4), token));
        if (chosen == 2) break;
        if (sends) token = -1;
        if (--left == 0) stop.close();
      }
      if (token >= 0) home.send(token);
    });
  }
  hands.wait();
  std::vector<int> seen(tokens, 0);
  int v = 0;
  while (home.try_recv(v) == recv_status::value) ++seen[std::size_t(v)];
  for (const chan<int>& c : place) {
    while (c.try_recv(v) == recv_status::value) ++seen[std::size_t(v)];
  }
  for (const int n : seen) EXPECT_EQ(n, 1);
}

// Channels are closed under those who send and receive. What was sent without an error was received or is
// buffered.
WARREN_TEST(stress, closed_at_any_time) {
  for (std::int64_t round = scaled(300); round > 0; --round) {
    const auto c = make_chan<std::shared_ptr<int>>(round % 3);
    const auto d = make_chan<std::shared_ptr<int>>();
    std::atomic<std::int64_t> sent{0};
    std::atomic<std::int64_t> received{0};
    std::atomic<std::int64_t> thrown{0};
    crew peers;
    for (int i = 0; i != 6; ++i) {
      peers.go([&, i] {
        try {
          for (int k = 0; k != 50; ++k) {
            auto v = std::make_shared<int>(k);
            if (i % 3 == 0) {
              c.send(std::move(v));
            } else if (i % 3 == 1) {
              select(send(c, std::move(v)), send(d, v));
            } else if (!c.try_send(std::move(v))) {
              gosched();
              continue;
            }
            ++sent;
          }
        } catch (const channel_error&) {
          ++thrown;
        }
      });
      peers.go([&, i] {
        bool open = true;
        while (open) {
          std::shared_ptr<int> v;
          if (i % 3 == 0) {
            open = c >> v;
          } else if (i % 3 == 1) {
            select(recv(c, v, open), recv(d, v, open));
          } else {
            select(recv(d, v, open), recv(d, v, open));
          }
          if (open) received += v != nullptr ? 1 : 0;
        }
      });
    }
    for (std::int64_t k = round % 50; k > 0; --k) gosched();
    c.close();
    gosched();
    d.close();
    peers.wait();
    EXPECT_FALSE(d.recv_opt().has_value());
    while (c.recv_opt().has_value()) ++received;
    EXPECT_EQ(sent, received);
  }
}

// Goroutines and threads that are no workers meet at the same channels.
WARREN_TEST(stress, what_was_sent_before_a_close_is_received_before_it) {
  for (std::int64_t i = scaled(2000); i > 0; --i) {
    const auto c = make_chan<int>(1);
    std::atomic<int> there{0};
    const auto wait_for_the_other = [&] {
      there.fetch_add(1);
      while (there < 2) gosched();
    };
    std::thread sender([&] {
      wait_for_the_other();
      c.send(1);
      c.close();
    });
    wait_for_the_other();
    EXPECT_TRUE(c.recv_ok().second);
    blocking([&] { sender.join(); });
  }
}

WARREN_TEST(stress, threads_among_goroutines) {
  const std::int64_t each = scaled(2000);
  const auto c = make_chan<std::int64_t>(2);
  const auto d = make_chan<std::int64_t>();
  std::atomic<std::int64_t> received{0};
  const auto produce = [=] {
    for (std::int64_t i = 1; i <= each; ++i) select(send(c, i), send(d, i));
  };
  const auto consume = [=, &received] {
    chan<std::int64_t> left = c;
    chan<std::int64_t> right = d;
    std::int64_t sum = 0;
    while (left != nil || right != nil) {
      std::int64_t v = 0;
      bool ok = false;
      const int i = select(recv(left, v, ok), recv(right, v, ok));
      sum += v;
      if (!ok) (i == 0 ? left : right) = nil;
    }
    received += sum;
  };
  crew producing;
  crew consuming;
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  for (int i = 0; i != 3; ++i) {
    producing.go(produce);
    consuming.go(consume);
    producers.emplace_back(produce);
    consumers.emplace_back(consume);
  }
  producing.wait();
  for (std::thread& t : producers) t.join();
  c.close();
  d.close();
  consuming.wait();
  for (std::thread& t : consumers) t.join();
  EXPECT_EQ(received, 6 * each * (each + 1) / 2);
}

// Each fills its channel, then looks at the other's: one of them must find something.
template <class Look>
void both_look(Look look) {
  for (std::int64_t i = scaled(20'000); i > 0; --i) {
    const std::array<chan<int>, 2> c{make_chan<int>(1), make_chan<int>(1)};
    std::atomic<int> at_start{0};
    std::atomic<int> found{0};
    crew looking;
    for (std::size_t k = 0; k != 2; ++k) {
      looking.go([&, k] {
        ++at_start;
        for (int spins = 0; at_start != 2; ++spins) {
          if (spins > 100) gosched();
        }
        c[k].send(1);
        if (look(c[1 - k])) ++found;
      });
    }
    looking.wait();
    ASSERT_GT(found, 0);
  }
}

WARREN_TEST(stress, a_try_sees_what_came_before) {
  both_look([](const chan<int>& c) {
    int v = 0;
    return c.try_recv(v) == recv_status::value;
  });
}

WARREN_TEST(stress, a_select_sees_what_came_before) {
  both_look([](const chan<int>& c) { return select(recv(c), recv(make_chan<int>()), otherwise) == 0; });
}

}  // namespace
}  // namespace warren
