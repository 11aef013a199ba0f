// SPDX-License-Identifier: MIT
// The expected values are what Go 1.27 answers.
#include <warren/http/cookie.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace warren;

struct set_cookie_case {
  std::string line;
  const char* want;  ///< written again; null: it is none
};

// clang-format off
const std::vector<set_cookie_case> set_cookie_cases = {
    {"Cookie-1=v$1", "Cookie-1=v$1"},
    {"NID=99=YsDT5i3E-CXax-; expires=Wed, 23-Nov-2011 01:05:03 GMT; path=/; domain=.google.ch; HttpOnly", "NID=99=YsDT5i3E-CXax-; Path=/; Domain=google.ch; Expires=Wed, 23 Nov 2011 01:05:03 GMT; HttpOnly"},
    {".ASPXAUTH=7E3AA; expires=Wed, 07-Mar-2012 14:25:06 GMT; path=/; HttpOnly", ".ASPXAUTH=7E3AA; Path=/; Expires=Wed, 07 Mar 2012 14:25:06 GMT; HttpOnly"},
    {"ASP.NET_SessionId=foo; path=/; HttpOnly", "ASP.NET_SessionId=foo; Path=/; HttpOnly"},
    {"s=x; SameSite=Lax", "s=x; SameSite=Lax"},
    {"s=x; samesite=STRICT", "s=x; SameSite=Strict"},
    {"s=x; SameSite=None; Secure; Partitioned", "s=x; Secure; SameSite=None; Partitioned"},
    {"s=x; SameSite=bad", "s=x"},
    {"s=x; Max-Age=3600", "s=x; Max-Age=3600"},
    {"s=x; Max-Age=-1", "s=x; Max-Age=0"},
    {"s=x; Max-Age=0", "s=x; Max-Age=0"},
    {"s=x; Max-Age=03", "s=x"},
    {"s=x; Max-Age=a", "s=x"},
    {"special-1=a z", "special-1=\"a z\""},
    {"special-2=\"a z\"", "special-2=\"a z\""},
    {"special-3=\"a,z\"", "special-3=\"a,z\""},
    {"empty=", "empty="},
    {"empty-q=\"\"", "empty-q=\"\""},
    {"=x", nullptr},
    {"x", nullptr},
    {"a b=c", nullptr},
    {"a=b\"c", nullptr},
    {"a=b;;path=\"/x\";path=/y", "a=b; Path=/y"},
    {"a=b; expires=Wed, 23 Nov 2011 01:05:03 GMT", "a=b; Expires=Wed, 23 Nov 2011 01:05:03 GMT"},
    {" a = b ; secure", "a=\" b\"; Secure"},
};
// clang-format on

TEST(http_cookie, parse_set_cookie) {
  for (const set_cookie_case& c : set_cookie_cases) {
    const std::optional<http::cookie> got = http::parse_set_cookie(c.line);
    ASSERT_EQ(got.has_value(), c.want != nullptr) << c.line;
    if (got.has_value()) {
      EXPECT_EQ(to_string(*got), c.want) << c.line;
    }
  }
}

struct cookies_case {
  std::string line;
  std::string want;  ///< name, value and whether it was quoted, a line each
};

const std::vector<cookies_case> cookies_cases = {
    {"a=b", "a|b|false\012"},
    {"a=b; c=d", "a|b|false\012c|d|false\012"},
    {"a=b;c=d", "a|b|false\012c|d|false\012"},
    {"a=\"b\"; c", "a|b|true\012c||false\012"},
    {"  a=b", "a|b|false\012"},
    {"a=b; a=c", "a|b|false\012a|c|false\012"},
    {"a=b c", "a|b c|false\012"},
    {"a=b\"c; d=e", "d|e|false\012"},
    {"=x; y=z", "y|z|false\012"},
    {"a=;b=c", "a||false\012b|c|false\012"},
    {"a=\"b c,d\"", "a|b c,d|true\012"},
    {"a b=c; d=e", "d|e|false\012"},
};

TEST(http_cookie, read_cookies) {
  for (const cookies_case& c : cookies_cases) {
    http::header h;
    h.set("Cookie", c.line);
    std::string got;
    for (const http::cookie& one : http::read_cookies(h)) {
      got += one.name + '|' + one.value + '|' + (one.quoted ? "true" : "false") + '\n';
    }
    EXPECT_EQ(got, c.want) << c.line;
  }
}

TEST(http_cookie, read_cookie) {
  http::header h;
  EXPECT_EQ(http::read_cookie(h, "a"), std::nullopt);
  h.add("Cookie", "x=1; a=\"2\"");
  h.add("Cookie", "a=3; b=4");
  EXPECT_EQ(http::read_cookie(h, "a"), "2");
  EXPECT_EQ(http::read_cookie(h, "b"), "4");
  EXPECT_EQ(http::read_cookie(h, "A"), std::nullopt);
}

TEST(http_cookie, too_many_are_none) {
  std::string line = "a=1";
  for (int i = 0; i < 2999; ++i) line += ";b=2";
  http::header h;
  h.set("Cookie", line);
  EXPECT_EQ(http::read_cookies(h).size(), 3000U);
  h.set("Cookie", line + ";c=3");
  EXPECT_TRUE(http::read_cookies(h).empty());
}

TEST(http_cookie, what_may_not_stand_in_a_line_is_left_out) {
  http::cookie c;
  EXPECT_EQ(to_string(c), "");
  c.name = "bad name";
  EXPECT_EQ(to_string(c), "");
  c.name = "n";
  c.value = "a\r\nSet-Cookie: x=y;\"\\z";
  c.path = "/p;\r\n";
  c.domain = "exa mple.com";
  EXPECT_EQ(to_string(c), "n=\"aSet-Cookie: x=yz\"; Path=/p");
}

TEST(http_cookie, domains) {
  const std::pair<std::string, bool> cases[] = {
      {"example.com", true},
      {".example.com", true},
      {"127.0.0.1", true},
      {"::1", false},
      {"a-b.c", true},
      {"-a.b", false},
      {"a-.b", false},
      {"a..b", false},
      {"a_b.c", false},
      {"", false},
      {std::string(64, 'a') + ".b", false},
      {std::string(63, 'a') + ".b", true},
  };
  for (const auto& [domain, good] : cases) {
    http::cookie c;
    c.name = "n";
    c.domain = domain;
    EXPECT_EQ(to_string(c).find("Domain") != std::string::npos, good) << domain;
  }
}

TEST(http_cookie, expires_within_what_can_be_written) {
  http::cookie c;
  c.name = "n";
  c.expires = 0;
  EXPECT_EQ(to_string(c), "n=; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  for (const std::int64_t never : {-11'644'473'601LL, 253'402'300'800LL}) {
    c.expires = never;
    EXPECT_EQ(to_string(c), "n=");
  }
}

TEST(http_cookie, set_and_add) {
  http::header h;
  http::cookie c;
  http::set_cookie(h, c);
  EXPECT_TRUE(h.empty());
  c.name = "a";
  c.value = "b c";
  c.secure = true;
  http::set_cookie(h, c);
  http::set_cookie(h, c);
  EXPECT_EQ(h.values("Set-Cookie"), (std::vector<std::string>(2, "a=\"b c\"; Secure")));
  const std::vector<http::cookie> read = http::read_set_cookies(h);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].value, "b c");

  http::add_cookie(h, c);
  c.name = "x\r\ny";
  c.value = "z";
  http::add_cookie(h, c);
  EXPECT_EQ(h.get("Cookie"), "a=\"b c\"; x--y=z");
}

}  // namespace
