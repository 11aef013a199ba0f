// SPDX-License-Identifier: MIT
#include "trailer_names.hpp"

#include <algorithm>
#include <array>

#include "characters.hpp"

namespace warren::http {

namespace {

constexpr std::array<std::string_view, 23> never_trailers = {
    "authorization", "cache-control",      "connection",          "content-encoding", "content-length", "content-range",
    "content-type",  "expect",             "host",                "keep-alive",       "max-forwards",   "pragma",
    "proxy-authenticate", "proxy-authorization", "proxy-connection", "range",          "realm",          "set-cookie",
    "te",            "trailer",            "transfer-encoding",   "upgrade",          "www-authenticate"};

bool equal_letters(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return characters::lower(x) == characters::lower(y); });
}

}  // namespace

bool may_be_trailer(std::string_view name) noexcept {
  if (name.empty() || !characters::all(name, characters::token_byte)) return false;
  if (equal_letters(name.substr(0, 3), "if-")) return false;
  return std::none_of(never_trailers.begin(), never_trailers.end(),
                      [name](std::string_view n) { return equal_letters(n, name); });
}

bool has_element(std::string_view list, std::string_view element) noexcept {
  bool found = false;
  for_each_element(list, [&](std::string_view e) { found = found || equal_letters(e, element); });
  return found;
}

}  // namespace warren::http
