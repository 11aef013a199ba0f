// SPDX-License-Identifier: MIT
// The table follows the behaviour of Go's net/http (range_test).
#include <warren/http/byte_range.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace warren;
using ranges = std::vector<http::byte_range>;

struct good_case {
  std::string field;
  std::int64_t size;
  ranges expected;
};

TEST(byte_range, Good) {
  const good_case cases[] = {
      {"", 0, {}},
      {"", 1000, {}},
      {"bytes=", 0, {}},
      {"bytes=  ", 0, {}},
      {"bytes= , , ,   ", 0, {}},
      {"bytes=0-", 10, {{0, 10}}},
      {"bytes=5-", 10, {{5, 5}}},
      {"bytes=0-20", 10, {{0, 10}}},
      {"bytes=0-0", 10, {{0, 1}}},
      {"bytes=1-9", 10, {{1, 9}}},
      {"bytes=-5", 10, {{5, 5}}},
      {"bytes=-15", 10, {{0, 10}}},
      {"bytes=-0", 10, {{10, 0}}},
      {"bytes=0-499", 10000, {{0, 500}}},
      {"bytes=500-999", 10000, {{500, 500}}},
      {"bytes=-500", 10000, {{9500, 500}}},
      {"bytes=9500-", 10000, {{9500, 500}}},
      {"bytes=0-0,-1", 10000, {{0, 1}, {9999, 1}}},
      {"bytes=500-600,601-999", 10000, {{500, 101}, {601, 399}}},
      {"bytes=500-700,601-999", 10000, {{500, 201}, {601, 399}}},
      {"bytes=   1 -2   ,  4- 5, 7 - 8 , ,,", 11, {{1, 2}, {4, 2}, {7, 2}}},
      {"bytes=0-0,20-", 10, {{0, 1}}},
  };
  for (const auto& [field, size, expected] : cases) {
    const auto [found, err] = http::parse_ranges(field, size);
    EXPECT_EQ(err, nil) << field << ": " << err;
    EXPECT_TRUE(found == expected) << field;
  }
}

TEST(byte_range, Malformed) {
  for (const char* field : {
           "keys=0-5",
           "0-5",
           "bytes=1",
           "bytes=a-",
           "bytes=0-b",
           "bytes=-",
           "bytes=- 5 x",
           "bytes=5-4",
           "bytes=7-1",
           "bytes=0-5,7-1",
           "bytes=--6",
           "bytes=-+5",
           "bytes=+5-6",
           "bytes=0x01-0x02",
           "bytes=0-0x02",
           "bytes=99999999999999999999-",
           "bytes=0-99999999999999999999",
           "Bytes=0-5",
           "bytes =0-5",
       }) {
    const auto [found, err] = http::parse_ranges(field, 10);
    EXPECT_NE(err, nil) << field;
    EXPECT_EQ(err.message(), "invalid range") << field;
    EXPECT_TRUE(found.empty()) << field;
  }
}

TEST(byte_range, NothingOfIt) {
  for (const char* field : {"bytes=10-", "bytes=20-30", "bytes=10-,11-,20-30"}) {
    const auto [found, err] = http::parse_ranges(field, 10);
    EXPECT_EQ(err, http::no_overlap) << field;
    EXPECT_EQ(err.message(), "invalid range: failed to overlap");
  }
}

TEST(byte_range, TooMany) {
  std::string field = "bytes=0-0";
  for (int i = 1; i < 200; ++i) field += ",0-0";
  EXPECT_EQ(http::parse_ranges(field, 10).value().size(), 200U);
  field += ",0-0";
  const auto [found, err] = http::parse_ranges(field, 10);
  EXPECT_EQ(err, nil);
  EXPECT_TRUE(found.empty());
}

TEST(byte_range, ContentRange) { EXPECT_EQ(http::content_range({5, 3}, 10), "bytes 5-7/10"); }

}  // namespace
