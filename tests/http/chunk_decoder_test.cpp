// SPDX-License-Identifier: MIT
#include <warren/http/chunk_decoder.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "splits.hpp"

namespace {

using namespace warren;
using http::chunk_decoder;
using http::chunk_status;

constexpr chunk_decoder::limits lenient{.spaces_after_size = true, .unannounced_trailers = true};

struct decoded {
  chunk_status status = chunk_status::more;
  std::string data;
  std::string trailers;
  std::string error;
  std::size_t used = 0;  ///< bytes of the text, unless it is bad

  friend bool operator==(const decoded&, const decoded&) = default;
};

decoded decode(const std::vector<std::string>& pieces, std::size_t room,
               const chunk_decoder::limits& rules = {}, std::string_view announced = {}) {
  chunk_decoder d;
  d.start(rules, announced);
  decoded got;
  std::string out(room, '\0');
  for (std::string_view in : pieces) {
    for (;;) {
      const http::chunk_step s = d.step(in, out);
      EXPECT_LE(s.consumed, in.size());
      EXPECT_LE(s.produced, room);
      got.data.append(out, 0, s.produced);
      got.used += s.consumed;
      in.remove_prefix(s.consumed);
      got.status = s.status;
      if (s.status != chunk_status::more) {
        if (s.status == chunk_status::bad) {
          got.error = d.failure().message();
          got.used = 0;
        }
        if (s.status == chunk_status::done) d.trailers().write_to(got.trailers);
        return got;
      }
      if (in.empty() && s.produced < room) break;
    }
  }
  return got;
}

TEST(http_chunks, the_answer_does_not_depend_on_pieces_or_room) {
  const std::string texts[] = {
      "5\r\nhello\r\n0\r\n\r\nrest",
      "5;a=b;c=\"d\\\"\"\r\nhello\r\n6\r\n world\r\n0;x\r\nA: b\r\nC: d\r\n\r\nrest",
      "400\r\n" + std::string(1024, 'x') + "\r\n1\r\ny\r\n0000\r\n\r\n",
      "5\r\nhelloX",
      "5\r\nhello\r\nx",
      "0\r\nHost: a\r\n\r\n",
  };
  std::mt19937 random(3);
  for (const std::string& text : texts) {
    const decoded want = decode({text}, 4096, lenient);
    for (const std::size_t room : {1U, 2U, 3U, 7U, 100U, 5000U}) {
      EXPECT_EQ(decode({text}, room, lenient), want) << text;
      EXPECT_EQ(decode(tests::one_by_one(text), room, lenient), want) << text;
      for (int i = 0; i < 50; ++i)
        ASSERT_EQ(decode(tests::at_random(text, random), room, lenient), want) << text;
    }
  }
}

TEST(http_chunks, what_follows_the_message_is_not_touched) {
  const std::string text = "5\r\nhello\r\n0\r\n\r\n";
  const decoded got = decode({text + "GET / HTTP/1.1\r\n"}, 100);
  EXPECT_EQ(got.status, chunk_status::done);
  EXPECT_EQ(got.data, "hello");
  EXPECT_EQ(got.used, text.size());
}

TEST(http_chunks, errors_have_gos_texts) {
  const std::pair<std::string, std::string> cases[] = {
      {"\r\n", "empty hex number for chunk length"},
      {";a\r\n", "empty hex number for chunk length"},
      {"x", "invalid byte in chunk length"},
      {"5x", "invalid byte in chunk length"},
      {"5 \r\n", "invalid byte in chunk length"},
      {"8000000000000000", "http chunk length too large"},
      {"00000000000000000", "http chunk length too large"},
      {"5\n", "chunked line ends with bare LF"},
      {"5;a\n", "chunked line ends with bare LF"},
      {"5\rx", "invalid CR in chunked line"},
      {"5\r\nhellox", "malformed chunked encoding"},
      {"5\r\nhello\rx", "malformed chunked encoding"},
      {"5;" + std::string(4095, 'a'), "header line too long"},
      {"5;\"" + std::string(4095, 'a'), "header line too long"},
      {"5;a\"b\r\n", "malformed chunk extension"},
      {"0\r\nX\r\n", "malformed trailer"},
      {"0\r\nX: y\r\n", "trailer field was not announced"},
      {"0\r\nHost: y\r\n", "forbidden trailer field"},
  };
  for (const auto& [text, want] : cases) {
    for (const auto& pieces : {tests::at_once(text), tests::one_by_one(text)}) {
      const decoded got = decode(pieces, 10);
      EXPECT_EQ(got.status, chunk_status::bad) << text;
      EXPECT_EQ(got.error, want) << text;
    }
  }
}

TEST(http_chunks, lines_must_be_worth_their_bytes) {
  const std::string small = "1;" + std::string(1000, 'a') + "\r\nZ\r\n";
  std::string text;
  for (int i = 0; i < 16; ++i) text += small;
  EXPECT_EQ(decode({text}, 100).status, chunk_status::more);
  for (int i = 0; i < 2; ++i) text += small;
  EXPECT_EQ(decode({text}, 100).error, "chunked encoding contains too much non-data");

  // Large chunks pay for long lines.
  text.clear();
  for (int i = 0; i < 1000; ++i)
    text += "1000;" + std::string(1000, 'a') + "\r\n" + std::string(4096, 'Z') + "\r\n";
  EXPECT_EQ(decode({text + "0\r\n\r\n"}, 10'000).status, chunk_status::done);
}

TEST(http_chunks, a_client_is_patient_with_spaces) {
  EXPECT_EQ(decode({"5  \t\r\nhello\r\n0 ;a\r\n\r\n"}, 100, lenient).data, "hello");
  EXPECT_EQ(decode({"5  x"}, 100, lenient).error, "invalid byte in chunk length");
  EXPECT_EQ(decode({" 5"}, 100, lenient).error, "invalid byte in chunk length");
  EXPECT_EQ(decode({"5" + std::string(4096, ' ')}, 100, lenient).error, "header line too long");
}

TEST(http_chunks, trailers) {
  const std::string text = "0\r\nx-a: 1\r\nX-B:  2 \r\nx-a: 3\r\n\r\n";
  EXPECT_EQ(decode({text}, 1, {}, "X-A , x-b").trailers, "X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n");
  EXPECT_EQ(decode({text}, 1, {}, "X-A").error, "trailer field was not announced");
  EXPECT_EQ(decode({text}, 1, lenient).trailers, "X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n");
}

TEST(http_chunks, trailers_that_would_change_the_head) {
  for (const std::string name : {"Transfer-Encoding", "content-length", "HOST", "Trailer"}) {
    EXPECT_EQ(decode({"0\r\n" + name + ":"}, 1, lenient).error, "forbidden trailer field") << name;
    EXPECT_EQ(decode({"0\r\n" + name + ":"}, 1, {}, name).error, "forbidden trailer field") << name;
  }
  for (const std::string name : {"Authorization", "cookie", "Set-Cookie", "Content-Type", "If-Match",
                                 "Proxy-X", "TE", "Connection", "Cache-Control", "www-authenticate"}) {
    EXPECT_EQ(decode({"0\r\n" + name + ": x\r\nA: b\r\n\r\n"}, 1, lenient).trailers, "A: b\r\n") << name;
  }
}

TEST(http_chunks, trailers_have_limits) {
  chunk_decoder::limits rules = lenient;
  rules.max_trailer_bytes = 20;
  rules.max_trailers = 3;
  EXPECT_EQ(decode({"0\r\nA: " + std::string(14, 'x') + "\r\n\r\n"}, 1, rules).status, chunk_status::bad);
  EXPECT_EQ(decode({"0\r\nA: " + std::string(13, 'x') + "\r\n\r\n"}, 1, rules).status, chunk_status::done);
  EXPECT_EQ(decode({"0\r\nA:\r\nA:\r\nA:\r\n\r\n"}, 1, rules).status, chunk_status::done);
  EXPECT_EQ(decode({"0\r\nA:\r\nA:\r\nA:\r\nA:"}, 1, rules).error, "trailers too large");
}

TEST(http_chunks, data_may_be_taken_past_the_decoder) {
  chunk_decoder d;
  d.start({});
  char out[4];
  http::chunk_step s = d.step("a\r\n01", out);
  EXPECT_EQ(s.produced, 2U);
  EXPECT_EQ(d.data_left(), 8U);
  d.skip_data(7);
  EXPECT_EQ(d.data_left(), 1U);
  d.skip_data(1);
  EXPECT_EQ(d.data_left(), 0U);
  s = d.step("\r\n0\r\n\r\nx", out);
  EXPECT_EQ(s.status, chunk_status::done);
  EXPECT_EQ(s.consumed, 7U);
  d.start({});
  EXPECT_EQ(d.step("x", out).status, chunk_status::bad);
  d.start({});
  EXPECT_EQ(d.step("1\r\nx\r\n0\r\n\r\n", out).status, chunk_status::done);
}

}  // namespace
