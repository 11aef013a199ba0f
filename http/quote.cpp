// SPDX-License-Identifier: MIT
#include "quote.hpp"

#include <cstddef>

namespace warren::http {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

/// Returns: the length of the character in UTF-8 that the text begins with, 0 where it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  const bool too_long = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool too_great = first == 0xF4 && second >= 0x90;
  return too_long || surrogate || too_great ? 0 : length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view special = "\a\b\f\n\r\t\v\\\"", letter = "abfnrtv\\\"";
  out += '\\';
  if (const auto at = special.find(c); at != std::string_view::npos) {
    out += letter[at];
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += 'x';
  out += hex[byte >> 4];
  out += hex[byte & 15];
}

}  // namespace

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const char c = text[0];
    std::size_t taken = 1;
    if (static_cast<unsigned char>(c) >= 0x80) {
      taken = utf8_length(text);
    } else if (c < 0x20 || c == 0x7F || c == '"' || c == '\\') {
      taken = 0;
    }
    if (taken == 0) {
      append_escaped(out, c);
      taken = 1;
    } else {
      out += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return out += '"';
}

}  // namespace warren::http
