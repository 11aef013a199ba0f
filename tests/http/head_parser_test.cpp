// SPDX-License-Identifier: MIT
// What a head says when it is good; what is refused stands in request_cases.cpp.
#include <warren/http/head_parser.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace {

using namespace warren;
using http::head_status;

http::request_head request_of(std::string_view text) {
  http::request_parser p;
  http::request_head head;
  EXPECT_EQ(p.feed(text, head), head_status::complete) << text << ": " << p.error_text();
  EXPECT_EQ(p.consumed(), text.size());
  return head;
}

TEST(http_request_head, all_parts) {
  const http::request_head h = request_of(
      "PUT /a?b HTTP/1.1\r\nhost: example.com:80\r\ncontent-LENGTH: 12\r\nX-Y:  z \r\nExpect: "
      "100-Continue\r\n"
      "Connection: Upgrade, x\r\nx-y: second\r\n\r\n");
  EXPECT_EQ(h.method, "PUT");
  EXPECT_EQ(h.target, "/a?b");
  EXPECT_EQ(h.host, "example.com:80");
  EXPECT_EQ(h.minor, 1);
  EXPECT_EQ(h.content_length, 12);
  EXPECT_FALSE(h.chunked);
  EXPECT_FALSE(h.close);
  EXPECT_TRUE(h.upgrade);
  EXPECT_TRUE(h.expects_continue);
  EXPECT_FALSE(h.expects_unknown);
  EXPECT_TRUE(h.has_body());
  std::string fields;
  h.header.write_to(fields);
  EXPECT_EQ(
      fields,
      "Content-Length: 12\r\nX-Y: z\r\nExpect: 100-Continue\r\nConnection: Upgrade, x\r\nX-Y: second\r\n");
}

TEST(http_request_head, what_says_where_the_message_ends_is_no_field) {
  const http::request_head h = request_of(
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: a\r\nTrailer: X, Y\r\nA: b\r\ntrailer: "
      "Z\r\n\r\n");
  EXPECT_TRUE(h.chunked);
  EXPECT_EQ(h.content_length, -1);
  EXPECT_EQ(h.trailer, "X, Y,Z");
  ASSERT_EQ(h.header.size(), 1U);
  EXPECT_EQ(h.header.get("a"), "b");
}

TEST(http_request_head, when_the_connection_ends) {
  const struct {
    const char* version;
    const char* field;
    bool close;
  } cases[] = {
      {"1.1", "", false},
      {"1.1", "Connection: close\r\n", true},
      {"1.1", "Connection: x , CLOSE\r\n", true},
      {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", true},
      {"1.1", "Connection: closed\r\n", false},
      {"1.1", "Connection:\r\n", false},
      {"1.0", "", true},
      {"1.0", "Connection: Keep-Alive\r\n", false},
      {"1.0", "Connection: keep-alive, close\r\n", true},
  };
  for (const auto& c : cases) {
    const std::string text = std::string("GET / HTTP/") + c.version + "\r\nHost: a\r\n" + c.field + "\r\n";
    EXPECT_EQ(request_of(text).close, c.close) << text;
  }
}

TEST(http_request_head, whose_host_counts) {
  const auto host = [](std::string target, std::string field, std::string method = "GET") {
    return request_of(method + " " + target + " HTTP/1.1\r\nHost: " + field + "\r\n\r\n").host;
  };
  EXPECT_EQ(host("/", "a"), "a");
  EXPECT_EQ(host("/", ""), "");
  EXPECT_EQ(host("http://b:1/x", "a"), "b:1");
  EXPECT_EQ(host("HTTPS://b?x", "a"), "b");
  EXPECT_EQ(host("b:443", "a", "CONNECT"), "b:443");
  EXPECT_EQ(host("*", "a", "OPTIONS"), "a");
  EXPECT_EQ(request_of("GET / HTTP/1.0\r\n\r\n").host, "");
}

TEST(http_request_head, what_is_expected) {
  const auto expecting = [](std::string version, std::string value) {
    return request_of("GET / HTTP/" + version + "\r\nHost: a\r\nExpect: " + value + "\r\n\r\n");
  };
  EXPECT_TRUE(expecting("1.1", "100-continue").expects_continue);
  EXPECT_TRUE(expecting("1.1", "a cake").expects_unknown);
  EXPECT_FALSE(expecting("1.1", "a cake").expects_continue);
  EXPECT_FALSE(expecting("1.1", "").expects_unknown);
  EXPECT_FALSE(expecting("1.0", "100-continue").expects_continue);
}

TEST(http_request_head, one_parser_reads_many_and_forgets_each) {
  http::request_parser p;
  http::request_head head;
  const std::string first =
      "POST /first HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive\r\nExpect: x\r\n\r\n";
  const std::string second = "GET /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n";
  const std::string bad = "GET /3 HTTP/1.1\r\n\r\n";
  for (int round = 0; round < 3; ++round) {
    p.reset();
    EXPECT_FALSE(p.has_begun());
    EXPECT_EQ(p.feed(first + second, head), head_status::complete);
    EXPECT_EQ(p.consumed(), first.size());
    p.reset();
    ASSERT_EQ(p.feed(second, head), head_status::complete);
    EXPECT_EQ(head.target, "/2");
    EXPECT_EQ(head.host, "b");
    EXPECT_FALSE(head.close);
    EXPECT_FALSE(head.expects_unknown);
    EXPECT_EQ(head.header.values("Content-Length").size(), 1U);
    p.reset();
    EXPECT_EQ(p.feed(bad, head), head_status::bad);
    EXPECT_EQ(p.error_text(), "missing required Host header");
    EXPECT_EQ(p.feed(bad + "more", head), head_status::bad);
    p.release_memory();
    head.release_memory();
  }
}

TEST(http_request_head, an_empty_line_before_does_not_begin_it) {
  http::request_parser p;
  http::request_head head;
  EXPECT_EQ(p.feed("", head), head_status::incomplete);
  EXPECT_EQ(p.feed("\r", head), head_status::incomplete);
  EXPECT_EQ(p.feed("\r\n", head), head_status::incomplete);
  EXPECT_FALSE(p.has_begun());
  EXPECT_EQ(p.feed("\r\nG", head), head_status::incomplete);
  EXPECT_TRUE(p.has_begun());
}

TEST(http_request_head, the_text_may_move_between_calls) {
  const std::string text = "GET /a HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n";
  http::request_parser p;
  http::request_head head;
  for (std::size_t n = 0; n < text.size(); ++n) {
    std::string moved = text.substr(0, n);
    ASSERT_EQ(p.feed(moved, head), head_status::incomplete);
    std::fill(moved.begin(), moved.end(), '\0');
  }
  ASSERT_EQ(p.feed(text, head), head_status::complete);
  EXPECT_EQ(head.header.get("X"), "y");
}

TEST(http_request_head, limits_are_kept) {
  http::request_parser p({.max_bytes = 100, .max_fields = 2, .max_target = 10});
  http::request_head head;
  const auto status_of = [&](const std::string& text) {
    p.reset();
    return p.feed(text, head) == head_status::bad ? p.error_status() : 0;
  };
  EXPECT_EQ(status_of("GET /23456789 HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(status_of("GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD:"), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: " + std::string(68, 'c') + "\r\n\r\n"), 0);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: " + std::string(69, 'c') + "\r\n\r\n"), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: " + std::string(72, 'c')), 431);
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\nB: " + std::string(71, 'c')), 0);
}

}  // namespace
