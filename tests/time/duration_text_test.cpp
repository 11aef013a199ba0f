// SPDX-License-Identifier: MIT
#include <warren/time/duration_text.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace warren {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(duration_text, TestDurationString) {
  const struct {
    const char* text;
    nanoseconds d;
  } rows[] = {
      {"0s", 0s},
      {"1ns", 1ns},
      {"1.1µs", 1100ns},
      {"2.2ms", 2200us},
      {"3.3s", 3300ms},
      {"4m5s", 4min + 5s},
      {"4m5.001s", 4min + 5001ms},
      {"5h6m7.001s", 5h + 6min + 7001ms},
      {"8m0.000000001s", 8min + 1ns},
      {"2562047h47m16.854775807s", nanoseconds(INT64_MAX)},
      {"-2562047h47m16.854775808s", nanoseconds(INT64_MIN)},
      {"100ms", 100ms},
      {"1h0m0s", 1h},
      {"1m0s", 1min},
      {"999.999999ms", 999'999'999ns},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(timing::text_of(row.d), row.text);
    if (row.d > 0ns) {
      EXPECT_EQ(timing::text_of(-row.d), "-" + std::string(row.text));
    }
  }
}

}  // namespace
}  // namespace warren
