// SPDX-License-Identifier: MIT
#include "escape.hpp"

#include <array>

#include "characters.hpp"
#include "quote.hpp"

namespace warren::http {

using namespace characters;

namespace {

constexpr std::uint8_t bit(url_part p) noexcept { return static_cast<std::uint8_t>(p); }

/// For each byte the parts in which it stands for itself when it is written.
constexpr std::array<std::uint8_t, 256> plain = [] {
  std::array<std::uint8_t, 256> table{};
  const auto allow = [&table](std::string_view which, std::uint8_t parts) {
    for (const char c : which) table[static_cast<unsigned char>(c)] |= parts;
  };
  for (unsigned c = 0; c < 128; ++c) {
    if (is(static_cast<char>(c), unreserved_byte)) table[c] = 127;
  }
  allow("$&+=", bit(url_part::path) | bit(url_part::path_segment) | bit(url_part::userinfo) |
                    bit(url_part::fragment));
  allow(",;", bit(url_part::path) | bit(url_part::userinfo) | bit(url_part::fragment));
  allow(":@", bit(url_part::path) | bit(url_part::path_segment) | bit(url_part::fragment));
  allow("/", bit(url_part::path) | bit(url_part::fragment));
  allow("!()*?", bit(url_part::fragment));
  allow("!$&'()*+,;=:[]<>\"", bit(url_part::host) | bit(url_part::zone));
  return table;
}();

constexpr bool is_plain(char c, url_part part) noexcept {
  return (plain[static_cast<unsigned char>(c)] & bit(part)) != 0;
}

constexpr char upper_hex[] = "0123456789ABCDEF";

/// The byte at a '%' that check() found good.
char byte_at(std::string_view text, std::size_t i) noexcept {
  return static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
}

warren::error bad_escape(std::string_view text) {
  return errors::make("invalid URL escape " + quote(text.substr(0, 3)));
}

/// What may be encoded in a host: bytes above 127, and '%'; in the zone of an address also what needs no encoding.
bool may_be_escaped(std::string_view code, char byte, url_part part) noexcept {
  const bool in_host = part == url_part::host || part == url_part::zone;
  if (!in_host || code == "%25" || static_cast<unsigned char>(byte) >= 128) return true;
  return part == url_part::zone && (byte == ' ' || is_plain(byte, url_part::host));
}

warren::error check(std::string_view text, url_part part) {
  const bool in_host = part == url_part::host || part == url_part::zone;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (text.size() - i < 3 || !is(text[i + 1], hex_byte) || !is(text[i + 2], hex_byte))
        return bad_escape(text.substr(i));
      if (!may_be_escaped(text.substr(i, 3), byte_at(text, i), part)) return bad_escape(text.substr(i));
      i += 2;
    } else if (in_host && static_cast<unsigned char>(text[i]) < 128 && !is_plain(text[i], part)) {
      return errors::make("invalid character " + quote(text.substr(i, 1)) + " in host name");
    }
  }
  return nullptr;
}

}  // namespace

std::size_t plain_bytes(std::string_view text, url_part part) noexcept {
  std::size_t n = 0;
  while (n < text.size() && is_plain(text[n], part)) ++n;
  return n;
}

void append_escaped(std::string& out, std::string_view text, url_part part) {
  for (;;) {
    const std::size_t n = plain_bytes(text, part);
    out += text.substr(0, n);
    if (n == text.size()) return;
    const auto byte = static_cast<unsigned char>(text[n]);
    if (byte == ' ' && part == url_part::query) {
      out += '+';
    } else {
      out += '%';
      out += upper_hex[byte >> 4];
      out += upper_hex[byte & 15];
    }
    text.remove_prefix(n + 1);
  }
}

warren::error append_unescaped(std::string& out, std::string_view text, url_part part) {
  const bool has_plus = part == url_part::query && text.find('+') != std::string_view::npos;
  const bool has_codes = text.find('%') != std::string_view::npos;
  if (has_codes || part == url_part::host || part == url_part::zone) {
    if (warren::error err = check(text, part); err != nullptr) return err;
  }
  if (!has_plus && !has_codes) {
    out += text;
    return nullptr;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += byte_at(text, i);
      i += 2;
    } else {
      out += has_plus && text[i] == '+' ? ' ' : text[i];
    }
  }
  return nullptr;
}

bool is_usual_escape(std::string_view text, std::string_view decoded, url_part part) {
  if (plain_bytes(text, part) == text.size()) return text == decoded;
  std::string usual;
  append_escaped(usual, decoded, part);
  return usual == text;
}

bool is_well_escaped(std::string_view text, url_part part) noexcept {
  constexpr std::string_view more = "!$&'()*+,;=:@[]%";
  for (const char c : text) {
    if (!is_plain(c, part) && more.find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace warren::http
