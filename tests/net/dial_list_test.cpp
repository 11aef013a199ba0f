// SPDX-License-Identifier: MIT
// Which of several addresses is dialed when: Go's TestDialParallel, TestDialerPartialDeadline and others, by behaviour,
// with dials that only take time.
#include "../test.hpp"
#include "network.hpp"

#include <warren/net/dial_list.hpp>

#include <mutex>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using net::addr;
using tests::must;

constexpr std::int64_t second = 1'000'000'000;

TEST(dial_list, shares_the_deadline_out) {
  const auto part = [](std::int64_t now, std::int64_t deadline, std::size_t left) {
    return net::partial_deadline(now * second, deadline * second, left);
  };
  EXPECT_EQ(part(100, 112, 1), 112 * second);
  EXPECT_EQ(part(100, 112, 2), 106 * second);
  EXPECT_EQ(part(100, 112, 3), 104 * second);
  // Not less than 2 s each, as long as there are any.
  EXPECT_EQ(part(100, 112, 10), 102 * second);
  EXPECT_EQ(part(100, 101, 10), 101 * second);
  EXPECT_EQ(part(100, 100, 1), std::nullopt);
  EXPECT_EQ(part(100, 99, 1), std::nullopt);
}

addr at(const char* ip) { return must(addr::parse_ip(net::network::tcp, ip, 80)); }

TEST(dial_list, is_parted_by_the_family_of_the_first) {
  const net::dial_plan mixed = net::plan_of("tcp", true, {at("::1"), at("127.0.0.1"), at("::2"), at("127.0.0.2")});
  EXPECT_EQ(mixed.primaries, (std::vector{at("::1"), at("::2")}));
  EXPECT_EQ(mixed.fallbacks, (std::vector{at("127.0.0.1"), at("127.0.0.2")}));
  const net::dial_plan one = net::plan_of("tcp", true, {at("127.0.0.1"), at("127.0.0.2")});
  EXPECT_EQ(one.primaries.size(), 2u);
  EXPECT_TRUE(one.fallbacks.empty());
  EXPECT_EQ(net::plan_of("tcp4", false, {at("127.0.0.1"), at("::1")}).primaries.size(), 2u);
}

/// What a dial of one address does: after a while it connects, or fails.
struct behaviour {
  clock::duration after{};
  bool connects = false;
};

/// Dials that are played, and what became of them.
class stage {
 public:
  void set(const addr& to, behaviour b) { plays_.emplace_back(to, b); }

  net::dial_one dial() {
    return [this](const context& ctx, const addr& to) { return play(ctx, to); };
  }
  std::vector<addr> dialed() {
    std::lock_guard hold(lock_);
    return dialed_;
  }
  /// The far ends of all connections that were made.
  std::vector<net::conn> far_ends() {
    std::lock_guard hold(lock_);
    return far_;
  }

 private:
  result<net::conn> play(const context& ctx, const addr& to) {
    behaviour b;
    {
      std::lock_guard hold(lock_);
      dialed_.push_back(to);
      for (const auto& [which, how] : plays_) {
        if (which == to) b = how;
      }
    }
    if (select(recv(ctx.done()), recv(time_after(b.after))) == 0) return {net::conn{}, ctx.err()};
    if (!b.connects) return {net::conn{}, errors::make("refused by " + to_string(to))};
    auto [near, far] = net::pipe();
    std::lock_guard hold(lock_);
    far_.push_back(far);
    return {near, nil};
  }

  sync::mutex lock_;
  std::vector<std::pair<addr, behaviour>> plays_;
  std::vector<addr> dialed_;
  std::vector<net::conn> far_;
};

/// How many of the connections that were made are open.
int open_ends(stage& s) {
  int open = 0;
  for (const net::conn& far : s.far_ends()) {
    far.set_read_deadline(clock::now() + 1ms);
    char some[1];
    if (errors::is_timeout(far.read(some).err())) ++open;
  }
  return open;
}

const net::dial_plan two_families{"tcp", {at("::1")}, {at("127.0.0.1")}};
const net::dial_plan two_each{"tcp", {at("::1"), at("::2")}, {at("127.0.0.1"), at("127.0.0.2")}};

WARREN_TEST(dial_list, takes_the_primary_that_answers_in_time_alone) {
  stage s;
  s.set(at("::1"), {0ms, true});
  const net::conn c = must(net::dial_parallel(context::background(), two_families, 200ms, s.dial()));
  EXPECT_EQ(s.dialed(), (std::vector{at("::1")}));
  EXPECT_EQ(open_ends(s), 1);
}

WARREN_TEST(dial_list, begins_the_fallback_after_the_delay) {
  stage s;
  s.set(at("::1"), {1h, true});
  s.set(at("127.0.0.1"), {0ms, true});
  const auto start = clock::now();
  const net::conn c = must(net::dial_parallel(context::background(), two_families, 50ms, s.dial()));
  EXPECT_GE(since(start), 50ms);
  EXPECT_LT(since(start), 30s);
  EXPECT_EQ(s.dialed(), (std::vector{at("::1"), at("127.0.0.1")}));
  EXPECT_EQ(open_ends(s), 1);
}

WARREN_TEST(dial_list, begins_the_fallback_at_once_when_the_primaries_fail) {
  stage s;
  s.set(at("127.0.0.1"), {0ms, true});
  const auto start = clock::now();
  const net::conn c = must(net::dial_parallel(context::background(), two_each, 1h, s.dial()));
  EXPECT_LT(since(start), 30s);
  EXPECT_EQ(s.dialed(), (std::vector{at("::1"), at("::2"), at("127.0.0.1")}));
}

WARREN_TEST(dial_list, reports_the_first_primary_when_all_fail) {
  stage s;
  const error err = net::dial_parallel(context::background(), two_each, 1ms, s.dial()).err();
  EXPECT_EQ(to_string(err), "refused by [::1]:80");
  EXPECT_EQ(s.dialed().size(), 4u);
  stage slow;
  slow.set(at("::1"), {50ms, false});
  EXPECT_EQ(to_string(net::dial_parallel(context::background(), two_families, 1ms, slow.dial()).err()),
            "refused by [::1]:80");
}

WARREN_TEST(dial_list, lets_a_late_primary_win) {
  stage s;
  s.set(at("::1"), {60ms, true});
  s.set(at("127.0.0.1"), {1h, true});
  const net::conn c = must(net::dial_parallel(context::background(), two_families, 10ms, s.dial()));
  EXPECT_EQ(s.dialed().size(), 2u);
  EXPECT_EQ(open_ends(s), 1);
}

// Go: TestDialParallelSpuriousConnection: both connect at the same moment, one is closed.
WARREN_TEST(dial_list, closes_the_connection_that_comes_too_late) {
  const auto stubborn = [](stage& s) -> net::dial_one {
    return [&s](const context&, const addr& to) { return s.dial()(context::background(), to); };
  };
  stage s;
  s.set(at("::1"), {60ms, true});
  s.set(at("127.0.0.1"), {50ms, true});
  const net::conn c = must(net::dial_parallel(context::background(), two_families, 1ms, stubborn(s)));
  EXPECT_EQ(s.far_ends().size(), 2u) << "both dials ran to their end";
  EXPECT_EQ(open_ends(s), 1);
}

WARREN_TEST(dial_list, is_ended_by_its_context) {
  stage s;
  s.set(at("::1"), {1h, true});
  s.set(at("127.0.0.1"), {1h, true});
  const auto [ctx, cancel] = context::with_cancel(context::background());
  go([cancel = cancel] {
    sleep(20ms);
    cancel();
  });
  EXPECT_EQ(net::dial_parallel(ctx, two_families, 1ms, s.dial()).err(), context::canceled);
  stage none;
  const error err = net::dial_parallel(ctx, two_families, 1ms, none.dial()).err();
  EXPECT_EQ(to_string(err), "dial tcp [::1]:80: operation was canceled");
  EXPECT_TRUE(errors::is(err, context::canceled));
  EXPECT_TRUE(none.dialed().empty());
}

WARREN_TEST(dial_list, tries_the_next_when_one_has_used_up_its_part) {
  stage s;
  s.set(at("::1"), {1h, true});
  s.set(at("::2"), {0ms, true});
  const std::vector<addr> list{at("::1"), at("::2")};
  const auto [ctx, cancel] = context::with_timeout(context::background(), 2500ms);
  const auto start = clock::now();
  EXPECT_EQ(net::dial_serial(ctx, "tcp", list, s.dial()).err(), nil);
  EXPECT_GE(since(start), 2s);
  cancel();
}

WARREN_TEST(dial_list, says_so_when_the_time_is_over) {
  stage s;
  s.set(at("::1"), {1h, true});
  const std::vector<addr> list{at("::1"), at("::2")};
  const auto [ctx, cancel] = context::with_timeout(context::background(), 10ms);
  EXPECT_TRUE(errors::is(net::dial_serial(ctx, "tcp", list, s.dial()).err(), context::deadline_exceeded));
  EXPECT_EQ(s.dialed().size(), 1u);
  const error err = net::dial_serial(ctx, "tcp", list, s.dial()).err();
  EXPECT_EQ(to_string(err), "dial tcp [::1]:80: i/o timeout");
  EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
  EXPECT_TRUE(errors::is_timeout(err));
  cancel();
}

}  // namespace
