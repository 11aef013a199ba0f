// SPDX-License-Identifier: MIT
#include <warren/http/precondition.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "call.hpp"

namespace {

using namespace warren;
using http::condition;

constexpr const char* date = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* before = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* later = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::int64_t moment = 784111777;

using fields = std::vector<std::pair<const char*, const char*>>;

http::request with(const fields& all, std::string_view method = "GET") {
  http::request r = tests::request_for(method, "/");
  for (const auto& [name, value] : all) r.header.set(name, value);
  return r;
}

TEST(precondition, Conditions) {
  const struct {
    fields sent;
    const char* method;
    const char* etag;
    std::int64_t modified;
    condition expected;
  } cases[] = {
      {{}, "GET", "", 0, condition::met},
      {{{"If-Modified-Since", date}}, "GET", "", moment, condition::not_modified},
      {{{"If-Modified-Since", later}}, "GET", "", moment, condition::not_modified},
      {{{"If-Modified-Since", before}}, "GET", "", moment, condition::met},
      {{{"If-Modified-Since", date}}, "POST", "", moment, condition::met},
      {{{"If-Modified-Since", date}}, "GET", "", 0, condition::met},
      {{{"If-Modified-Since", "yesterday"}}, "GET", "", moment, condition::met},
      {{{"If-Unmodified-Since", date}}, "GET", "", moment, condition::met},
      {{{"If-Unmodified-Since", before}}, "GET", "", moment, condition::failed},
      {{{"If-Unmodified-Since", before}}, "GET", "", 0, condition::met},
      {{{"If-None-Match", "\"foo\""}}, "GET", "\"foo\"", 0, condition::not_modified},
      {{{"If-None-Match", "\"foo\""}}, "HEAD", "\"foo\"", 0, condition::not_modified},
      {{{"If-None-Match", "\"foo\""}}, "PUT", "\"foo\"", 0, condition::failed},
      {{{"If-None-Match", "\"baz\", W/\"foo\""}}, "GET", "\"foo\"", 0, condition::not_modified},
      {{{"If-None-Match", "\"baz\""}}, "GET", "\"foo\"", 0, condition::met},
      {{{"If-None-Match", "*"}}, "GET", "", 0, condition::not_modified},
      {{{"If-None-Match", "foo"}}, "GET", "foo", 0, condition::met},
      // A tag, even one that is none of it, makes the date not count.
      {{{"If-None-Match", "\"baz\""}, {"If-Modified-Since", date}}, "GET", "\"foo\"", moment, condition::met},
      {{{"If-Match", "\"foo\""}}, "GET", "\"foo\"", 0, condition::met},
      {{{"If-Match", "W/\"foo\""}}, "GET", "W/\"foo\"", 0, condition::failed},
      {{{"If-Match", "\"foo\""}}, "GET", "\"bar\"", 0, condition::failed},
      {{{"If-Match", "\"a\" , ,\"b\",\"foo\""}}, "GET", "\"foo\"", 0, condition::met},
      {{{"If-Match", "*"}}, "GET", "\"bar\"", 0, condition::met},
      {{{"If-Match", "\"foo\""}, {"If-Unmodified-Since", before}}, "GET", "\"foo\"", moment, condition::met},
      {{{"If-Match", "\"foo"}}, "GET", "\"foo", 0, condition::failed},
  };
  for (const auto& c : cases) {
    const auto got = check_conditions(with(c.sent, c.method), {c.etag, c.modified});
    EXPECT_EQ(got, c.expected) << c.method << ' ' << (c.sent.empty() ? "" : c.sent[0].first) << ' ' << c.etag;
  }
}

TEST(precondition, IfRange) {
  const struct {
    const char* field;
    const char* etag;
    std::int64_t modified;
    bool expected;
  } cases[] = {
      {"\"foo\"", "\"foo\"", 0, true},
      {"\"foo\"", "\"bar\"", 0, false},
      {"W/\"foo\"", "W/\"foo\"", 0, false},
      {date, "", moment, true},
      {later, "", moment, false},
      {before, "", moment, false},
      {date, "", 0, false},
      {"neither", "", moment, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(is_range_wanted(with({{"If-Range", c.field}}), {c.etag, c.modified}), c.expected) << c.field;
  }
  EXPECT_TRUE(is_range_wanted(with({}), {"", 0}));
}

}  // namespace
