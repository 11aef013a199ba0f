// SPDX-License-Identifier: MIT
// glibc's <error.h> has a function `error`; beside it `warren::error` is written in full.
#include <error.h>
#include <gtest/gtest.h>
#include <warren/errors/panic.hpp>
#include <warren/errors/result.hpp>

#include <string>

using namespace warren;
using namespace std;

namespace {

result<int> number(const string& text) {
  if (text.empty()) return {0, errors::make("empty")};
  return {static_cast<int>(text.size()), nil};
}

TEST(error_h, leaves_the_qualified_name) {
  warren::error err = number("").err();
  EXPECT_EQ(to_string(err), "empty");
  auto [n, none] = number("abc");
  EXPECT_EQ(n, 3);
  EXPECT_TRUE(none == nil);
}

TEST(error_h, keeps_its_function) {
  EXPECT_EXIT(::error(4, 0, "%s", number("").err().message().c_str()), testing::ExitedWithCode(4), "empty");
}

}  // namespace
