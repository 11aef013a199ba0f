// SPDX-License-Identifier: MIT
#include "number_text.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace warren::runtime {

namespace {

/// A number as its digits, of which the first stands before the point, and a power of ten.
struct decimal {
  bool negative = false;
  char digits[40];
  int count = 0;
  int exponent = 0;
};

template <class Number>
decimal shortest(Number n) noexcept {
  decimal d;
  d.negative = std::signbit(n);
  char text[number_text_room];
  const char* end = std::to_chars(text, text + sizeof text, std::fabs(n), std::chars_format::scientific).ptr;
  const char* at = text;
  for (; at != end && *at != 'e'; ++at) {
    if (*at != '.') d.digits[d.count++] = *at;
  }
  if (at == end) return d;
  const bool negative_exponent = at[1] == '-';
  std::from_chars(at + 2, end, d.exponent);
  if (negative_exponent) d.exponent = -d.exponent;
  return d;
}

class writer {
 public:
  explicit writer(char* to) noexcept : begin_(to), at_(to) {}
  void put(char c) noexcept { *at_++ = c; }
  void put(const char* text, int n) noexcept {
    std::memcpy(at_, text, static_cast<std::size_t>(n));
    at_ += n;
  }
  void zeros(int n) noexcept {
    for (; n > 0; --n) put('0');
  }
  std::string_view text() const noexcept { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
};

void write_scientific(writer& out, const decimal& d) noexcept {
  out.put(d.digits[0]);
  if (d.count > 1) out.put('.');
  out.put(d.digits + 1, d.count - 1);
  out.put('e');
  out.put(d.exponent < 0 ? '-' : '+');
  char digits[8];
  const int exponent = std::abs(d.exponent);
  const char* end = std::to_chars(digits, digits + sizeof digits, exponent).ptr;
  if (exponent < 10) out.put('0');
  out.put(digits, static_cast<int>(end - digits));
}

void write_plain(writer& out, const decimal& d) noexcept {
  const int before_point = d.exponent + 1;
  if (before_point <= 0) {
    out.put("0.", 2);
    out.zeros(-before_point);
    out.put(d.digits, d.count);
  } else if (d.count <= before_point) {
    out.put(d.digits, d.count);
    out.zeros(before_point - d.count);
  } else {
    out.put(d.digits, before_point);
    out.put('.');
    out.put(d.digits + before_point, d.count - before_point);
  }
}

/// Source: Go's strconv.FormatFloat with 'g' and -1: the thresholds at which it changes to an exponent.
template <class Number>
std::string_view written(Number n, char* room) noexcept {
  if (std::isnan(n)) return "NaN";
  if (std::isinf(n)) return n > 0 ? "+Inf" : "-Inf";
  constexpr int lowest = -4;
  constexpr int highest = 5;
  const decimal d = shortest(n);
  writer out(room);
  if (d.negative) out.put('-');
  if (d.exponent < lowest || d.exponent > highest) {
    write_scientific(out, d);
  } else {
    write_plain(out, d);
  }
  return out.text();
}

}  // namespace

std::string_view text_of_number(float n, char (&room)[number_text_room]) noexcept { return written(n, room); }
std::string_view text_of_number(double n, char (&room)[number_text_room]) noexcept { return written(n, room); }
std::string_view text_of_number(long double n, char (&room)[number_text_room]) noexcept { return written(n, room); }

}  // namespace warren::runtime
