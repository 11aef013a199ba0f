// SPDX-License-Identifier: MIT
#include <warren/errors/error.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace {

using warren::error;
using warren::nil;
namespace errors = warren::errors;

static_assert(sizeof(error) == sizeof(void*));
static_assert(std::is_nothrow_copy_constructible_v<error> && std::is_nothrow_move_constructible_v<error>);
static_assert(std::is_nothrow_copy_assignable_v<error> && std::is_nothrow_move_assignable_v<error>);
static_assert(std::is_nothrow_default_constructible_v<error>);
static_assert(!std::is_convertible_v<error, bool>, "only `if (e)`");
static_assert(!std::is_constructible_v<error, int> && !std::is_constructible_v<error, bool>);
static_assert(!std::is_constructible_v<error, const char*> && !std::is_constructible_v<error, std::string>);
static_assert(!std::is_constructible_v<error, const errors::base&>, "a slice of an unknown type is no error");

/// Counts the objects of its kind that are alive.
class counted : public errors::base {
 public:
  explicit counted(int& alive, std::string text = "counted") : alive_(&alive), text_(std::move(text)) {
    ++*alive_;
  }
  counted(const counted& other) : base(other), alive_(other.alive_), text_(other.text_) { ++*alive_; }
  counted& operator=(const counted&) = delete;
  ~counted() override { --*alive_; }

  std::string message() const override { return text_; }

 private:
  int* alive_;
  std::string text_;
};

TEST(error, is_nil_by_default) {
  error e;
  EXPECT_TRUE(e == nil);
  EXPECT_TRUE(nil == e);
  EXPECT_FALSE(e != nil);
  EXPECT_FALSE(e);
  EXPECT_TRUE(e == error());
  EXPECT_EQ(e.get(), nullptr);
}

TEST(error, prints_nil_in_angle_brackets) {
  error e;
  std::ostringstream out;
  out << e;
  EXPECT_EQ(out.str(), "<nil>");
  EXPECT_EQ(e.message(), "<nil>");
  EXPECT_EQ(to_string(e), "<nil>");
}

TEST(error, prints_its_text) {
  error e = errors::make("no such host");
  std::ostringstream out;
  out << e;
  EXPECT_EQ(out.str(), "no such host");
  EXPECT_EQ(e.message(), "no such host");
  EXPECT_EQ(to_string(e), "no such host");
}

TEST(error, make_takes_every_kind_of_text) {
  std::string text = "owned";
  error from_string = errors::make(text);
  error from_view = errors::make(std::string_view(text).substr(0, 3));
  text = "other";
  EXPECT_EQ(from_string.message(), "owned");
  EXPECT_EQ(from_view.message(), "own");
  EXPECT_EQ(errors::make("").message(), "");
  EXPECT_TRUE(errors::make("") != nil);
}

TEST(error, is_compared_by_identity) {
  error a = errors::make("same");
  error b = errors::make("same");
  error c = a;
  EXPECT_TRUE(a == c);
  EXPECT_FALSE(a == b);
  EXPECT_TRUE(a != b);
}

TEST(error, is_assigned_and_made_from_nil) {
  error e = errors::make("x");
  EXPECT_TRUE(e);
  e = nil;
  EXPECT_TRUE(e == nil);
  error made = nil;
  EXPECT_TRUE(made == nil);
  auto returns_nil = []() -> error { return nil; };
  EXPECT_TRUE(returns_nil() == nil);
}

TEST(error, shares_one_object_between_copies_and_destroys_it_with_the_last) {
  int alive = 0;
  {
    error a = errors::of<counted>(alive);
    EXPECT_EQ(alive, 1);
    error b = a;
    EXPECT_EQ(a.get(), b.get());
    EXPECT_EQ(alive, 1);
    a = nil;
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(b.message(), "counted");
  }
  EXPECT_EQ(alive, 0);
}

TEST(error, leaves_nil_behind_when_moved) {
  int alive = 0;
  error a = errors::of<counted>(alive);
  error b = std::move(a);
  EXPECT_TRUE(a == nil);
  EXPECT_EQ(alive, 1);
  error c = errors::make("old");
  c = std::move(b);
  EXPECT_TRUE(b == nil);
  EXPECT_EQ(c.message(), "counted");
  c = nil;
  EXPECT_EQ(alive, 0);
}

TEST(error, survives_assignment_to_itself) {
  int alive = 0;
  error e = errors::of<counted>(alive);
  error& same = e;
  e = same;
  EXPECT_EQ(e.message(), "counted");
  e = std::move(same);
  EXPECT_EQ(e.message(), "counted");
  EXPECT_EQ(alive, 1);
}

TEST(error, takes_the_place_of_the_error_that_holds_it) {
  error inner = errors::make("inner");
  error e = errors::wrap("outer", inner);
  e = errors::unwrap(e);
  EXPECT_TRUE(e == inner);
}

TEST(error, hashes_by_identity) {
  error a = errors::make("a");
  error b = errors::make("a");
  std::unordered_set<error> seen{a, b, a, nil, error()};
  EXPECT_EQ(seen.size(), 3u);
  EXPECT_TRUE(seen.contains(a));
  EXPECT_FALSE(seen.contains(errors::make("a")));
}

/// An own type in the form in which most are written.
struct no_route : errors::base {
  std::string host;
  int port;

  no_route(std::string h, int p) : host(std::move(h)), port(p) {}
  std::string message() const override { return "no route to " + host + ":" + std::to_string(port); }
};

error connect(bool works) {
  if (works) return nil;
  return no_route{"example", 80};
}

TEST(error, is_made_from_an_own_type_by_a_plain_return) {
  error err = connect(false);
  EXPECT_EQ(err.message(), "no route to example:80");
  const no_route* found = errors::as<no_route>(err);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->port, 80);
  EXPECT_TRUE(connect(true) == nil);
}

TEST(error, copies_an_own_object_that_has_a_name) {
  no_route mine{"first", 1};
  error err = mine;
  mine.host = "changed";
  EXPECT_EQ(err.message(), "no route to first:1");
  error other = mine;
  EXPECT_FALSE(err == other);
  err = no_route{"third", 3};
  EXPECT_EQ(err.message(), "no route to third:3");
}

struct move_only final : errors::base {
  std::unique_ptr<int> number;
  explicit move_only(int n) : number(std::make_unique<int>(n)) {}
  std::string message() const override { return std::to_string(*number); }
};

TEST(error, moves_an_own_object_that_cannot_be_copied) {
  error err = move_only{42};
  EXPECT_EQ(err.message(), "42");
  EXPECT_EQ(errors::of<move_only>(43).message(), "43");
}

TEST(error, destroys_what_it_copied) {
  int alive = 0;
  {
    counted mine(alive);
    error err = mine;
    EXPECT_EQ(alive, 2);
    error moved = counted(alive, "temporary");
    EXPECT_EQ(alive, 3);
  }
  EXPECT_EQ(alive, 0);
}

/// Its constructor from `error` must not make the conversion to `error` ask about itself.
struct op_error : errors::base {
  error cause;
  op_error(error c) : cause(std::move(c)) {}
  std::string message() const override { return "op: " + cause.message(); }
  error unwrap() const override { return cause; }
};

TEST(error, is_made_from_an_own_type_that_is_made_from_an_error) {
  error cause = errors::make("cause");
  error err = op_error{cause};
  EXPECT_EQ(err.message(), "op: cause");
  op_error named{cause};
  error copy = named;
  EXPECT_TRUE(errors::unwrap(copy) == cause);
}

template <class A, class B>
concept comparable = requires(const A& a, const B& b) {
  a == b;
};

TEST(error, does_not_compare_with_a_fresh_own_object) {
  static_assert(comparable<error, error>);
  static_assert(comparable<error, std::nullptr_t>);
  static_assert(!comparable<error, no_route>, "it would be false for every one");
  static_assert(!comparable<no_route, error>);
}

TEST(error, works_where_values_do) {
  std::optional<error> maybe = errors::make("x");
  EXPECT_EQ(maybe->message(), "x");
  error a = errors::make("a");
  error b = errors::make("b");
  std::swap(a, b);
  EXPECT_EQ(a.message(), "b");
  error chosen = a == b ? nil : a;
  EXPECT_TRUE(chosen == a);
}

}  // namespace
