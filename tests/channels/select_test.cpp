// SPDX-License-Identifier: MIT
#include <warren/channels/select.hpp>

#include <warren/errors/panic.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "crew.hpp"
#include "test.hpp"

namespace warren {
namespace {

using tests::crew;
using tests::queue_watch;
using tests::scaled;

WARREN_TEST(select, each_form_of_handler) {
  const auto c = make_chan<int>(1);
  const auto idle = make_chan<int>();
  std::string told;
  const auto tell = [&](const char* what) { told += what; };

  c.send(1);
  EXPECT_EQ(select(recv(idle), recv(c, [&](int v) { tell(v == 1 ? "a" : "?"); })), 1);
  c.send(2);
  EXPECT_EQ(select(recv(c, [&](int v, bool ok) { tell(v == 2 && ok ? "b" : "?"); }), recv(idle)), 0);
  c.send(3);
  EXPECT_EQ(select(recv(c, [&] { tell("c"); }), recv(idle)), 0);
  EXPECT_EQ(select(recv(idle), recv(idle), send(c, 4, [&] { tell("d"); })), 2);
  EXPECT_EQ(select(recv(idle), otherwise([&] { tell("e"); })), 1);
  EXPECT_EQ(select(otherwise([&] { tell("f"); }), recv(idle), send(c, 5)), 0);
  EXPECT_EQ(select(recv(idle), otherwise, recv(c, [&](const auto& v) { tell(v == 4 ? "g" : "?"); })), 2);
  // What can be called in several ways is called with as much as it takes.
  c.send(6);
  EXPECT_EQ(select(recv(c, [&](auto... all) { tell(sizeof...(all) == 2 ? "h" : "?"); }), recv(idle)), 0);
  c.close();
  EXPECT_EQ(select(recv(c, [&](int v, bool ok) { tell(v == 0 && !ok ? "i" : "?"); }), recv(idle)), 0);
  EXPECT_EQ(told, "abcdefghi");
}

WARREN_TEST(select, handlers_may_be_variables_and_give_results) {
  const auto c = make_chan<int>(2);
  c << 1 << 2;
  int sum = 0;
  auto add = [&](int v) mutable { return sum += v; };
  std::function<void(int)> also = add;
  EXPECT_EQ(select(recv(c, add)), 0);
  EXPECT_EQ(select(recv(c, also), otherwise), 0);
  EXPECT_EQ(sum, 3);
}

WARREN_TEST(select, the_statement_form) {
  const auto a = make_chan<int>(1);
  const auto b = make_chan<std::string>(1);
  const auto c = make_chan<int>(1);
  std::string told;
  b.send("text");
  for (int round = 0;; ++round) {
    int v = -1;
    std::string s = "untouched";
    bool ok = false;
    switch (select(recv(a, v), recv(b, s, ok), send(c, 9), otherwise)) {
      case 0:
        EXPECT_EQ(v, 7);
        told += "a";
        continue;
      case 1:
        EXPECT_EQ(s, "text");
        EXPECT_TRUE(ok);
        EXPECT_EQ(v, -1);
        told += "b";
        break;
      case 2:
        EXPECT_EQ(s, "untouched");
        told += "c";
        if (told.size() == 2) a.send(7);
        break;
      case 3:
        EXPECT_EQ(v, -1);
        told += "d";
        EXPECT_EQ(round, 3);
        EXPECT_TRUE(told == "bcad" || told == "cbad") << told;
        return;
    }
    if (told == "cb") a.send(7);
  }
}

WARREN_TEST(select, variables_change_only_if_their_case_is_chosen) {
  const auto a = make_chan<std::string>(1);
  const auto b = make_chan<std::string>(1);
  std::string va = "a";
  std::string vb = "b";
  bool oka = true;
  bool okb = false;
  b.send("value");
  EXPECT_EQ(select(recv(a, va, oka), recv(b, vb, okb)), 1);
  EXPECT_EQ(va, "a");
  EXPECT_TRUE(oka);
  EXPECT_EQ(vb, "value");
  EXPECT_TRUE(okb);
  a.close();
  EXPECT_EQ(select(recv(a, va, oka), recv(b, vb, okb)), 0);
  EXPECT_EQ(va, "");
  EXPECT_FALSE(oka);
}

WARREN_TEST(select, channels_of_nothing) {
  const auto c = make_chan<void>(1);
  const auto idle = make_chan<void>();
  bool ok = false;
  std::string told;
  EXPECT_EQ(select(send(c), recv(idle)), 0);
  EXPECT_EQ(select(recv(idle), recv(c)), 1);
  EXPECT_EQ(select(recv(idle), send(c, [&] { told += "a"; })), 1);
  EXPECT_EQ(select(recv(idle), recv(c, ok)), 1);
  EXPECT_TRUE(ok);
  c.send();
  EXPECT_EQ(select(recv(idle), recv(c, [&] { told += "b"; })), 1);
  c.close();
  EXPECT_EQ(select(recv(idle), recv(c, [&](bool open) { told += open ? "?" : "c"; })), 1);
  EXPECT_EQ(select(recv(c, ok), recv(idle)), 0);
  EXPECT_FALSE(ok);
  EXPECT_EQ(told, "abc");
}

WARREN_TEST(select, a_nil_channel_is_never_ready) {
  const auto c = make_chan<int>(1);
  chan<int> off;
  c.send(1);
  EXPECT_EQ(select(recv(off), send(off, 1), recv(c)), 2);
  EXPECT_EQ(select(recv(off), send(off, 1), otherwise), 2);
  EXPECT_EQ(select(recv(off), otherwise), 1);
  EXPECT_EQ(select(send(off, 1), otherwise), 1);
  EXPECT_EQ(select(otherwise), 0);
}

WARREN_TEST(select, an_end_of_a_channel_is_a_channel) {
  const auto c = make_chan<int>(1);
  const send_chan<int> in = c;
  const recv_chan<int> out = c;
  int v = 0;
  EXPECT_EQ(select(send(in, 5), otherwise), 0);
  EXPECT_EQ(select(recv(out, v), otherwise), 0);
  EXPECT_EQ(v, 5);
  // A temporary handle lives as long as the select.
  EXPECT_EQ(select(recv(make_chan<int>()), send(make_chan<int>(1), 1)), 1);
}

WARREN_TEST(select, a_send_that_is_not_chosen_leaves_its_operand_alone) {
  const auto c = make_chan<std::unique_ptr<int>>(1);
  const auto ready = make_chan<int>(1);
  auto p = std::make_unique<int>(1);
  auto q = std::make_unique<int>(2);
  EXPECT_EQ(select(send(c, std::move(p)), otherwise), 0);
  EXPECT_EQ(p, nullptr);
  EXPECT_EQ(select(send(c, std::move(q)), otherwise), 1);
  ASSERT_NE(q, nullptr);
  ready.send(1);
  EXPECT_EQ(select(send(c, std::move(q)), recv(ready)), 1);
  ASSERT_NE(q, nullptr);
  crew waiting;
  const queue_watch watch;
  waiting.go([&] {
    EXPECT_EQ(select(send(c, std::move(q)), recv(ready)), 1);
    EXPECT_NE(q, nullptr);
  });
  watch.wait_for(2);
  ready.send(1);
  waiting.wait();
  EXPECT_EQ(*c.recv(), 1);
}

WARREN_TEST(select, an_lvalue_is_copied_on_entry) {
  const auto c = make_chan<std::string>();
  const auto idle = make_chan<int>();
  std::string text = "before";
  crew waiting;
  const queue_watch watch;
  waiting.go([&] { EXPECT_EQ(select(send(c, text), recv(idle)), 0); });
  watch.wait_for(2);
  // Counting orders nothing. The lock of c, which this takes, does: the other one has read the text.
  EXPECT_EQ(select(send(c, "one"), send(c, "other"), otherwise), 2);
  text = "after";
  EXPECT_EQ(c.recv(), "before");
  waiting.wait();
  EXPECT_EQ(text, "after");
}

WARREN_TEST(select, other_arguments_are_converted_on_entry) {
  const auto c = make_chan<std::string>(2);
  const auto wide = make_chan<double>(1);
  EXPECT_EQ(select(send(c, "text"), send(wide, 1), otherwise) == 0 ? c.len() : wide.len(), 1u);
  EXPECT_EQ(c.len() + wide.len(), 1u);
  const char* chars = "more";
  EXPECT_EQ(select(send(c, chars), otherwise), 0);
}

WARREN_TEST(select, a_handler_may_throw) {
  const auto c = make_chan<std::string>(1);
  const auto idle = make_chan<int>();
  c.send("text");
  EXPECT_THROW(select(recv(c, [](const std::string& s) { throw std::runtime_error(s); }), recv(idle)),
               std::runtime_error);
  c.send("text");
  EXPECT_THROW(select(recv(c, [] { throw std::runtime_error(""); }), recv(idle)), std::runtime_error);
  EXPECT_THROW(select(otherwise([] { throw std::runtime_error(""); }), recv(idle)), std::runtime_error);
  EXPECT_EQ(c.len(), 0u);
}

WARREN_TEST(select, a_handler_runs_without_locks) {
  const auto a = make_chan<int>(1);
  const auto b = make_chan<int>(1);
  a.send(1);
  int seen = 0;
  select(recv(a, [&](int) {
           a.send(2);
           b.send(3);
           select(recv(a, [&](int v) { seen += v; }), recv(make_chan<int>()));
           b.close();
         }),
         recv(b));
  EXPECT_EQ(seen, 2);
}

WARREN_TEST(select, a_send_on_a_closed_channel_throws_when_chosen) {
  const auto c = make_chan<int>();
  const auto idle = make_chan<int>();
  crew waiting;
  const queue_watch watch;
  waiting.go([&] { EXPECT_THROW(select(send(c, 1), recv(idle)), channel_error); });
  watch.wait_for(2);
  c.close();
  waiting.wait();
  EXPECT_THROW(select(send(c, 1), recv(idle)), channel_error);
  EXPECT_THROW(select(send(c, 1), recv(idle), otherwise), channel_error);
  EXPECT_THROW(select(send(c, 1)), channel_error);
  EXPECT_THROW(select(send(c, 1), otherwise), channel_error);
}

WARREN_TEST(select, a_waiting_one_is_woken_by_each_kind_of_case) {
  for (int kind = 0; kind != 4; ++kind) {
    const auto in = make_chan<int>();
    const auto out = make_chan<std::string>();
    const auto stop = make_chan<void>();
    const auto full = make_chan<int>(1);
    full.send(0);
    int v = 0;
    crew waiting;
    const queue_watch watch;
    waiting.go([&] { EXPECT_EQ(select(recv(in, v), send(out, "hello"), recv(stop), send(full, 1)), kind); });
    watch.wait_for(4);
    switch (kind) {
      case 0: in.send(5); break;
      case 1: EXPECT_EQ(out.recv(), "hello"); break;
      case 2: stop.close(); break;
      case 3: EXPECT_EQ(full.recv(), 0); break;
    }
    waiting.wait();
    EXPECT_EQ(v, kind == 0 ? 5 : 0);
    EXPECT_EQ(full.recv(), kind == 3 ? 1 : 0);
  }
}

WARREN_TEST(select, a_channel_may_stand_in_several_cases) {
  const auto c = make_chan<int>(1);
  std::array<int, 3> chosen{};
  for (int i = 0; i != 300; ++i) {
    const int first = select(recv(c), send(c, i), recv(c), send(c, i));
    ++chosen[first == 1 || first == 3 ? 0 : 1];
  }
  EXPECT_EQ(chosen[0], 150);
  EXPECT_EQ(chosen[1], 150);
  crew waiting;
  const auto d = make_chan<int>();
  const queue_watch watch;
  for (int i = 0; i != 10; ++i) waiting.go([=] { select(recv(d), recv(d), recv(d)); });
  watch.wait_for(30);
  for (int i = 0; i != 10; ++i) d.send(i);
  waiting.wait();
}

WARREN_TEST(select, many_cases) {
  for (const int n : {1, 2, 16, 17, 64, 500}) {
    std::vector<chan<int>> channels;
    std::vector<int> got(std::size_t(n), -1);
    std::vector<select_case> cases;
    for (int i = 0; i != n; ++i) {
      channels.push_back(make_chan<int>());
      cases.push_back(recv(channels.back(), got[std::size_t(i)]));
    }
    crew waiting;
    waiting.go([&] {
      std::vector<bool> seen(std::size_t(n), false);
      for (int k = 0; k != n; ++k) {
        const int i = select(cases);
        EXPECT_FALSE(seen[std::size_t(i)]);
        seen[std::size_t(i)] = true;
        EXPECT_EQ(got[std::size_t(i)], i);
      }
    });
    for (int i = 0; i != n; ++i) {
      if (i % 10 == 0) gosched();
      channels[std::size_t(i)].send(i);
    }
    waiting.wait();
  }
}

// --- cases that are known at run time only

WARREN_TEST(select_case, each_kind) {
  const auto a = make_chan<int>(1);
  const auto b = make_chan<std::string>(1);
  const auto pulse = make_chan<void>(1);
  int v = 0;
  bool ok = false;
  std::string told;
  std::vector<select_case> cases;
  cases.push_back(recv(a, v, ok));
  cases.push_back(otherwise([&] { told += "d"; }));
  cases.push_back(recv(pulse, [&](bool open) { told += open ? "p" : "c"; }));
  cases.push_back(select_case{});
  cases.push_back(recv(chan<int>(nil)));
  EXPECT_EQ(select(cases), 1);
  a.send(3);
  EXPECT_EQ(select(cases), 0);
  EXPECT_EQ(v, 3);
  EXPECT_TRUE(ok);
  pulse.send();
  EXPECT_EQ(select(cases), 2);
  cases.push_back(send(b, "value", [&] { told += "s"; }));
  cases.push_back(send(chan<void>(nil)));
  EXPECT_EQ(select(cases), 5);
  EXPECT_EQ(b.recv(), "value");
  EXPECT_EQ(select(cases), 5) << "it may be used again";
  EXPECT_EQ(select(cases), 1);
  EXPECT_EQ(b.recv(), "value");
  pulse.close();
  cases[5] = select_case{};
  EXPECT_EQ(select(cases), 2);
  EXPECT_EQ(told, "dpssdc");
  EXPECT_EQ(select(std::vector<select_case>{otherwise}), 0);
}

WARREN_TEST(select_case, owns_what_it_needs) {
  std::vector<select_case> cases;
  const auto out = make_chan<std::string>(1);
  auto counter = std::make_shared<int>(0);
  {
    const auto gone = make_chan<int>(1);
    gone.send(5);
    cases = {recv(gone, [counter](int v) { *counter += v; }), send(out, std::string(50, 'x'))};
  }
  EXPECT_EQ(counter.use_count(), 2);
  EXPECT_EQ(select(cases) + select(cases), 1);
  EXPECT_EQ(*counter, 5);
  EXPECT_EQ(out.recv(), std::string(50, 'x'));
  cases.clear();
  EXPECT_EQ(counter.use_count(), 1);
}

WARREN_TEST(select_case, a_move_only_value_leaves_the_case_nil) {
  const auto c = make_chan<std::unique_ptr<int>>(2);
  std::vector<select_case> cases;
  cases.push_back(send(c, std::make_unique<int>(1)));
  cases.push_back(otherwise);
  EXPECT_EQ(select(cases), 0);
  EXPECT_EQ(select(cases), 1);
  EXPECT_EQ(c.len(), 1u);
  EXPECT_EQ(*c.recv(), 1);
}

WARREN_TEST(select_case, values_are_copied_for_each_select) {
  const auto value = std::make_shared<int>(1);
  const auto c = make_chan<std::shared_ptr<int>>(3);
  const auto full = make_chan<std::shared_ptr<int>>();
  std::vector<select_case> cases;
  cases.push_back(send(c, value));
  cases.push_back(send(full, value));
  EXPECT_EQ(value.use_count(), 3);
  for (int i = 0; i != 3; ++i) EXPECT_EQ(select(cases), 0);
  EXPECT_EQ(value.use_count(), 6);
  for (int i = 0; i != 3; ++i) EXPECT_EQ(c.recv(), value);
  EXPECT_EQ(value.use_count(), 3);
}

WARREN_TEST(select_case, a_handler_may_change_the_list) {
  const auto c = make_chan<int>(2);
  c << 1 << 2;
  std::vector<select_case> cases;
  int seen = 0;
  const auto text = std::make_shared<std::string>("kept by the handler");
  cases.push_back(recv(c, [&, text](int v) {
    cases.clear();
    seen += v;
    EXPECT_EQ(*text, "kept by the handler");
  }));
  EXPECT_EQ(select(cases), 0);
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(cases.empty());
}

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(const throws_when_copied& other) : armed(other.armed) {
    if (armed) throw std::runtime_error("copied");
  }
  throws_when_copied(throws_when_copied&&) noexcept = default;
  bool armed = false;
};

WARREN_TEST(select_case, a_copy_that_throws_leaves_nothing_behind) {
  const auto value = std::make_shared<int>(1);
  const auto a = make_chan<std::shared_ptr<int>>(1);
  const auto b = make_chan<throws_when_copied>(1);
  std::vector<select_case> cases;
  cases.push_back(send(a, value));
  throws_when_copied bad;
  bad.armed = true;
  cases.push_back(send(b, std::move(bad)));
  EXPECT_THROW(select(cases), std::runtime_error);
  EXPECT_EQ(value.use_count(), 2);
  EXPECT_EQ(a.len() + b.len(), 0u);
}

WARREN_TEST(select_case, one_otherwise_at_most) {
  std::vector<select_case> cases{otherwise, otherwise([] {})};
  EXPECT_THROW(select(cases), panic_error);
  const auto c = make_chan<int>();
  c.close();
  cases = {send(c, 1), recv(make_chan<int>())};
  EXPECT_THROW(select(cases), channel_error);
}

WARREN_TEST(select_case, big_values_and_wide_ones) {
  struct alignas(128) wide {
    std::array<char, 600> text{};
  };
  const auto c = make_chan<wide>(1);
  const auto d = make_chan<std::string>(1);
  wide got;
  wide sent;
  sent.text[599] = 'x';
  std::vector<select_case> cases;
  for (int i = 0; i != 5; ++i) cases.push_back(recv(c, got));
  std::vector<select_case> sends{send(c, sent), send(d, std::string("text"))};
  EXPECT_EQ(select(sends) + select(sends), 1);
  EXPECT_LT(select(cases), 5);
  EXPECT_EQ(got.text[599], 'x');
}

// --- what only concurrency shows

WARREN_TEST(select, a_channel_may_be_dropped_by_who_was_told) {
  // The select's own handle is gone before it has taken its waiter out there.
  for (std::int64_t i = scaled(2000); i > 0; --i) {
    auto gone = make_chan<std::string>();
    const auto told = make_chan<int>();
    crew waiting;
    waiting.go([&] { EXPECT_EQ(select(send(told, 1), recv(gone), send(gone, "x")), 0); });
    if (i % 2 == 0) gosched();
    EXPECT_EQ(told.recv(), 1);
    gone = nil;
    waiting.wait();
  }
}

WARREN_TEST(select, threads_that_are_no_workers_may_select) {
  const auto a = make_chan<int>();
  const auto b = make_chan<int>();
  const auto stop = make_chan<void>();
  std::atomic<int> sum{0};
  std::vector<std::thread> outside;
  for (int i = 0; i != 3; ++i) {
    outside.emplace_back([=, &sum] {
      for (;;) {
        int v = 0;
        if (select(recv(a, v), recv(b, v), recv(stop)) == 2) return;
        sum += v;
      }
    });
  }
  crew sending;
  sending.go([=] {
    for (int i = 1; i <= 100; ++i) select(send(a, i), send(b, i));
  });
  sending.wait();
  stop.close();
  for (std::thread& t : outside) t.join();
  EXPECT_EQ(sum, 5050);
}

WARREN_TEST(select, the_choice_is_uniform) {
  // Five channels ready, in receives and sends and closes: a chi-squared test with 4 degrees of freedom, p =
  // 1e-6.
  constexpr int trials = 20'000;
  const auto a = make_chan<int>(1);
  const auto b = make_chan<int>(1);
  const auto closed = make_chan<void>();
  const auto idle = make_chan<int>();
  closed.close();
  std::array<int, 6> count{};
  for (int i = 0; i != trials; ++i) {
    int v = 0;
    a.try_send(1);
    b.try_recv(v);
    ++count[std::size_t(select(recv(a), recv(idle), send(b, 1), recv(closed), recv(a), recv(closed)))];
  }
  double chi = 0;
  for (std::size_t i = 0; i != count.size(); ++i) {
    if (i == 1) continue;
    const double off = count[i] - trials / 5.0;
    chi += off * off / (trials / 5.0);
  }
  EXPECT_EQ(count[1], 0);
  EXPECT_LT(chi, 33.4);
}

}  // namespace
}  // namespace warren
