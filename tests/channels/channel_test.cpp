// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>

#include <warren/runtime/go.hpp>

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using tests::crew;
using tests::pause;
using tests::queue_watch;

template <class F>
std::string what_of(F f) {
  try {
    f();
  } catch (const channel_error& e) {
    return e.what();
  }
  return "nothing was thrown";
}

/// Counts its objects that are alive, and tells whether it was moved from.
struct tracked {
  static inline std::atomic<int> alive{0};

  tracked() : tracked(0) {}
  explicit tracked(int v) : value(v) { ++alive; }
  tracked(const tracked& other) : value(other.value) { ++alive; }
  tracked(tracked&& other) noexcept : value(std::exchange(other.value, -1)) { ++alive; }
  tracked& operator=(const tracked&) = default;
  tracked& operator=(tracked&& other) noexcept {
    value = std::exchange(other.value, -1);
    return *this;
  }
  ~tracked() { --alive; }

  int value;
};

/// Neither a default constructor nor an assignment.
struct bare {
  explicit bare(int v) : value(v) {}
  bare(bare&&) noexcept = default;
  const int value;
};

WARREN_TEST(channel, buffered_values_come_in_order) {
  const auto c = make_chan<int>(3);
  for (int round = 0; round != 5; ++round) {
    c.send(1);
    c << 2 << 3;
    EXPECT_EQ(c.len(), 3u);
    EXPECT_EQ(c.recv(), 1);
    c.send(4);
    EXPECT_EQ(c.recv(), 2);
    EXPECT_EQ(c.recv(), 3);
    EXPECT_EQ(c.recv(), 4);
    EXPECT_EQ(c.len(), 0u);
  }
  EXPECT_EQ(c.cap(), 3u);
}

WARREN_TEST(channel, each_form_of_receive) {
  const auto c = make_chan<int>(8);
  for (int i = 1; i <= 6; ++i) c.send(i);
  c.close();
  EXPECT_EQ(c.recv(), 1);
  auto [v, ok] = c.recv_ok();
  EXPECT_EQ(v, 2);
  EXPECT_TRUE(ok);
  EXPECT_TRUE(c >> v);
  EXPECT_EQ(v, 3);
  EXPECT_EQ(c.recv_opt(), std::optional<int>(4));
  EXPECT_EQ(c.try_recv(v), recv_status::value);
  EXPECT_EQ(v, 5);
  std::vector<int> rest;
  for (int i : c) rest.push_back(i);
  EXPECT_EQ(rest, std::vector<int>{6});

  EXPECT_EQ(c.recv(), 0);
  EXPECT_EQ(c.recv_ok(), (std::pair<int, bool>(0, false)));
  v = 7;
  EXPECT_FALSE(c >> v);
  EXPECT_EQ(v, 0);
  EXPECT_EQ(c.recv_opt(), std::nullopt);
  v = 7;
  EXPECT_EQ(c.try_recv(v), recv_status::closed);
  EXPECT_EQ(v, 7);
  for ([[maybe_unused]] int i : c) ADD_FAILURE() << "a closed channel gave a value";
}

WARREN_TEST(channel, misuse_throws_with_the_words_of_go) {
  const auto c = make_chan<int>(1);
  c.close();
  EXPECT_EQ(what_of([&] { c.send(1); }), "send on closed channel");
  EXPECT_EQ(what_of([&] { c.try_send(1); }), "send on closed channel");
  EXPECT_EQ(what_of([&] { c.close(); }), "close of closed channel");
  EXPECT_EQ(what_of([] { chan<int>().close(); }), "close of nil channel");
  EXPECT_EQ(what_of([] { make_chan<int>(-1); }), "makechan: size out of range");
  const chan<void> pulses = make_chan<void>();
  pulses.close();
  EXPECT_EQ(what_of([&] { pulses.send(); }), "send on closed channel");
  EXPECT_THROW(c.send(1), std::runtime_error);
}

WARREN_TEST(channel, a_close_reaches_all_that_wait) {
  const auto c = make_chan<int>();
  const auto full = make_chan<int>();
  std::atomic<int> zeros{0};
  std::atomic<int> throws{0};
  crew waiting;
  for (int i = 0; i != 10; ++i) {
    waiting.go([&, c] {
      const auto [v, ok] = c.recv_ok();
      if (v == 0 && !ok) ++zeros;
    });
    waiting.go([&, full] {
      if (what_of([&] { full.send(1); }) == "send on closed channel") ++throws;
    });
  }
  pause();
  c.close();
  full.close();
  waiting.wait();
  EXPECT_EQ(zeros, 10);
  EXPECT_EQ(throws, 10);
  EXPECT_EQ(full.recv_opt(), std::nullopt);
}

WARREN_TEST(channel, receivers_are_served_first_come_first_served) {
  for (const int capacity : {0, 3}) {
    const auto c = make_chan<int>(capacity);
    std::array<std::atomic<int>, 20> got{};
    crew waiting;
    const queue_watch watch;
    for (std::size_t i = 0; i != got.size(); ++i) {
      waiting.go([&, i] { got[i] = c.recv(); });
      watch.wait_for(std::int64_t(i) + 1);
    }
    for (int i = 0; i != int(got.size()); ++i) c.send(i);
    waiting.wait();
    for (std::size_t i = 0; i != got.size(); ++i) EXPECT_EQ(got[i], int(i));
  }
}

WARREN_TEST(channel, senders_are_served_first_come_first_served) {
  for (const int capacity : {0, 3}) {
    const auto c = make_chan<int>(capacity);
    for (int i = 0; i != capacity; ++i) c.send(i);
    crew waiting;
    const queue_watch watch;
    for (int i = 0; i != 20; ++i) {
      waiting.go([=] { c.send(capacity + i); });
      watch.wait_for(i + 1);
    }
    for (int i = 0; i != capacity + 20; ++i) EXPECT_EQ(c.recv(), i);
    waiting.wait();
  }
}

WARREN_TEST(channel, values_that_can_only_be_moved) {
  const auto c = make_chan<std::unique_ptr<int>>(1);
  auto first = std::make_unique<int>(1);
  auto second = std::make_unique<int>(2);
  EXPECT_TRUE(c.try_send(std::move(first)));
  EXPECT_EQ(first, nullptr);
  EXPECT_FALSE(c.try_send(std::move(second)));
  ASSERT_NE(second, nullptr) << "a try that fails leaves the value alone";
  EXPECT_EQ(*second, 2);
  crew sending;
  sending.go([&] { c.send(std::move(second)); });
  EXPECT_EQ(*c.recv(), 1);
  EXPECT_EQ(*c.recv(), 2);
  sending.wait();
  c << std::make_unique<int>(3);
  c.close();
  for (std::unique_ptr<int> p : c) EXPECT_EQ(*p, 3);
  EXPECT_EQ(c.recv(), nullptr);
}

WARREN_TEST(channel, values_without_a_zero_or_an_assignment) {
  const auto c = make_chan<bare>(2);
  c.send(bare(1));
  c.send(bare(2));
  c.close();
  EXPECT_EQ(c.recv_opt()->value, 1);
  int seen = 0;
  for (bare b : c) seen += b.value;
  EXPECT_EQ(seen, 2);
  EXPECT_FALSE(c.recv_opt().has_value());
}

WARREN_TEST(channel, every_value_dies_once) {
  ASSERT_EQ(tracked::alive, 0);
  {
    const auto c = make_chan<tracked>(2);
    const tracked kept(7);
    c.send(kept);
    c.send(tracked(8));
    EXPECT_EQ(kept.value, 7);
    EXPECT_FALSE(c.try_send(kept));
    EXPECT_EQ(tracked::alive, 3);
    crew sending;
    sending.go([&] { c.send(kept); });
    pause();
    EXPECT_EQ(c.recv().value, 7);
    sending.wait();
    EXPECT_EQ(c.recv().value, 8);
    tracked last;
    EXPECT_EQ(c.try_recv(last), recv_status::value);
    EXPECT_EQ(last.value, 7);
    EXPECT_EQ(tracked::alive, 2);

    crew receiving;
    receiving.go([&] { EXPECT_EQ(c.recv().value, 9); });
    pause();
    c.send(tracked(9));
    receiving.wait();
    c << tracked(1) << tracked(2);  // left in the buffer
  }
  EXPECT_EQ(tracked::alive, 0);
}

WARREN_TEST(channel, a_loop_takes_one_value_at_a_time) {
  const auto c = make_chan<int>(10);
  for (int i = 0; i != 10; ++i) c.send(i);
  for (const int i : c) {
    if (i == 3) break;
  }
  EXPECT_EQ(c.len(), 6u);
}

WARREN_TEST(channel, a_loop_holds_its_channel) {
  auto c = make_chan<std::string>(3);
  c << "a" << "b" << "c";
  c.close();
  std::string all;
  for (const std::string& s : c) {
    c = nil;
    all += s;
  }
  EXPECT_EQ(all, "abc");
}

WARREN_TEST(channel, values_of_many_sizes) {
  const auto through = []<class T>(T v) {
    for (const int capacity : {0, 1, 3}) {
      const auto c = make_chan<T>(capacity);
      crew sending;
      sending.go([&] {
        for (int i = 0; i != 5; ++i) c.send(v);
      });
      for (int i = 0; i != 5; ++i) EXPECT_EQ(c.recv(), v);
      sending.wait();
    }
  };
  through(true);
  through('x');
  through(short{-3});
  through(1.5f);
  through(std::uint64_t{1} << 63);
  through(std::pair<std::int64_t, std::int64_t>(1, -2));
  through(std::array<char, 3>{'a', 'b', 'c'});
  through(std::array<int, 100>{1, 2, 3});
  through(std::string(100, 'x'));
}

struct alignas(256) wide {
  int value = 0;
};

WARREN_TEST(channel, values_are_aligned) {
  const auto c = make_chan<wide>(3);
  for (int i = 0; i != 3; ++i) c.send(wide{i});
  for (int i = 0; i != 3; ++i) EXPECT_EQ(c.recv().value, i);
  c.send(wide{3});
}

WARREN_TEST(channel, a_channel_of_nothing) {
  const auto c = make_chan<void>(2);
  EXPECT_EQ(c.try_recv(), recv_status::empty);
  c.send();
  EXPECT_TRUE(c.try_send());
  EXPECT_FALSE(c.try_send());
  EXPECT_EQ(c.len(), 2u);
  EXPECT_TRUE(c.recv());
  EXPECT_EQ(c.try_recv(), recv_status::value);
  c.send();
  c.send();
  c.close();
  int pulses = 0;
  for ([[maybe_unused]] auto pulse : c) ++pulses;
  EXPECT_EQ(pulses, 2);
  EXPECT_FALSE(c.recv());
  EXPECT_EQ(c.try_recv(), recv_status::closed);
}

WARREN_TEST(channel, handles_share_compare_and_hash) {
  chan<int> nothing;
  EXPECT_TRUE(nothing == nil);
  EXPECT_TRUE(nil == nothing);
  EXPECT_EQ(nothing.len(), 0u);
  EXPECT_EQ(nothing.cap(), 0u);
  EXPECT_FALSE(nothing.try_send(1));
  int v = 0;
  EXPECT_EQ(nothing.try_recv(v), recv_status::empty);

  const auto a = make_chan<int>(1);
  const auto b = make_chan<int>(1);
  const chan<int> same = a;
  const recv_chan<int> out = a;
  const send_chan<int> in = a;
  EXPECT_TRUE(a == same);
  EXPECT_TRUE(a != b);
  EXPECT_TRUE(a != nil);
  EXPECT_TRUE(a == out);
  EXPECT_TRUE(in == a);
  EXPECT_TRUE(in == out);
  in.send(3);
  EXPECT_EQ(out.recv(), 3);
  EXPECT_EQ(in.cap(), 1u);
  in.close();
  EXPECT_EQ(out.recv(), 0);

  std::unordered_set<chan<int>> set{a, b, same};
  EXPECT_EQ(set.size(), 2u);
  EXPECT_EQ(std::hash<recv_chan<int>>{}(out), std::hash<chan<int>>{}(a));
  EXPECT_EQ(std::hash<send_chan<int>>{}(in), std::hash<chan<int>>{}(a));

  chan<int> moved = same;
  chan<int> taken = std::move(moved);
  EXPECT_TRUE(moved == nil);
  EXPECT_TRUE(taken == a);
  taken = nil;
  EXPECT_TRUE(taken == nil);
}

WARREN_TEST(channel, a_channel_of_channels) {
  const auto requests = make_chan<chan<std::string>>();
  crew serving;
  serving.go([=] {
    for (const chan<std::string>& reply : requests) reply.send("reply");
  });
  for (int i = 0; i != 3; ++i) {
    const auto reply = make_chan<std::string>();
    requests.send(reply);
    EXPECT_EQ(reply.recv(), "reply");
  }
  requests.close();
  serving.wait();
}

struct node {
  int value = 0;
  chan<node> next;
};

WARREN_TEST(channel, a_type_may_hold_channels_of_itself) {
  const node first{1, make_chan<node>(1)};
  first.next.send(node{2, nil});
  EXPECT_EQ(first.next.recv().value, 2);
}

WARREN_TEST(channel, threads_that_are_no_workers_may_use_them) {
  constexpr int n = 200;
  for (const int capacity : {0, 4}) {
    const auto there = make_chan<int>(capacity);
    const auto back = make_chan<int>(capacity);
    std::thread outside([=] {
      for (const int v : there) back.send(v + 1);
      back.close();
    });
    crew sending;
    sending.go([=] {
      for (int i = 0; i != n; ++i) there.send(i);
      there.close();
    });
    int expected = 0;
    for (const int v : back) EXPECT_EQ(v, ++expected);
    EXPECT_EQ(expected, n);
    sending.wait();
    outside.join();
  }
}

TEST(channel, threads_may_use_them_without_a_run) {
  const auto c = make_chan<int>();
  std::thread outside([=] {
    for (int i = 0; i != 100; ++i) c.send(i);
    c.close();
  });
  int expected = 0;
  for (const int v : c) EXPECT_EQ(v, expected++);
  EXPECT_EQ(expected, 100);
  outside.join();
}

}  // namespace
}  // namespace warren
