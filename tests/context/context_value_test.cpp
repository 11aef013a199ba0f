// SPDX-License-Identifier: MIT
#include <warren/context/context_value.hpp>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <warren/context/context.hpp>

#include "test.hpp"

namespace warren {
namespace {

using namespace std::string_view_literals;

struct key1 {
  int n;
  bool operator==(const key1&) const = default;
};
struct key2 {
  int n;
  bool operator==(const key2&) const = default;
  friend std::string to_string(const key2& k) { return "key2(" + std::to_string(k.n) + ")"; }
};
enum class color { red, green };

const key1 k1{1};
const key2 k2{1};  // same number, another type
const key2 k3{3};  // same type, another number

void check(const context& c, const char* name, std::string v1, std::string v2, std::string v3) {
  const auto value = [&](const auto& key) {
    const context_value v = c.value(key);
    EXPECT_EQ(static_cast<bool>(v), v.get_if<std::string>() != nullptr);
    return v ? v.as<std::string>() : "";
  };
  EXPECT_EQ(value(k1), v1) << name;
  EXPECT_EQ(value(k2), v2) << name;
  EXPECT_EQ(value(k3), v3) << name;
}

WARREN_TEST(context_value, TestValues) {
  check(context::background(), "c0", "", "", "");

  const context c1 = context::with_value(context::background(), k1, "c1k1");
  check(c1, "c1", "c1k1", "", "");
  EXPECT_EQ(to_string(c1), "context.Background.WithValue(warren::(anonymous namespace)::key1, c1k1)");

  const context c2 = context::with_value(c1, k2, "c2k2");
  check(c2, "c2", "c1k1", "c2k2", "");
  EXPECT_EQ(to_string(c2), to_string(c1) + ".WithValue(key2(1), c2k2)");

  const context c3 = context::with_value(c2, k3, "c3k3");
  check(c3, "c3", "c1k1", "c2k2", "c3k3");

  const context c4 = context::with_value(c3, k1, nil);
  check(c4, "c4", "", "c2k2", "c3k3");
  EXPECT_EQ(to_string(c4), to_string(c3) + ".WithValue(warren::(anonymous namespace)::key1, <nil>)");

  auto [c5, cancel] = context::with_cancel(c3);
  const context c6 = context::with_value(c5, k2, "c6k2");
  check(c6, "c6", "c1k1", "c6k2", "c3k3");
  check(context::with_value(context::without_cancel(c6), k3, nil), "c7", "c1k1", "c6k2", "");
}

WARREN_TEST(context_value, TextOfAnyKind) {
  const char array[] = "key";
  char* pointer = const_cast<char*>(array);
  const std::string string = "key";
  context ctx = context::with_value(context::background(), array, "array");
  EXPECT_EQ(ctx.value("key").as<std::string>(), "array");
  EXPECT_EQ(ctx.value(pointer).as<std::string>(), "array");
  EXPECT_EQ(ctx.value("key"sv).as<std::string>(), "array");
  EXPECT_EQ(ctx.value(string).as<std::string>(), "array");
  EXPECT_FALSE(ctx.value("kez"));
  EXPECT_FALSE(ctx.value("keys"sv));
  EXPECT_FALSE(ctx.value(static_cast<const char*>(nullptr)));
  EXPECT_FALSE(ctx.value(nil));

  ctx = context::with_value(ctx, pointer, "pointer"sv);
  EXPECT_EQ(ctx.value(array).as<std::string>(), "pointer");
  ctx = context::with_value(ctx, string, string);
  EXPECT_EQ(ctx.value(array).as<std::string>(), "key");
  ctx = context::with_value(ctx, "key"sv, static_cast<const char*>(nullptr));
  EXPECT_FALSE(ctx.value(array));
  EXPECT_EQ(to_string(ctx),
            "context.Background.WithValue(key, array).WithValue(key, pointer).WithValue(key, key).WithValue(key, <nil>)");

  // The text is the context's own.
  std::string changes = "before";
  ctx = context::with_value(ctx, std::string_view(changes), std::string_view(changes));
  changes = "after!";
  EXPECT_EQ(ctx.value("before").as<std::string>(), "before");
}

int function(int n) { return n; }

WARREN_TEST(context_value, KeysAndValuesOfAnyType) {
  static int anchor;
  context ctx = context::with_value(context::background(), 1, 10);
  ctx = context::with_value(ctx, 1u, 11u);
  ctx = context::with_value(ctx, 1.0, 12.0);
  ctx = context::with_value(ctx, color::red, color::green);
  ctx = context::with_value(ctx, &anchor, std::make_unique<int>(13));
  ctx = context::with_value(ctx, function, function);
  ctx = context::with_value(ctx, std::pair(1, 2), std::array<int, 2>{14, 15});
  EXPECT_EQ(ctx.value(1).as<int>(), 10);
  EXPECT_EQ(ctx.value(1u).as<unsigned>(), 11u);
  EXPECT_EQ(ctx.value(1.0).as<double>(), 12.0);
  EXPECT_EQ(ctx.value(color::red).as<color>(), color::green);
  EXPECT_FALSE(ctx.value(color::green));
  EXPECT_EQ(*ctx.value(&anchor).as<std::unique_ptr<int>>(), 13);
  EXPECT_EQ(ctx.value(function).as<int (*)(int)>()(16), 16);
  EXPECT_EQ((ctx.value(std::pair(1, 2)).as<std::array<int, 2>>()[1]), 15);
  EXPECT_FALSE(ctx.value(1L));
  const int lvalue = 1;
  EXPECT_EQ(ctx.value(lvalue).as<int>(), 10);
}

WARREN_TEST(context_value, BadContextValue) {
  const context ctx = context::with_value(context::background(), "key", "text");
  const context_value v = ctx.value("key");
  EXPECT_EQ(v.get_if<int>(), nullptr);
  try {
    (void)v.as<int>();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const bad_context_value& e) {
    EXPECT_STREQ(e.what(), "interface conversion: interface {} is std::string, not int");
  }
  try {
    (void)context_value().as<key1>();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::bad_cast& e) {
    EXPECT_STREQ(e.what(), "interface conversion: interface {} is nil, not warren::(anonymous namespace)::key1");
  }
}

WARREN_TEST(context_value, SharesOwnership) {
  auto token = std::make_shared<int>(7);
  context_value v;
  {
    const context ctx = context::with_value(context::background(), k1, token);
    v = ctx.value(k1);
    const context_value copy = v;
    context_value moved = copy;
    v = std::move(moved);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 2);
  EXPECT_EQ(*v.as<std::shared_ptr<int>>(), 7);
  v = {};
  EXPECT_EQ(token.use_count(), 1);
}

WARREN_TEST(context_value, ValueOfATemporaryIsACopy) {
  const auto& text = context::with_value(context::background(), 1, "a text that is longer than a small one").value(1).as<std::string>();
  EXPECT_EQ(text, "a text that is longer than a small one");
}

WARREN_TEST(context_value, CopyThatThrows) {
  struct bad {
    bad() = default;
    bad(const bad&) { throw std::runtime_error("no copy"); }
  };
  auto token = std::make_shared<int>(1);
  auto [ctx, cancel] = context::with_cancel(context::with_value(context::background(), 1, token));
  const bad b;
  EXPECT_THROW(context::with_value(ctx, "key", b), std::runtime_error);
  ctx = nil;
  EXPECT_EQ(token.use_count(), 1);
}

// A value may be a context: it goes with the one that holds it.
WARREN_TEST(context_value, ContextsAsValues) {
  auto token = std::make_shared<int>(1);
  context ctx = context::with_value(context::background(), 1, token);
  for (int i = 0; i < 100; i++) ctx = context::with_value(context::background(), 2, ctx);
  EXPECT_EQ(token.use_count(), 2);
  EXPECT_TRUE(ctx.value(2).as<context>().value(2));
  ctx = nil;
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace warren
