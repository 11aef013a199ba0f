// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <random>
#include <string>

#include "../test.hpp"
#include "conversation.hpp"
#include "request_cases.hpp"
#include "splits.hpp"

namespace {

using namespace warren;
using tests::conversation;
using tests::request_case;

const std::string next_request = "GET /next HTTP/1.1\r\nHost: next\r\n\r\n";
constexpr std::size_t long_text = 100'000;

/// A taken request is followed by the next one, which a wrong end of the first would swallow or split.
std::string sent(const request_case& c) { return c.refused == 0 ? c.bytes + next_request : c.bytes; }

void expect_as_demanded(const request_case& c, const conversation& got) {
  if (c.refused != 0) {
    EXPECT_EQ(got.refused, c.refused) << to_string(got);
    EXPECT_TRUE(got.accepted.empty()) << to_string(got);
    EXPECT_FALSE(got.unfinished);
    return;
  }
  EXPECT_EQ(got.refused, 0) << to_string(got);
  ASSERT_EQ(got.accepted.size(), 2U) << to_string(got);
  EXPECT_EQ(got.accepted[0].body, c.body);
  EXPECT_EQ(got.accepted[1].target, "/next");
  EXPECT_FALSE(got.unfinished);
}

class requests : public ::testing::TestWithParam<request_case> {};

TEST_P(requests, at_once) {
  expect_as_demanded(GetParam(), tests::converse(tests::at_once(sent(GetParam()))));
}

TEST_P(requests, byte_by_byte) {
  expect_as_demanded(GetParam(), tests::converse(tests::one_by_one(sent(GetParam()))));
}

TEST_P(requests, in_random_pieces) {
  const std::string text = sent(GetParam());
  const conversation whole = tests::converse(tests::at_once(text));
  std::mt19937 random(20260101);
  const std::int64_t rounds = text.size() > long_text ? 3 : tests::scaled(200);
  for (std::int64_t i = 0; i < rounds; ++i) {
    const conversation got = tests::converse(tests::at_random(text, random));
    ASSERT_TRUE(got == whole) << to_string(got) << " instead of " << to_string(whole);
  }
}

std::string name_of(const ::testing::TestParamInfo<request_case>& info) {
  std::string name = std::to_string(info.index) + "_" + std::string(info.param.name);
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(http, requests, ::testing::ValuesIn(tests::request_cases()), name_of);

/// The shortest beginning of the text that is refused; the whole size if there is none.
std::size_t refused_after(const std::string& text) {
  std::size_t good = 0;
  std::size_t bad = text.size();
  while (good + 1 < bad) {
    const std::size_t middle = good + (bad - good) / 2;
    (tests::converse({text.substr(0, middle)}).refused != 0 ? bad : good) = middle;
  }
  return bad;
}

struct early_case {
  std::string text;
  std::string_view up_to;  ///< the beginning of the text that must be refused, and no shorter one
};

TEST(http_requests, what_cannot_become_right_is_refused_at_that_byte) {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string ends = "\r\n\r\n";
  const early_case cases[] = {
      {"GET /a\x01z HTTP/1.1", "\x01"},
      {"GET * HTTP/1.1", "*"},
      {"GET !", "!"},
      {"GET /%zz HTTP/1.1", "%z"},
      {"GET / HTTP/2.0", "2"},
      {"GET / HTTPS", "S"},
      {"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "@"},
      {"GET / HTTP/1.1\r\n\r\n", "\r\n\r\n"},
      {post + "Content-Length: 5x" + ends, "5x"},
      {post + "Content-Length: +5" + ends, "+"},
      {post + "Content-Length: 5 5" + ends, "5 5"},
      {post + "Content-Length: 9223372036854775808" + ends, "9223372036854775808"},
      {post + "Content-Length: 12\r\nContent-Length: 13" + ends, "13"},
      {post + "Content-Length: 12\r\nTransfer-Encoding: chunked" + ends, "Encoding:"},
      {post + "Transfer-Encoding: gzip" + ends, "g: g"},
      {post + "Transfer-Encoding: chunkex" + ends, "ex"},
      {post + "Host: b" + ends, "a\r\nHost:"},
      {post + "X : y" + ends, "X "},
      {post + "X: a\r\n b" + ends, "a\r\n "},
      {post + "X: a\nY: b" + ends, "a\n"},
      {post + "X: a\rY: b" + ends, "a\rY"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5 \r\n", "5 "},
      {post + "Transfer-Encoding: chunked\r\n\r\n100000000000000000\r\n", "10000000000000000"},
      {post + "Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\n", "8000000000000000"},
      {post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX", "helloX"},
      {post + "Transfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\n\r\n", "0\r\nHost:"},
  };
  for (const early_case& c : cases) {
    const std::size_t end = c.text.rfind(c.up_to) + c.up_to.size();
    EXPECT_EQ(refused_after(c.text), end) << c.text << "\nnot after: " << c.text.substr(0, end);
  }
}

TEST(http_requests, the_size_of_a_chunk_has_more_than_32_bits) {
  const conversation got = tests::converse(
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000005\r\nhello\r\n0\r\n\r\n" +
       next_request});
  EXPECT_TRUE(got.accepted.empty()) << to_string(got);
  EXPECT_TRUE(got.unfinished);
}

TEST(http_requests, every_beginning_of_a_good_one_may_go_on) {
  for (const request_case& c : tests::request_cases()) {
    if (c.refused != 0 || c.bytes.size() > 2'000) continue;
    for (std::size_t n = 0; n < c.bytes.size(); ++n) {
      const conversation got = tests::converse({c.bytes.substr(0, n)});
      ASSERT_EQ(got.refused, 0) << c.name << " after " << n << " bytes: " << to_string(got);
    }
  }
}

TEST(http_requests, after_a_refused_one_nothing_is_read) {
  for (const request_case& c : tests::request_cases()) {
    if (c.refused == 0) continue;
    const conversation got = tests::converse({next_request + c.bytes + next_request});
    ASSERT_EQ(got.accepted.size(), 1U) << c.name << ": " << to_string(got);
  }
}

}  // namespace
