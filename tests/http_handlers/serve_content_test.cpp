// SPDX-License-Identifier: MIT
// The tables follow the behaviour of Go's net/http (fs_test).
#include <warren/http/response_writer.hpp>
#include <warren/http/serve_content.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "call.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::answer;
using tests::call;
using tests::request_for;

using fields = std::vector<std::pair<const char*, std::string>>;

const std::string eleven = "0123456789\n";
constexpr auto moment = std::chrono::system_clock::time_point(784111777s + 500ms);
constexpr const char* date = "Sun, 06 Nov 1994 08:49:37 GMT";

struct asked {
  std::string name = "file.txt";
  std::string text = eleven;
  std::chrono::system_clock::time_point modified = moment;
  fields set = {};   ///< by the handler
  fields sent = {};  ///< by the client
  const char* method = "GET";
};

answer serve(const asked& a) {
  http::request r = request_for(a.method, "/");
  for (const auto& [name, value] : a.sent) r.header.set(name, value);
  return call(
      [&](http::response_writer& w, http::request& q) {
        for (const auto& [name, value] : a.set) w.header().set(name, value);
        http::text_content content(a.text);
        http::serve_content(w, q, a.name, a.modified, content);
      },
      r);
}

/// Takes a multipart body apart. Returns: of each part its Content-Range, a blank and its text.
std::vector<std::string> parts_of(const answer& a) {
  const std::string type = a.field("Content-Type"), prefix = "multipart/byteranges; boundary=";
  EXPECT_TRUE(type.starts_with(prefix)) << type;
  const std::string boundary = "--" + type.substr(prefix.size());
  std::vector<std::string> parts;
  std::string rest = "\r\n" + a.body;
  for (;;) {
    EXPECT_TRUE(rest.starts_with("\r\n" + boundary)) << rest;
    rest.erase(0, boundary.size() + 2);
    if (rest == "--\r\n") return parts;
    const auto head = rest.find("\r\n\r\n"), end = rest.find("\r\n" + boundary);
    if (head == std::string::npos || end == std::string::npos) {
      ADD_FAILURE() << a.body;
      return parts;
    }
    const std::string range_field = "\r\nContent-Range: ";
    EXPECT_TRUE(rest.starts_with(range_field)) << rest;
    const auto line = rest.find("\r\n", 2);
    EXPECT_EQ(rest.substr(line, head - line), "\r\nContent-Type: text/plain; charset=utf-8");
    parts.push_back(rest.substr(range_field.size(), line - range_field.size()) + " " +
                    rest.substr(head + 4, end - head - 4));
    rest.erase(0, end);
  }
}

TEST(serve_content, All) {
  const answer a = serve({});
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, eleven);
  EXPECT_EQ(a.field("Content-Length"), "11");
  EXPECT_EQ(a.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("Last-Modified"), date);
  EXPECT_FALSE(a.header.has("Content-Range"));
}

TEST(serve_content, Large) {
  std::string text;
  for (int i = 0; text.size() < 1'000'000; ++i) text += std::to_string(i);
  const answer whole = serve({.text = text});
  EXPECT_TRUE(whole.body == text);
  const answer part = serve({.text = text, .sent = {{"Range", "bytes=123456-987654"}}});
  EXPECT_TRUE(part.body == text.substr(123456, 987654 - 123456 + 1));
}

TEST(serve_content, Head) {
  const answer a = serve({.method = "HEAD"});
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "");
  EXPECT_EQ(a.field("Content-Length"), "11");
  const answer part = serve({.sent = {{"Range", "bytes=1-2"}}, .method = "HEAD"});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "");
  EXPECT_EQ(part.field("Content-Length"), "2");
}

TEST(serve_content, Types) {
  const auto type = [](const char* name, std::string text, fields set = {}) {
    return serve({.name = name, .text = std::move(text), .set = std::move(set)}).field("Content-Type");
  };
  EXPECT_EQ(type("style.css", "x"), "text/css; charset=utf-8");
  EXPECT_EQ(type("noext", "<html><b>"), "text/html; charset=utf-8");
  EXPECT_EQ(type("", "\x89PNG\r\n\x1A\n"), "image/png");
  EXPECT_EQ(type("empty", ""), "text/plain; charset=utf-8");
  EXPECT_EQ(type("style.css", "x", {{"Content-Type", "own/type"}}), "own/type");
  EXPECT_EQ(type("style.css", "x", {{"Content-Type", ""}}), "");
}

TEST(serve_content, Ranges) {
  const struct {
    const char* field;
    int status;
    std::vector<std::pair<int, int>> expected = {};  ///< from, until before
  } cases[] = {
      {"bytes=0-4", 206, {{0, 5}}},
      {"bytes=2-", 206, {{2, 11}}},
      {"bytes=-5", 206, {{6, 11}}},
      {"bytes=3-7", 206, {{3, 8}}},
      {"bytes=0-0,-2", 206, {{0, 1}, {9, 11}}},
      {"bytes=0-1,5-8", 206, {{0, 2}, {5, 9}}},
      {"bytes=0-1,5-", 206, {{0, 2}, {5, 11}}},
      {"bytes=5-1000", 206, {{5, 11}}},
      {"bytes=0-,1-,2-,3-,4-", 200},  // more in all than there is
      {"bytes=0-9", 206, {{0, 10}}},
      {"bytes=0-10", 206, {{0, 11}}},
      {"bytes=0-11", 206, {{0, 11}}},
      {"bytes=10-11", 206, {{10, 11}}},
      {"bytes=10-", 206, {{10, 11}}},
      {"bytes=11-", 416},
      {"bytes=11-12", 416},
      {"bytes=12-12", 416},
      {"bytes=11-100", 416},
      {"bytes=100-1000", 416},
      {"lines=1-2", 416},
      {"bytes=5-4", 416},
  };
  for (const auto& c : cases) {
    const answer a = serve({.sent = {{"Range", c.field}}});
    EXPECT_EQ(a.status, c.status) << c.field;
    const auto text = [](std::pair<int, int> part) {
      return eleven.substr(std::size_t(part.first), std::size_t(part.second - part.first));
    };
    const auto range = [](std::pair<int, int> part) {
      return "bytes " + std::to_string(part.first) + "-" + std::to_string(part.second - 1) + "/11";
    };
    if (c.status == 200) {
      EXPECT_EQ(a.body, eleven);
    } else if (c.expected.size() == 1) {
      EXPECT_EQ(a.field("Content-Range"), range(c.expected[0]));
      EXPECT_EQ(a.body, text(c.expected[0])) << c.field;
      EXPECT_EQ(a.field("Content-Length"), std::to_string(a.body.size()));
    } else if (c.expected.size() > 1) {
      std::vector<std::string> expected;
      for (const auto& part : c.expected) expected.push_back(range(part) + " " + text(part));
      EXPECT_EQ(parts_of(a), expected) << c.field;
      EXPECT_EQ(a.field("Content-Length"), std::to_string(a.body.size()));
      EXPECT_FALSE(a.header.has("Content-Range"));
    }
  }
}

TEST(serve_content, Unsatisfiable) {
  const fields set = {
      {"Etag", "\"x\""}, {"Cache-Control", "immutable"}, {"Content-Encoding", "gzip"}, {"Other", "1"}};
  const answer a = serve({.set = set, .sent = {{"Range", "bytes=20-"}}});
  EXPECT_EQ(a.status, 416);
  EXPECT_EQ(a.body, "invalid range: failed to overlap\n");
  EXPECT_EQ(a.field("Content-Range"), "bytes */11");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  for (const char* name : {"Etag", "Cache-Control", "Content-Encoding", "Last-Modified"}) {
    EXPECT_FALSE(a.header.has(name)) << name;
  }
  EXPECT_EQ(a.field("Other"), "1");
  const answer malformed = serve({.sent = {{"Range", "bytes=--6"}}});
  EXPECT_EQ(malformed.body, "invalid range\n");
  EXPECT_FALSE(malformed.header.has("Content-Range"));
}

TEST(serve_content, RangeOfNothing) {
  for (const char* range : {"bytes=0-128", "bytes=1-"}) {
    const answer a = serve({.text = "", .sent = {{"Range", range}}});
    EXPECT_EQ(a.status, 200) << range;
    EXPECT_EQ(a.field("Content-Length"), "0");
  }
}

TEST(serve_content, NotModified) {
  const answer a = serve(
      {.set = {{"Etag", "\"foo\""}, {"Content-Encoding", "gzip"}}, .sent = {{"If-None-Match", "\"foo\""}}});
  EXPECT_EQ(a.status, 304);
  EXPECT_EQ(a.field("Etag"), "\"foo\"");
  for (const char* name : {"Last-Modified", "Content-Type", "Content-Length", "Content-Encoding"}) {
    EXPECT_FALSE(a.header.has(name)) << name;
  }
  const answer by_date = serve({.sent = {{"If-Modified-Since", date}}});
  EXPECT_EQ(by_date.status, 304);
  EXPECT_EQ(by_date.field("Last-Modified"), date);
}

TEST(serve_content, PreconditionFailed) {
  EXPECT_EQ(serve({.set = {{"Etag", "\"A\""}}, .sent = {{"If-Match", "\"Z\""}}}).status, 412);
  EXPECT_EQ(serve({.set = {{"Etag", "\"A\""}}, .sent = {{"If-Match", "\"A\""}}}).status, 200);
  EXPECT_EQ(serve({.sent = {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}}).status, 412);
}

TEST(serve_content, IfRange) {
  const auto status = [](const char* if_range) {
    return serve({.set = {{"Etag", "\"A\""}}, .sent = {{"Range", "bytes=0-4"}, {"If-Range", if_range}}})
        .status;
  };
  EXPECT_EQ(status("\"A\""), 206);
  EXPECT_EQ(status("\"B\""), 200);
  EXPECT_EQ(status("W/\"A\""), 200);
  EXPECT_EQ(status(date), 206);
  EXPECT_EQ(status("Sun, 06 Nov 1994 08:49:36 GMT"), 200);
}

TEST(serve_content, UnknownDate) {
  const answer a = serve({.modified = {}, .sent = {{"If-Modified-Since", date}}});
  EXPECT_EQ(a.status, 200);
  EXPECT_FALSE(a.header.has("Last-Modified"));
}

TEST(serve_content, Encoded) {
  const answer a = serve({.set = {{"Content-Encoding", "gzip"}}});
  EXPECT_FALSE(a.header.has("Content-Length"));
  EXPECT_EQ(serve({.set = {{"Content-Encoding", "gzip"}}, .sent = {{"Range", "bytes=0-1"}}})
                .field("Content-Length"),
            "2");
}

/// Ends in the middle, as a file that is cut off while it is sent.
class cut_off final : public http::content {
 public:
  std::int64_t size() const override { return 100'000; }
  result<std::size_t> read_at(std::int64_t offset, std::span<char> to) override {
    if (offset >= 70'000) return {0, nil};
    for (char& c : to) c = 'x';
    return {std::min(to.size(), std::size_t(70'000 - offset)), nil};
  }
};

TEST(serve_content, EndsEarly) {
  const answer a = call(
      [](http::response_writer& w, http::request& r) {
        cut_off content;
        http::serve_content(w, r, "x.bin", moment, content);
      },
      request_for("GET", "/"));
  EXPECT_EQ(a.field("Content-Length"), "100000");
  EXPECT_EQ(a.body.size(), 70'000U);
}

}  // namespace
