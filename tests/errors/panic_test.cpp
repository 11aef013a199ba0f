// SPDX-License-Identifier: MIT
#include <warren/errors/panic.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

using warren::error;
using warren::nil;
using warren::panic;
using warren::panic_error;
namespace errors = warren::errors;

static_assert(std::is_base_of_v<std::runtime_error, panic_error>);
static_assert(std::is_nothrow_copy_constructible_v<panic_error>);

/// Returns: the panic_error that `f` ends with.
template <class F>
panic_error caught(F f) {
  try {
    f();
  } catch (const panic_error& e) {
    return e;
  }
  throw std::logic_error("nothing was thrown");
}

template <class Thrown, class F>
Thrown thrown(F f) {
  try {
    f();
  } catch (Thrown& value) {
    return std::move(value);
  }
  throw std::logic_error("nothing was thrown");
}

TEST(panic, throws_a_text_of_any_kind_as_a_panic_error) {
  std::string owned = "owned";
  const std::string fixed = "fixed";
  char array[] = "array";
  const char* pointer = "pointer";
  EXPECT_STREQ(caught([] { panic("literal"); }).what(), "literal");
  EXPECT_STREQ(caught([&] { panic(owned); }).what(), "owned");
  EXPECT_STREQ(caught([&] { panic(fixed); }).what(), "fixed");
  EXPECT_STREQ(caught([&] { panic(array); }).what(), "array");
  EXPECT_STREQ(caught([&] { panic(pointer); }).what(), "pointer");
  EXPECT_STREQ(caught([&] { panic(std::string_view(owned).substr(0, 3)); }).what(), "own");
  EXPECT_STREQ(caught([&] { panic(owned + "!"); }).what(), "owned!");
  EXPECT_TRUE(caught([] { panic("literal"); }).err() == nil);
}

struct own final : errors::base {
  std::string message() const override { return "own"; }
};

TEST(panic, gives_an_error_back) {
  error err = errors::wrap("open", errors::make("denied"));
  const error fixed = err;
  panic_error e = caught([&] { panic(err); });
  EXPECT_STREQ(e.what(), "open: denied");
  EXPECT_TRUE(e.err() == err);
  EXPECT_TRUE(caught([&] { panic(fixed); }).err() == err);
  EXPECT_TRUE(caught([&] { panic(error(err)); }).err() == err);
  panic_error mine = caught([] { panic(own{}); });
  EXPECT_STREQ(mine.what(), "own");
  EXPECT_NE(errors::as<own>(mine.err()), nullptr);
}

constexpr errors::sentinel global_object{"global"};
constexpr error global{global_object};

TEST(panic, gives_a_global_error_back) {
  EXPECT_TRUE(caught([] { panic(global); }).err() == global);
  EXPECT_TRUE(caught([] { panic(global_object); }).err() == global);
}

TEST(panic, with_nil_says_so) {
  const char* want = "runtime error: panic called with nil argument";
  EXPECT_STREQ(caught([] { panic(nil); }).what(), want);
  EXPECT_STREQ(caught([] { panic(nullptr); }).what(), want);
  EXPECT_STREQ(caught([] { panic(error()); }).what(), want);
  error none;
  EXPECT_STREQ(caught([&] { panic(none); }).what(), want);
  EXPECT_TRUE(caught([] { panic(nil); }).err() == nil);
}

TEST(panic, throws_anything_else_as_it_is) {
  EXPECT_EQ(thrown<int>([] { panic(42); }), 42);
  const double fixed = 2.5;
  EXPECT_EQ(thrown<double>([&] { panic(fixed); }), 2.5);
  int array[] = {1, 2};
  EXPECT_EQ(thrown<int*>([&] { panic(array); }), array);
  auto p = std::make_unique<int>(3);
  EXPECT_EQ(*thrown<std::unique_ptr<int>>([&] { panic(std::move(p)); }), 3);
}

TEST(panic, keeps_the_type_of_an_exception) {
  EXPECT_STREQ(thrown<std::out_of_range>([] { panic(std::out_of_range("far")); }).what(), "far");
  panic_error again = caught([] {
    try {
      panic(global);
    } catch (const panic_error& e) {
      panic(e);
    }
  });
  EXPECT_TRUE(again.err() == global);
}

TEST(panic, is_recovered_as_a_standard_exception) {
  std::string what;
  try {
    panic("boom");
  } catch (const std::exception& e) {
    what = e.what();
  }
  EXPECT_EQ(what, "boom");
}

[[noreturn]] void always() { panic("never returns"); }

int ends_in_a_panic(bool value) {
  if (value) return 1;
  panic("no value");
}

TEST(panic, does_not_return) {
  EXPECT_THROW(always(), panic_error);
  EXPECT_EQ(ends_in_a_panic(true), 1);
  EXPECT_THROW(ends_in_a_panic(false), panic_error);
}

}  // namespace
