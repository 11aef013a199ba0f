// SPDX-License-Identifier: MIT
#include <warren/http/head_parser.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "splits.hpp"

namespace {

using namespace warren;
using http::head_status;

struct answer {
  head_status status = head_status::incomplete;
  http::response_head head;
  std::string error;
  int error_status = 0;
  std::size_t consumed = 0;
};

answer read(const std::vector<std::string>& pieces) {
  http::response_parser p;
  answer a;
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
    a.status = p.feed(text, a.head);
    if (a.status != head_status::incomplete) break;
  }
  a.error = p.error_text();
  a.error_status = p.error_status();
  a.consumed = p.consumed();
  return a;
}

TEST(http_response_head, all_parts) {
  const std::string text =
      "HTTP/1.1 404 Not  Found \r\nContent-Length: 5\r\nConnection: close\r\nx-y: z\r\n\r\n";
  for (const auto& pieces : {tests::at_once(text + "hello"), tests::one_by_one(text + "hello")}) {
    const answer a = read(pieces);
    ASSERT_EQ(a.status, head_status::complete) << a.error;
    EXPECT_EQ(a.consumed, text.size());
    EXPECT_EQ(a.head.status, 404);
    EXPECT_EQ(a.head.reason, "Not  Found");
    EXPECT_EQ(a.head.minor, 1);
    EXPECT_EQ(a.head.content_length, 5);
    EXPECT_TRUE(a.head.close);
    EXPECT_EQ(a.head.header.get("X-Y"), "z");
    EXPECT_EQ(a.head.header.size(), 3U);
  }
}

TEST(http_response_head, what_is_taken) {
  const std::pair<std::string, int> cases[] = {
      {"HTTP/1.1 200 OK\r\n\r\n", 200},
      {"HTTP/1.1 200 \r\n\r\n", 200},
      {"HTTP/1.1 200\r\n\r\n", 200},
      {"HTTP/1.0 100 Continue\r\n\r\n", 100},
      {"HTTP/1.9 999 caf\xe9\t!\r\n\r\n", 999},
      {"HTTP/1.1 204 No\r\nHost: a\r\nHost: b c\r\nExpect: x\r\n\r\n", 204},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", 200},
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n", 200},
  };
  for (const auto& [text, status] : cases) {
    const answer a = read(tests::one_by_one(text));
    EXPECT_EQ(a.status, head_status::complete) << text << a.error;
    EXPECT_EQ(a.head.status, status);
    EXPECT_EQ(read({text}).head.header, a.head.header);
  }
}

TEST(http_response_head, when_the_connection_ends) {
  EXPECT_TRUE(read({"HTTP/1.0 200 OK\r\n\r\n"}).head.close);
  EXPECT_FALSE(read({"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"}).head.close);
  EXPECT_FALSE(read({"HTTP/1.1 200 OK\r\n\r\n"}).head.close);
  EXPECT_TRUE(read({"HTTP/1.1 101 S\r\nConnection: upgrade\r\n\r\n"}).head.upgrade);
}

TEST(http_response_head, what_is_refused_with_texts_as_gos) {
  const std::pair<std::string, std::string> cases[] = {
      {"SSH-2.0-OpenSSH_9.2\r\n", "malformed HTTP response \"SSH-2.0-OpenSSH_9.2\""},
      {"220 mail.example.com ESMTP\r\n", "malformed HTTP status code \"mail.example.com\""},
      {"\x15\x03\x01\r\n", "malformed HTTP response \"\\x15\\x03\\x01\""},
      {"HTTP/1.1 20 OK\r\n", "malformed HTTP status code \"20\""},
      {"HTTP/1.1 2000 OK\r\n", "malformed HTTP status code \"2000\""},
      {"HTTP/1.1 OK\r\n", "malformed HTTP status code \"OK\""},
      {"HTTP/1.1\r\n", "malformed HTTP response \"HTTP/1.1\""},
      {"HTTP/2.0 200 OK\r\n", "malformed HTTP version \"HTTP/2.0\""},
      {"http/1.1 200 OK\r\n", "malformed HTTP version \"http/1.1\""},
      {"HTTP/1.1 099 OK\r\n", "malformed HTTP response \"HTTP/1.1 099 OK\""},
      {"HTTP/1.1  200 OK\r\n", "malformed HTTP response \"HTTP/1.1  200 OK\""},
      {"HTTP/1.1 200 O\x01K\r\n", "malformed HTTP response \"HTTP/1.1 200 O\\x01K\""},
      {"HTTP/1.1 200 OK\n", "malformed HTTP response \"HTTP/1.1 200 OK\""},
      {"HTTP/1.1 200 OK\rX", "malformed HTTP response \"HTTP/1.1 200 OK\""},
      {"\r\nHTTP/1.1 200 OK\r\n", "malformed HTTP response \"\""},
      {"HTTP/1.1 200 OK\r\nno colon\r\n", "malformed MIME header line: \"no colon\""},
      {"HTTP/1.1 200 OK\r\n: x\r\n", "malformed MIME header line: \": x\""},
      {"HTTP/1.1 200 OK\r\n X: y\r\n", "malformed MIME header line: \" X: y\""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "different Content-Length headers"},
      {"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "bad Content-Length \"+1\""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
       "bad Content-Length \"99999999999999999999\""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "Transfer-Encoding beside Content-Length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       "Content-Length beside Transfer-Encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       "unsupported transfer encoding: \"gzip, chunked\""},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding in HTTP/1.0"},
  };
  std::mt19937 random(11);
  for (const auto& [text, want] : cases) {
    const answer a = read({text});
    EXPECT_EQ(a.status, head_status::bad) << text;
    EXPECT_EQ(a.error, want);
    EXPECT_EQ(read(tests::one_by_one(text)).status, head_status::bad) << text;
    for (int i = 0; i < 20; ++i)
      EXPECT_EQ(read(tests::at_random(text, random)).status, head_status::bad) << text;
  }
}

TEST(http_response_head, too_large_is_told_apart) {
  const std::string text = "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'y') + "\r\n\r\n";
  EXPECT_EQ(read({text}).error_status, 431);
  EXPECT_EQ(read({"HTTP/1.1 200 " + std::string(70'000, 'y')}).error_status, 431);
  EXPECT_EQ(read({"nonsense\r\n"}).error_status, 400);
}

TEST(http_response_head, one_parser_reads_informational_heads_first) {
  http::response_parser p;
  http::response_head head;
  const std::string first = "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n";
  const std::string second = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ASSERT_EQ(p.feed(first + second, head), head_status::complete);
  EXPECT_EQ(head.status, 103);
  EXPECT_EQ(head.header.get("Link"), "a");
  p.reset();
  ASSERT_EQ(p.feed(second, head), head_status::complete);
  EXPECT_EQ(head.status, 200);
  EXPECT_FALSE(head.header.has("Link"));
  EXPECT_EQ(head.content_length, 0);
}

}  // namespace
