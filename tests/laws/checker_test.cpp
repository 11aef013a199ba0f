// SPDX-License-Identifier: MIT
// The checker is checked: forged histories, each of which breaks one law, and small ones that a search of all orders judges.
#include "checker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <vector>

#include "../test.hpp"
#include "brute_force.hpp"
#include "random_history.hpp"

namespace {

using namespace warren::laws;
using warren::tests::scaled;

// --- forged by hand

operation sent(stamp begin, stamp end, letter v) { return {begin, end, v, 0, deed::send, ending::done}; }
operation received(stamp begin, stamp end, letter v) { return {begin, end, v, 0, deed::receive, ending::done}; }
operation closes(stamp begin, stamp end) { return {begin, end, 0, 0, deed::close, ending::done}; }
operation threw(stamp begin, stamp end, letter v) { return {begin, end, v, 0, deed::send, ending::closed}; }
operation got_false(stamp begin, stamp end) { return {begin, end, 0, 0, deed::receive, ending::closed}; }

history one_channel(std::size_t capacity, std::vector<operation> operations, std::vector<letter> left = {}) {
  return {{{capacity, std::move(left)}}, std::move(operations), {}};
}

struct forgery {
  const char* what;
  law breaks;
  history h;
};

std::vector<forgery> by_hand() {
  return {
      {"a value from nowhere", law::invented, one_channel(1, {sent(0, 1, 7), received(2, 3, 7), received(4, 5, 8)})},
      {"the same value for two", law::twice, one_channel(2, {sent(0, 1, 7), received(2, 3, 7), received(4, 5, 7)})},
      {"received, and left over", law::twice, one_channel(2, {sent(0, 1, 7), received(2, 3, 7)}, {7})},
      {"a value gone", law::lost, one_channel(2, {sent(0, 1, 7), sent(2, 3, 8), received(4, 5, 8)})},
      {"a value before its time", law::before_sent, one_channel(1, {received(0, 1, 7), sent(2, 3, 7)})},
      {"overtaken", law::overtaken,
       one_channel(2, {sent(0, 1, 7), sent(2, 3, 8), received(4, 5, 8), received(6, 7, 7)})},
      {"overtaken by what stays", law::overtaken, one_channel(2, {sent(0, 1, 7), sent(2, 3, 8), received(4, 5, 8)}, {7})},
      {"left over the wrong way round", law::overtaken, one_channel(2, {sent(0, 1, 7), sent(2, 3, 8)}, {8, 7})},
      {"three in a buffer of two", law::over_capacity,
       one_channel(2, {sent(0, 1, 7), sent(2, 3, 8), sent(4, 5, 9), received(6, 7, 7), received(8, 9, 8),
                       received(10, 11, 9)})},
      {"a receive too late for the send that it makes room for", law::over_capacity,
       one_channel(1, {sent(0, 1, 7), sent(2, 5, 8), received(6, 7, 7), received(8, 9, 8)})},
      {"one that waited when it was closed was let in", law::over_capacity,
       one_channel(1, {sent(0, 1, 7), sent(2, 9, 8), closes(3, 4), received(5, 6, 7), received(7, 8, 8)})},
      {"never met", law::not_together, one_channel(0, {sent(0, 1, 7), received(2, 3, 7)})},
      {"met after the close", law::not_together, one_channel(0, {sent(0, 5, 7), closes(1, 2), received(3, 4, 7)})},
      {"sent after the close", law::sent_after_close,
       one_channel(2, {closes(0, 1), sent(2, 3, 7), received(4, 5, 7)})},
      {"sent after another was told", law::sent_after_close,
       one_channel(2, {closes(0, 9), threw(1, 2, 6), sent(3, 4, 7), received(5, 6, 7)})},
      {"told of no close", law::closed_without_close, one_channel(1, {got_false(0, 1)})},
      {"told of a close to come", law::closed_without_close, one_channel(1, {threw(0, 1, 7), closes(2, 3)})},
      {"closed twice", law::closed_twice, one_channel(1, {closes(0, 1), closes(2, 3)})},
      {"a value after false", law::value_after_false,
       one_channel(2, {sent(0, 1, 7), closes(2, 3), got_false(4, 5), received(6, 7, 7)})},
      {"false, and something is left", law::value_after_false,
       one_channel(2, {sent(0, 1, 7), closes(2, 3), got_false(4, 5)}, {7})},
  };
}

std::string verdict_of(const history& h) {
  const auto v = find_violation(h);
  return v ? name_of(v->broken) : "lawful";
}

TEST(checker, calls_each_forgery_by_its_name) {
  std::set<law> seen;
  for (const forgery& f : by_hand()) {
    EXPECT_EQ(verdict_of(f.h), name_of(f.breaks)) << f.what;
    EXPECT_FALSE(has_order(f.h)) << f.what;
    seen.insert(f.breaks);
  }
  EXPECT_EQ(seen.size(), std::size_t(law::refused_though_ready)) << "every law but that of refusals";
}

TEST(checker, lets_pass_what_only_looks_odd) {
  const std::vector<history> lawful = {
      one_channel(0, {}),
      one_channel(2, {sent(0, 1, 7), sent(2, 3, 8)}, {7, 8}),
      // Overlapping sends in any order.
      one_channel(2, {sent(0, 3, 7), sent(1, 2, 8), received(4, 5, 8), received(6, 7, 7)}),
      one_channel(2, {sent(0, 3, 7), sent(1, 2, 8)}, {8, 7}),
      // Received before the send has returned.
      one_channel(0, {sent(0, 3, 7), received(1, 2, 7)}),
      // Let in before the close, and late in hearing of it.
      one_channel(1, {sent(0, 9, 7), closes(1, 2), received(3, 4, 7), got_false(5, 6)}),
      // The send that makes a buffer overflow waits for a receive that is slow to return.
      one_channel(1, {sent(0, 1, 7), received(2, 9, 7), sent(3, 4, 8), received(10, 11, 8)}),
      one_channel(1, {threw(0, 3, 7), closes(1, 2)}),
  };
  for (std::size_t i = 0; i < lawful.size(); ++i) {
    EXPECT_EQ(verdict_of(lawful[i]), "lawful") << i;
    EXPECT_TRUE(has_order(lawful[i])) << i;
  }
}

// --- refusals

/// Two channels with room for one: a value is in the first from 1 to 6, in the second from 5 to 10.
history two_in_turn(refusal f) {
  history h;
  h.channels = {{1, {}}, {1, {}}};
  h.operations = {sent(0, 1, 7), received(6, 7, 7), sent(4, 5, 8), received(10, 11, 8)};
  h.operations[2].channel = h.operations[3].channel = 1;
  h.refusals = {std::move(f)};
  return h;
}

TEST(checker, knows_when_a_try_had_to_succeed) {
  constexpr attempt first{0, deed::receive};
  constexpr attempt second{1, deed::receive};
  constexpr attempt first_send{0, deed::send};
  EXPECT_EQ(verdict_of(two_in_turn({2, 3, {first}})), "refused_though_ready");
  EXPECT_EQ(verdict_of(two_in_turn({2, 3, {second}})), "lawful");
  EXPECT_EQ(verdict_of(two_in_turn({2, 9, {first}})), "lawful");
  EXPECT_EQ(verdict_of(two_in_turn({2, 9, {first, second}})), "refused_though_ready") << "one of them always was";
  EXPECT_EQ(verdict_of(two_in_turn({2, 12, {first, second}})), "lawful");
  EXPECT_EQ(verdict_of(two_in_turn({2, 3, {first_send}})), "lawful") << "it is full";
  EXPECT_EQ(verdict_of(two_in_turn({8, 9, {first_send}})), "refused_though_ready") << "it is empty";
  history closed = one_channel(0, {closes(0, 1)});
  closed.refusals = {{2, 3, {first}}};
  EXPECT_EQ(verdict_of(closed), "refused_though_ready");
}

// --- forged from what was lawful

std::vector<operation*> all_of(history& h, deed what) {
  std::vector<operation*> all;
  for (operation& o : h.operations) {
    if (o.what == what && o.how == ending::done) all.push_back(&o);
  }
  std::sort(all.begin(), all.end(), [](const operation* a, const operation* b) { return a->begin < b->begin; });
  return all;
}

void take_out(history& h, const operation* o) { h.operations.erase(h.operations.begin() + (o - h.operations.data())); }

TEST(checker, finds_one_wrong_deed_among_many) {
  std::minstd_rand random(1);
  for (const std::size_t capacity : {0, 1, 5, 1000}) {
    const history good = kept(capacity, 3000, random, false);
    ASSERT_EQ(verdict_of(good), "lawful");
    const auto spoiled = [&](auto change) {
      history h = good;
      change(h, all_of(h, deed::send), all_of(h, deed::receive));
      return verdict_of(h);
    };
    using list = std::vector<operation*>;
    EXPECT_EQ(spoiled([](history& h, const list&, const list& r) { take_out(h, r[2]); }), "lost");
    EXPECT_EQ(spoiled([](history& h, const list& s, const list&) { take_out(h, s[0]); }), "invented");
    EXPECT_EQ(spoiled([](history&, const list&, const list& r) { r[0]->value = 1 << 30; }), "lost");
    EXPECT_EQ(spoiled([](history&, const list&, const list& r) { r[0]->value = r[1]->value; }), "twice");
    EXPECT_EQ(spoiled([](history&, const list&, const list& r) { std::swap(r[0]->value, r.back()->value); }),
              "before_sent");
    EXPECT_EQ(spoiled([](history& h, const list& s, const list&) {
                h.operations.push_back(threw(s[20]->begin, s[20]->begin, 1 << 30));
              }),
              "closed_without_close");
    EXPECT_EQ(spoiled([](history& h, const list& s, const list&) {
                h.operations.push_back(closes(s[20]->begin, s[20]->begin));
              }),
              "sent_after_close");
    EXPECT_EQ(spoiled([](history&, const list& s, const list& r) {
                // All sent before any is received.
                for (operation* o : s) o->begin = o->end = 0;
                for (operation* o : r) o->begin = o->end = 1;
              }),
              capacity == 0 ? "not_together" : "over_capacity");
  }
}

// --- against the search of all orders

struct score {
  int lawful = 0;
  int unlawful = 0;
  int let_pass = 0;  ///< has no order, and breaks no law
};

/// Never is one called bad that has an order.
score compare(std::size_t capacity, int histories, unsigned seed) {
  std::minstd_rand random(seed);
  score s;
  for (int i = 0; i < histories; ++i) {
    history h = kept(capacity, 4 + static_cast<std::size_t>(i) % 5, random);
    for (int n = i % 4; n > 0; --n) spoil(h, random);
    const bool orderly = has_order(h);
    h.refusals.clear();
    const auto v = find_violation(h);
    EXPECT_FALSE(orderly && v) << "capacity " << capacity << ", history " << i << ": " << name_of(v->broken) << ": "
                               << v->why;
    orderly ? ++s.lawful : ++s.unlawful;
    s.let_pass += !orderly && !v ? 1 : 0;
  }
  return s;
}

void expect_both_kinds(const score& s, int histories) {
  EXPECT_GT(s.lawful, histories / 10);
  EXPECT_GT(s.unlawful, histories / 10);
}

TEST(checker, agrees_with_all_orders_without_a_buffer) {
  const int n = static_cast<int>(scaled(20'000));
  const score s = compare(0, n, 11);
  EXPECT_EQ(s.let_pass, 0);
  expect_both_kinds(s, n);
}

TEST(checker, agrees_with_all_orders_while_the_buffer_has_room) {
  const int n = static_cast<int>(scaled(20'000));
  const score s = compare(100, n, 12);
  EXPECT_EQ(s.let_pass, 0);
  expect_both_kinds(s, n);
}

TEST(checker, calls_nothing_bad_that_has_an_order_when_the_buffer_fills) {
  const int n = static_cast<int>(scaled(20'000));
  for (const std::size_t capacity : {1, 2, 3}) {
    const score s = compare(capacity, n, 13);
    RecordProperty("let pass with " + std::to_string(capacity), s.let_pass);
    EXPECT_LT(s.let_pass, s.unlawful / 50) << "with room for " << capacity;
    expect_both_kinds(s, n);
  }
}

TEST(checker, lets_pass_every_lawful_refusal) {
  std::minstd_rand random(14);
  std::size_t refusals = 0;
  for (std::int64_t i = scaled(20'000); i > 0; --i) {
    const history h = kept(static_cast<std::size_t>(i) % 4, 30, random);
    refusals += h.refusals.size();
    EXPECT_EQ(verdict_of(h), "lawful") << i;
  }
  EXPECT_GT(refusals, 0u);
}

// --- size

/// One that sends and one that receives what came, four at a time in the buffer.
history million() {
  history h;
  h.channels = {{4, {}}};
  stamp now = 0;
  for (letter first = 0; first < letter(scaled(500'000)); first += 4) {
    for (letter v = first; v < first + 4; ++v, now += 2) h.operations.push_back(sent(now, now + 1, v));
    for (letter v = first; v < first + 4; ++v, now += 2) h.operations.push_back(received(now, now + 1, v));
    h.refusals.push_back({now, now + 1, {{0, deed::receive}}});
    now += 2;
  }
  return h;
}

TEST(checker, judges_a_million_operations_in_seconds) {
  history h = million();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(verdict_of(h), "lawful");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  auto& last = h.operations[h.operations.size() - 1].value;
  std::swap(last, h.operations[h.operations.size() - 2].value);
  EXPECT_EQ(verdict_of(h), "overtaken");
}

}  // namespace
