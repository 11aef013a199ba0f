// SPDX-License-Identifier: MIT
#include <warren/errors/nil.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <type_traits>

namespace {

using warren::nil;

static_assert(std::is_same_v<decltype(nil), const std::nullptr_t>);

std::function<int()> no_function() { return nil; }

TEST(nil, is_the_empty_std_function) {
  std::function<int()> f = no_function();
  EXPECT_TRUE(f == nil);
  f = [] { return 7; };
  EXPECT_TRUE(f != nil);
  EXPECT_EQ(f(), 7);
  f = nil;
  EXPECT_FALSE(f);
}

TEST(nil, is_the_null_of_pointers) {
  auto p = std::make_unique<int>(1);
  EXPECT_TRUE(p != nil);
  p = nil;
  EXPECT_TRUE(p == nil);
}

}  // namespace
