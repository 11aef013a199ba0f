// SPDX-License-Identifier: MIT
#include "host.hpp"

#include <cstddef>

#include "characters.hpp"

namespace warren::http {

using namespace characters;

namespace {

/// What stands between brackets: an address, and perhaps the name of a network interface behind a '%'.
bool is_address_text(std::string_view inside) noexcept {
  const std::size_t zone = inside.find('%');
  for (const char c : inside.substr(0, zone)) {
    if (!is(c, hex_byte) && c != ':' && c != '.') return false;
  }
  if (zone == std::string_view::npos) return true;
  for (const char c : inside.substr(zone)) {
    if (!is(c, unreserved_byte) && c != '%') return false;
  }
  return true;
}

/// Takes the text apart; `whole` tells whether it may not go on.
bool check(std::string_view text, bool whole) noexcept {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (!is_address_text(text.substr(1, end - 1))) return false;
    if (end == std::string_view::npos) return !whole;
    if (end == 1) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && text[0] != ':') return false;
  }
  const std::size_t colon = text.find(':');
  if (!all(text.substr(0, colon), host_byte)) return false;
  return colon == std::string_view::npos || all(text.substr(colon + 1), digit_byte);
}

}  // namespace

bool is_valid_host(std::string_view text) noexcept { return check(text, true); }

bool may_become_host(std::string_view text) noexcept { return check(text, false); }

}  // namespace warren::http
