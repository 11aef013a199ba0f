// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's net/http (serve_test).
#include <warren/http/html_escape.hpp>
#include <warren/http/replies.hpp>
#include <warren/http/response_writer.hpp>

#include <gtest/gtest.h>

#include <string>

#include "call.hpp"

namespace {

using namespace warren;
using tests::answer;
using tests::call;
using tests::get;
using tests::request_for;

TEST(replies, Error) {
  const answer a = get(
      [](http::response_writer& w, http::request&) {
        w.header().set("Content-Length", "1");
        w.header().set("Content-Type", "scrap");
        w.header().set("Etag", "\"kept\"");
        http::error(w, "oops", 432);
      },
      "/");
  EXPECT_EQ(a.status, 432);
  EXPECT_EQ(a.body, "oops\n");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("X-Content-Type-Options"), "nosniff");
  EXPECT_FALSE(a.header.has("Content-Length"));
  EXPECT_EQ(a.field("Etag"), "\"kept\"");
}

TEST(replies, RedirectPlaces) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://foobar.com/baz", "http://foobar.com/baz"},
      {"https://foobar.com/baz", "https://foobar.com/baz"},
      {"test://foobar.com/baz", "test://foobar.com/baz"},
      {"mailto:test@example.com", "mailto:test@example.com"},
      {"//foobar.com/baz", "//foobar.com/baz"},
      {"foobar.com/baz", "/qux/foobar.com/baz"},
      {"/quux/foobar.com/baz", "/quux/foobar.com/baz"},
      {"/quux/foo%2fbar.com/baz", "/quux/foo%2fbar.com/baz"},
      {"", "/qux/"},
      {"?q=1", "/qux/?q=1"},
      {"../up?a=/../b", "/up?a=/../b"},
      {"/quux/foo\xE2\x98\xBA", "/quux/foo%e2%98%ba"},
      {"\xE2\x98\xBA/", "/qux/%e2%98%ba/"},
  };
  for (const auto& [to, expected] : cases) {
    const answer a = get(http::redirect_handler(to, 302), "http://example.com/qux/");
    EXPECT_EQ(a.field("Location"), expected) << to;
    EXPECT_EQ(a.status, 302);
  }
}

TEST(replies, RedirectPage) {
  const auto page = [](const char* method, const char* type) {
    const answer a = call(
        [type](http::response_writer& w, http::request& r) {
          if (type != nullptr) w.header().set("Content-Type", type);
          http::redirect(w, r, "/foo?a=b&c", 301);
        },
        request_for(method, "/"));
    EXPECT_EQ(a.status, 301);
    return a.field("Content-Type") + "|" + a.body;
  };
  EXPECT_EQ(page("GET", nullptr),
            "text/html; charset=utf-8|<a href=\"/foo?a=b&amp;c\">Moved Permanently</a>.\n\n");
  EXPECT_EQ(page("HEAD", nullptr), "text/html; charset=utf-8|");
  EXPECT_EQ(page("POST", nullptr), "|");
  EXPECT_EQ(page("DELETE", nullptr), "|");
  EXPECT_EQ(page("GET", "application/test"), "application/test|");
  EXPECT_EQ(page("GET", ""), "|");
}

TEST(replies, StripPrefix) {
  const http::handler_func h = [](http::response_writer& w, http::request& r) {
    w.write(r.url.path + "|" + r.url.raw_path);
  };
  const auto stripped = http::strip_prefix("/foo/bar", h);
  EXPECT_EQ(get(stripped, "/foo/bar/qux").body, "/qux|");
  EXPECT_EQ(get(stripped, "/foo/bar%2Fqux").body, "/qux|%2Fqux");
  EXPECT_EQ(get(stripped, "/foo%2Fbar/qux").status, 404);
  EXPECT_EQ(get(stripped, "/bar").status, 404);
  EXPECT_EQ(get(http::strip_prefix("", h), "/a").body, "/a|");
  // What the caller has is not changed.
  http::request r = request_for("GET", "/foo/bar/qux");
  call(stripped, r);
  EXPECT_EQ(r.url.path, "/foo/bar/qux");
}

TEST(replies, HtmlEscape) {
  EXPECT_EQ(http::html_escape("a <b c=\"d\" e='f'> & g"), "a &lt;b c=&#34;d&#34; e=&#39;f&#39;&gt; &amp; g");
}

}  // namespace
