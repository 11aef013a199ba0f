// SPDX-License-Identifier: MIT
#include <warren/runtime/number_text.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace {

template <class Number>
std::string text(Number n) {
  char room[warren::runtime::number_text_room];
  return std::string(warren::runtime::text_of_number(n, room));
}

using limits = std::numeric_limits<double>;

struct example {
  double number;
  const char* text;  // what Go's fmt.Println prints
};

constexpr example examples[] = {
    {0, "0"}, {-0.0, "-0"}, {1, "1"}, {1.5, "1.5"}, {-2.25, "-2.25"}, {0.1, "0.1"}, {0.1 + 0.2, "0.30000000000000004"},
    {100, "100"}, {100000, "100000"}, {123456, "123456"}, {1000000, "1e+06"}, {1234567, "1.234567e+06"},
    {12345678.9, "1.23456789e+07"}, {1e20, "1e+20"}, {1e22, "1e+22"}, {123456789012345678.0, "1.2345678901234568e+17"},
    {0.0001, "0.0001"}, {0.00015, "0.00015"}, {0.00001, "1e-05"}, {0.00001234, "1.234e-05"}, {5e-324, "5e-324"},
    {limits::max(), "1.7976931348623157e+308"}, {limits::infinity(), "+Inf"}, {-limits::infinity(), "-Inf"},
    {limits::quiet_NaN(), "NaN"},
};

TEST(number_text, is_gos) {
  for (const example& e : examples) EXPECT_EQ(text(e.number), e.text);
  EXPECT_EQ(text(0.1F), "0.1");
  EXPECT_EQ(text(16777216.0F), "1.6777216e+07");
  EXPECT_EQ(text(1.5L), "1.5");
}

TEST(number_text, reads_back_as_the_same_number) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = random();
    double n;
    static_assert(sizeof n == sizeof bits);
    std::memcpy(&n, &bits, sizeof n);
    if (n != n) continue;
    EXPECT_EQ(std::strtod(text(n).c_str(), nullptr), n);
  }
}

}  // namespace
