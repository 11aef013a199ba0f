// SPDX-License-Identifier: MIT
#include <warren/http/quote.hpp>

#include <gtest/gtest.h>

#include <string_view>

namespace {

using namespace std::string_view_literals;
using warren::http::quote;

TEST(quote, AsGo) {
  EXPECT_EQ(quote(""), R"("")");
  EXPECT_EQ(quote("plain text"), R"("plain text")");
  EXPECT_EQ(quote(R"(say "hi" \o/)"), R"("say \"hi\" \\o/")");
  EXPECT_EQ(quote("\a\b\f\n\r\t\v"), R"("\a\b\f\n\r\t\v")");
  EXPECT_EQ(quote("\x00\x1f\x7f"sv), R"("\x00\x1f\x7f")");
  EXPECT_EQ(quote("caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80"),
            "\"caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80\"");
}

TEST(quote, WhatIsNoUtf8) {
  EXPECT_EQ(quote("\xFF"), R"("\xff")");
  EXPECT_EQ(quote("\xC3"), R"("\xc3")");
  EXPECT_EQ(quote("\xC0\x80"), R"("\xc0\x80")");
  EXPECT_EQ(quote("\xE0\x80\x80"), R"("\xe0\x80\x80")");
  EXPECT_EQ(quote("\xED\xA0\x80"), R"("\xed\xa0\x80")");
  EXPECT_EQ(quote("\xF4\x90\x80\x80"), R"("\xf4\x90\x80\x80")");
  EXPECT_EQ(quote("\xE2\x98x"), R"("\xe2\x98x")");
}

}  // namespace
