// SPDX-License-Identifier: MIT
#include "duration_text.hpp"

#include <cstdint>

namespace warren::timing {

namespace {

/// `n` / 10^`places`, without zeros at the end of the fraction.
std::string decimal(std::uint64_t n, int places) {
  std::string fraction;
  for (; places > 0; --places, n /= 10) {
    const char digit = static_cast<char>('0' + n % 10);
    if (digit != '0' || !fraction.empty()) fraction.insert(fraction.begin(), digit);
  }
  return std::to_string(n) + (fraction.empty() ? "" : "." + fraction);
}

std::string magnitude(std::uint64_t ns) {
  constexpr std::uint64_t microsecond = 1'000, millisecond = 1'000'000, second = 1'000'000'000;
  if (ns == 0) return "0s";
  if (ns < microsecond) return decimal(ns, 0) + "ns";
  if (ns < millisecond) return decimal(ns, 3) + "\u00b5s";
  if (ns < second) return decimal(ns, 6) + "ms";
  const std::uint64_t minutes = ns / (60 * second);
  const std::string seconds = decimal(ns % (60 * second), 9) + "s";
  if (minutes == 0) return seconds;
  if (minutes < 60) return std::to_string(minutes) + "m" + seconds;
  return std::to_string(minutes / 60) + "h" + std::to_string(minutes % 60) + "m" + seconds;
}

}  // namespace

std::string text_of(std::chrono::nanoseconds d) {
  const std::int64_t ns = d.count();
  // The least number has no positive counterpart in its own type.
  return ns < 0 ? "-" + magnitude(-static_cast<std::uint64_t>(ns)) : magnitude(static_cast<std::uint64_t>(ns));
}

}  // namespace warren::timing
