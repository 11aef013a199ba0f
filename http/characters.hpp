// SPDX-License-Identifier: MIT
#pragma once

// Which bytes may stand where in an HTTP message, and fast walks over runs of them.
// Source: RFC 9110 section 5.5 and 5.6.2, RFC 9112 section 3, RFC 3986 section 2.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace warren::http::characters {

inline constexpr std::uint8_t token_byte = 1;   ///< names of fields, methods, cookies
inline constexpr std::uint8_t text_byte = 2;    ///< values: HTAB, SP, visible, and bytes above 127
inline constexpr std::uint8_t target_byte = 4;  ///< request targets: visible but '#', and bytes above 127
inline constexpr std::uint8_t host_byte =
    8;  ///< registered names and literal addresses, without ':' and brackets
inline constexpr std::uint8_t digit_byte = 16;
inline constexpr std::uint8_t hex_byte = 32;
inline constexpr std::uint8_t letter_byte = 64;
inline constexpr std::uint8_t unreserved_byte = 128;

constexpr std::array<std::uint8_t, 256> classify() noexcept {
  std::array<std::uint8_t, 256> of{};
  const auto add = [&of](std::string_view which, std::uint8_t c) {
    for (const char byte : which) of[static_cast<unsigned char>(byte)] |= c;
  };
  constexpr std::string_view digits = "0123456789";
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (unsigned c = 0; c < 256; ++c) {
    if (c == '\t' || (c >= ' ' && c != 0x7f)) of[c] |= text_byte;
    if (c > ' ' && c != 0x7f && c != '#') of[c] |= target_byte;
  }
  add(digits, token_byte | host_byte | digit_byte | hex_byte | unreserved_byte);
  add(letters, token_byte | host_byte | letter_byte | unreserved_byte);
  add("abcdefABCDEF", hex_byte);
  add("!#$%&'*+-.^_`|~", token_byte);
  add("-._~", host_byte | unreserved_byte);
  add("!$&'()*+,;=%", host_byte);
  return of;
}

inline constexpr std::array<std::uint8_t, 256> classes = classify();

constexpr bool is(char c, std::uint8_t which) noexcept {
  return (classes[static_cast<unsigned char>(c)] & which) != 0;
}

constexpr bool all(std::string_view s, std::uint8_t which) noexcept {
  for (const char c : s) {
    if (!is(c, which)) return false;
  }
  return true;
}

constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

/// The value of a hexadecimal digit, -1 for anything else.
constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/// Equal but for the case of ASCII letters.
constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

constexpr bool starts_with_name(std::string_view s, std::string_view prefix) noexcept {
  return s.size() >= prefix.size() && same_name(s.substr(0, prefix.size()), prefix);
}

constexpr bool is_space(char c) noexcept { return c == ' ' || c == '\t'; }

/// Without spaces and tabs at both ends.
constexpr std::string_view trimmed(std::string_view s) noexcept {
  while (!s.empty() && is_space(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_space(s.back())) s.remove_suffix(1);
  return s;
}

/// The next element of a comma-separated list, trimmed; `list` keeps the rest. Elements may be empty.
constexpr std::string_view next_element(std::string_view& list) noexcept {
  const std::size_t comma = list.find(',');
  const std::string_view element = trimmed(list.substr(0, comma));
  list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  return element;
}

/// Whether the comma-separated list has this element, case aside.
constexpr bool has_element(std::string_view list, std::string_view wanted) noexcept {
  while (!list.empty()) {
    if (same_name(next_element(list), wanted)) return true;
  }
  return false;
}

/// The first byte of [at, end) that is not in class `which`; `end` if all are.
inline const char* skip(const char* at, const char* end, std::uint8_t which) noexcept {
  while (at != end && is(*at, which)) ++at;
  return at;
}

/// The same as skip(at, end, text_byte), eight bytes at a time.
inline const char* skip_text(const char* at, const char* end) noexcept {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t tops = 0x8080808080808080U;
  for (;;) {
    while (end - at >= 8) {
      std::uint64_t w;
      std::memcpy(&w, at, 8);
      // A top bit where a byte is under 32, or is DEL; the lowest one is exact, those above it may be wrong.
      const std::uint64_t low = (w - ones * 32) & ~w & tops;
      const std::uint64_t x = w ^ (ones * 0x7f);
      const std::uint64_t del = (x - ones) & ~x & tops;
      if ((low | del) != 0) {
        at += __builtin_ctzll(low | del) / 8;
        break;
      }
      at += 8;
    }
    if (end - at < 8) at = skip(at, end, text_byte);
    if (at == end || *at != '\t') return at;
    ++at;
  }
}

}  // namespace warren::http::characters
