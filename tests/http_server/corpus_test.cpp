// SPDX-License-Identifier: MIT
// The cases of tests/http against a server that runs, in whatever pieces they come.

#include <gtest/gtest.h>

#include "../http/request_cases.hpp"
#include "../http/splits.hpp"
#include "serving.hpp"
#include "test.hpp"

#include <warren/http/replies.hpp>
#include <warren/http/status.hpp>

using namespace warren;
using http::request;
using http::response_writer;
using tests::request_case;
using tests::serving;
using tests::wire;

namespace {

/// Longer ones come in pieces of this size at least: byte by byte they would take minutes.
constexpr std::size_t short_enough = 2048;

void echo(response_writer& w, request& r) {
  const auto [text, err] = http::read_all(r.body);
  if (err != nil) return http::error(w, "bad body", http::status_bad_request);
  w.write(text);
}

void try_case(const serving& s, const request_case& c, const std::vector<std::string>& pieces) {
  wire w(s.address());
  // Beside the reading: a server that refuses a long request answers before its end.
  go([conn = w.conn(), pieces] {
    for (const std::string& p : pieces) {
      if (conn.write(p).err() != nil) return;
    }
    conn.close_write();
  });
  const tests::answer a = w.read();
  if (c.refused == 0) {
    EXPECT_EQ(a.status(), 200) << c.name;
    EXPECT_EQ(a.body, c.body) << c.name;
    return;
  }
  EXPECT_EQ(a.status(), c.refused) << c.name;
  EXPECT_EQ(a.field("Connection"), "close") << c.name;
  EXPECT_EQ(w.rest().find("HTTP/"), std::string::npos) << c.name << ": what followed was answered";
}

template <class Split>
void try_all(Split&& split, std::size_t longest) {
  serving s(echo);
  for (const request_case& c : tests::request_cases()) {
    if (c.bytes.size() <= longest) try_case(s, c, split(c.bytes));
  }
}

}  // namespace

WARREN_TEST(corpus, at_once) { try_all(tests::at_once, SIZE_MAX); }

WARREN_TEST(corpus, byte_by_byte) { try_all(tests::one_by_one, short_enough); }

WARREN_TEST(corpus, split_at_random) {
  std::mt19937 random(1);
  for (int i = 0; i < 3; ++i) {
    try_all([&](std::string_view text) { return tests::at_random(text, random); }, 16 * short_enough);
  }
}
