// SPDX-License-Identifier: MIT
#include <warren/http/body.hpp>
#include <warren/http/max_bytes.hpp>
#include <warren/http/response_writer.hpp>
#include <warren/net/eof.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <span>
#include <string>

#include "call.hpp"

namespace {

using namespace warren;
using tests::answer;
using tests::call;
using tests::request_for;

/// Calls a handler that reads all of the body, in pieces of a size. Returns: what it has read, what it was told.
struct reading {
  std::string text;
  error err;
  answer got;
};

reading read_limited(std::string body, std::int64_t limit, std::size_t piece) {
  reading all;
  http::request r = request_for("POST", "/");
  r.body = http::body(std::move(body));
  all.got = call(http::max_bytes(
                     [&](http::response_writer&, http::request& inner) {
                       std::string buffer(piece, '\0');
                       while (all.err == nil) {
                         const auto [n, err] = inner.body.read(buffer);
                         all.text.append(buffer, 0, n);
                         all.err = err;
                       }
                       EXPECT_EQ(inner.body.read(buffer).err(), all.err);
                     },
                     limit),
                 r);
  return all;
}

TEST(max_bytes, WithinTheLimit) {
  for (std::size_t piece : {1, 3, 6, 100}) {
    for (std::int64_t limit : {6, 7, 1000}) {
      const reading all = read_limited("abcdef", limit, piece);
      EXPECT_EQ(all.text, "abcdef");
      EXPECT_EQ(all.err, net::eof);
      EXPECT_FALSE(all.got.header.has("Connection"));
    }
  }
}

TEST(max_bytes, TooLarge) {
  for (std::size_t piece : {1, 2, 3, 4, 5, 100}) {
    for (std::int64_t limit : {0, 1, 3, 5}) {
      const reading all = read_limited("abcdef", limit, piece);
      EXPECT_EQ(all.text, std::string("abcdef", static_cast<std::size_t>(limit)));
      EXPECT_EQ(all.err.message(), "http: request body too large");
      const auto* what = errors::as<http::body_too_large>(all.err);
      ASSERT_NE(what, nullptr);
      EXPECT_EQ(what->limit(), limit);
      EXPECT_EQ(all.got.field("Connection"), "close");
    }
  }
}

TEST(max_bytes, NegativeIsNothing) {
  const reading all = read_limited("a", -5, 10);
  EXPECT_EQ(all.text, "");
  EXPECT_EQ(all.err.message(), "http: request body too large");
  EXPECT_EQ(read_limited("", -5, 10).err, net::eof);
}

}  // namespace
