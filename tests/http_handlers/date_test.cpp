// SPDX-License-Identifier: MIT
#include <warren/http/date.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace {

using warren::http::format_date;
using warren::http::parse_date;

constexpr std::int64_t moment = 784111777;  // of RFC 9110 section 5.6.7

TEST(date, ThreeForms) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), moment);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT"), moment);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994"), moment);
  EXPECT_EQ(parse_date("Sun Nov 06 08:49:37 1994"), moment);
  EXPECT_EQ(format_date(moment), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(date, CenturyOfTwoDigits) {
  EXPECT_EQ(parse_date("Monday, 01-Jan-68 00:00:00 GMT"), parse_date("Sun, 01 Jan 2068 00:00:00 GMT"));
  EXPECT_EQ(parse_date("Monday, 01-Jan-69 00:00:00 GMT"), parse_date("Wed, 01 Jan 1969 00:00:00 GMT"));
}

TEST(date, Malformed) {
  for (const char* text : {
           "",
           "Sun",
           "Sun, 06 Nov 1994 08:49:37",
           "Sun, 06 Nov 1994 08:49:37 UTC",
           "Sun, 06 Nov 1994 08:49:37 GMT ",
           " Sun, 06 Nov 1994 08:49:37 GMT",
           "Sun, 6 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nov 94 08:49:37 GMT",
           "Sun, 06 Nov 1994 24:49:37 GMT",
           "Sun, 06 Nov 1994 08:60:37 GMT",
           "Sun, 06 Nov 1994 08:49:60 GMT",
           "Sun, 31 Nov 1994 08:49:37 GMT",
           "Sun, 00 Nov 1994 08:49:37 GMT",
           "Sun, 06 Nox 1994 08:49:37 GMT",
           "Xun, 06 Nov 1994 08:49:37 GMT",
           "Sun, -6 Nov 1994 08:49:37 GMT",
           "Sun Nov 6 08:49:37 1994",
           "Sunday, 06-Nov-1994 08:49:37 GMT",
           "Thu, 29 Feb 2023 00:00:00 GMT",
       }) {
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
  }
  EXPECT_NE(parse_date("Thu, 29 Feb 2024 00:00:00 GMT"), std::nullopt);
}

// Every 5 days and some hours from the year 1 to 9999: as the C library has it, and back.
TEST(date, RoundTrip) {
  constexpr std::int64_t from = -62'135'596'800, to = 253'402'300'799, step = 5 * 86'400 + 12'345;
  for (std::int64_t t = from; t <= to; t += step) {
    const std::time_t seconds = t;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char expected[64];
    std::strftime(expected, sizeof expected, "%a, %d %b ", &parts);
    char whole[128];
    std::snprintf(whole, sizeof whole, "%s%04d %02d:%02d:%02d GMT", expected, parts.tm_year + 1900,
                  parts.tm_hour, parts.tm_min, parts.tm_sec);
    ASSERT_EQ(format_date(t), whole);
    ASSERT_EQ(parse_date(whole), t) << whole;
  }
}

}  // namespace
