// SPDX-License-Identifier: MIT
#include <warren/errors/result.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using warren::error;
using warren::nil;
using warren::result;
namespace errors = warren::errors;

static_assert(std::is_base_of_v<std::pair<int, error>, result<int>>);
static_assert(std::is_convertible_v<result<int>, std::pair<int, error>>);
static_assert(sizeof(result<int>) == sizeof(std::pair<int, error>));
static_assert(std::is_nothrow_move_constructible_v<result<std::string>>);
static_assert(!std::is_copy_constructible_v<result<std::unique_ptr<int>>>);

result<int> half(int n) {
  if (n % 2 != 0) return {0, errors::make("odd")};
  return {n / 2, nil};
}

TEST(result, is_taken_apart_into_new_names) {
  auto [v, err] = half(8);
  static_assert(std::is_same_v<decltype(v), int> && std::is_same_v<decltype(err), error>);
  EXPECT_EQ(v, 4);
  EXPECT_TRUE(err == nil);
  const auto [none, odd] = half(3);
  EXPECT_EQ(none, 0);
  EXPECT_EQ(odd.message(), "odd");
}

TEST(result, is_tied_to_names_that_exist) {
  int v = -1;
  error err;
  std::tie(v, err) = half(3);
  EXPECT_EQ(v, 0);
  EXPECT_TRUE(err != nil);
  std::tie(v, err) = half(6);
  EXPECT_EQ(v, 3);
  EXPECT_TRUE(err == nil);
  std::tie(std::ignore, err) = half(5);
  EXPECT_EQ(err.message(), "odd");
  long wider = 0;
  std::tie(wider, std::ignore) = half(10);
  EXPECT_EQ(wider, 5);
}

TEST(result, has_names_for_its_halves) {
  result<int> r = half(8);
  EXPECT_EQ(r.value(), 4);
  EXPECT_TRUE(r.err() == nil);
  r.value() = 9;
  EXPECT_EQ(r.first, 9);
  const result<int>& fixed = r;
  EXPECT_EQ(fixed.value(), 9);
  EXPECT_EQ(half(7).err().message(), "odd");
  static_assert(std::is_same_v<decltype(r.value()), int&>);
  static_assert(std::is_same_v<decltype(fixed.value()), const int&>);
  static_assert(std::is_same_v<decltype(half(1).value()), int>, "not a reference into what is gone");
  static_assert(std::is_same_v<decltype(half(1).err()), error>);
}

result<std::unique_ptr<int>> make_one(bool works) {
  auto p = std::make_unique<int>(5);
  if (!works) return {nullptr, errors::make("no memory")};
  return {std::move(p), nil};
}

TEST(result, holds_a_value_that_can_only_be_moved) {
  auto [p, err] = make_one(true);
  ASSERT_TRUE(err == nil);
  std::unique_ptr<int> mine = std::move(p);
  EXPECT_EQ(*mine, 5);

  std::tie(mine, err) = make_one(false);
  EXPECT_EQ(mine, nullptr);
  EXPECT_EQ(err.message(), "no memory");

  std::unique_ptr<int> taken = make_one(true).value();
  EXPECT_EQ(*taken, 5);
  result<std::unique_ptr<int>> r = make_one(true);
  r = make_one(false);
  EXPECT_EQ(r.value(), nullptr);
  taken = std::move(r).value();
  EXPECT_EQ(taken, nullptr);
}

result<std::string> greeting(int kind) {
  const std::string named = "named";
  std::string value = "value";
  error err = errors::make("err");
  switch (kind) {
    case 0:
      return {named, nil};
    case 1:
      return {"literal", nil};
    case 2:
      return {std::string{}, err};
    case 3:
      return {{}, err};
    case 4:
      return {value, err};
    case 5:
      return {std::move(value), error()};
    default:
      return {};
  }
}

TEST(result, is_returned_in_every_form) {
  EXPECT_EQ(greeting(0).value(), "named");
  EXPECT_EQ(greeting(1).value(), "literal");
  EXPECT_EQ(greeting(2).err().message(), "err");
  EXPECT_EQ(greeting(3).value(), "");
  EXPECT_EQ(greeting(3).err().message(), "err");
  EXPECT_EQ(greeting(4).value(), "value");
  EXPECT_EQ(greeting(5).value(), "value");
  EXPECT_TRUE(greeting(5).err() == nil);
  EXPECT_TRUE(greeting(6).err() == nil);
  EXPECT_EQ(greeting(6).value(), "");
}

struct own final : errors::base {
  std::string message() const override { return "own"; }
};

TEST(result, takes_an_own_error_and_a_handle_as_value) {
  auto fails = []() -> result<std::size_t> { return {0, own{}}; };
  auto r = fails();
  EXPECT_NE(errors::as<own>(r.err()), nullptr);
  auto nothing = []() -> result<error> { return {nil, nil}; };
  EXPECT_TRUE(nothing().value() == nil);
}

/// No default, no copy.
struct strict {
  int n;
  explicit strict(int i) : n(i) {}
  strict(strict&&) = default;
  strict& operator=(strict&&) = default;
};

TEST(result, needs_no_default_constructor) {
  static_assert(!std::is_default_constructible_v<result<strict>>);
  auto make = []() -> result<strict> { return {strict(3), nil}; };
  auto [s, err] = make();
  EXPECT_EQ(s.n, 3);
  EXPECT_TRUE(err == nil);
}

TEST(result, keeps_the_value_of_a_temporary_for_a_loop) {
  auto list = []() -> result<std::vector<int>> { return {{1, 2, 3}, nil}; };
  int sum = 0;
  for (int i : list().value()) sum += i;
  EXPECT_EQ(sum, 6);
}

TEST(result, compares_and_converts_as_a_pair) {
  EXPECT_TRUE(half(4) == half(8) || half(8) == half(8));
  EXPECT_FALSE(half(3) == half(3)) << "two different errors";
  std::pair<int, error> pair = half(8);
  EXPECT_EQ(pair.first, 4);
  EXPECT_EQ(std::get<0>(half(8)), 4);
  auto f = [](std::pair<int, error> p) { return p.first; };
  EXPECT_EQ(f(half(2)), 1);
}

}  // namespace
