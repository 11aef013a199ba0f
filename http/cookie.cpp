// SPDX-License-Identifier: MIT
#include "cookie.hpp"

#include <charconv>
#include <cstddef>
#include <utility>

#include "../net/addr.hpp"
#include "characters.hpp"
#include "date.hpp"

namespace warren::http {

using namespace characters;

namespace {

/// What servers and clients take of one message.
constexpr std::size_t most_cookies = 3000;
constexpr std::int64_t year_1601 = -11'644'473'600;
constexpr std::int64_t year_10000 = 253'402'300'800;

bool is_name(std::string_view name) noexcept { return !name.empty() && all(name, token_byte); }

bool is_printable(char c) noexcept { return c >= ' ' && c < 0x7f; }
bool is_value_byte(char c) noexcept { return is_printable(c) && c != '"' && c != ';' && c != '\\'; }
bool is_path_byte(char c) noexcept { return is_printable(c) && c != ';'; }

void append_value(std::string& out, const cookie& c) {
  std::string value;
  for (const char b : c.value) {
    if (is_value_byte(b)) value += b;
  }
  const bool in_quotes = c.quoted || value.find_first_of(" ,") != std::string::npos;
  if (in_quotes) out += '"';
  out += value;
  if (in_quotes) out += '"';
}

/// One label of a domain: letters, digits, and hyphens but not at its ends.
bool is_label(std::string_view label) noexcept {
  constexpr std::size_t longest = 63;
  if (label.empty() || label.size() > longest || label.front() == '-' || label.back() == '-') return false;
  for (const char c : label) {
    if (!is(c, letter_byte | digit_byte) && c != '-') return false;
  }
  return true;
}

bool is_domain_name(std::string_view name) noexcept {
  constexpr std::size_t longest = 255;
  if (name.empty() || name.size() > longest) return false;
  bool has_letter = false;
  for (const char c : name) has_letter = has_letter || is(c, letter_byte);
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return has_letter;
    name.remove_prefix(dot + 1);
  }
  return has_letter;
}

bool is_domain(std::string_view domain) {
  const std::string_view name = domain.starts_with('.') ? domain.substr(1) : domain;
  if (is_domain_name(name)) return true;
  return domain.find(':') == std::string_view::npos &&
         net::addr::parse_ip(net::network::tcp, domain, 0).err() == nullptr;
}

std::string_view without_dot(std::string_view domain) noexcept {
  return domain.starts_with('.') ? domain.substr(1) : domain;
}

/// The text in quotes, or as it is. Returns: nothing if a byte may not be there.
std::optional<std::pair<std::string_view, bool>> read_value(std::string_view text,
                                                            bool may_be_quoted) noexcept {
  const bool quotes = may_be_quoted && text.size() > 1 && text.front() == '"' && text.back() == '"';
  if (quotes) text = text.substr(1, text.size() - 2);
  for (const char c : text) {
    if (!is_value_byte(c)) return std::nullopt;
  }
  return std::pair(text, quotes);
}

std::pair<std::string_view, std::string_view> cut(std::string_view text, char mark) noexcept {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

/// Takes the next part off a list with semicolons.
std::string_view next_part(std::string_view& list) noexcept {
  const auto [part, rest] = cut(list, ';');
  list = rest;
  return trimmed(part);
}

/// Gives the cookies of a Cookie field to `take` until that says no.
template <class Take>
bool for_cookies(std::string_view line, Take take) {
  while (!line.empty()) {
    const auto [raw_name, raw_value] = cut(next_part(line), '=');
    const std::string_view name = trimmed(raw_name);
    const auto value = read_value(raw_value, true);
    if (is_name(name) && value.has_value() && !take(name, value->first, value->second)) return false;
  }
  return true;
}

bool are_too_many(const header& h) noexcept {
  std::size_t count = 0;
  for (const auto& [name, line] : h) {
    if (!same_name(name, "Cookie")) continue;
    for (const char c : line) count += c == ';' ? 1 : 0;
    ++count;
  }
  return count > most_cookies;
}

std::optional<std::int64_t> read_max_age(std::string_view text) noexcept {
  std::int64_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, err] = std::from_chars(text.data(), end, seconds);
  if (err != std::errc() || stop != end || (seconds != 0 && text[0] == '0')) return std::nullopt;
  return seconds > 0 ? seconds : 0;
}

/// As dates elsewhere, or with hyphens between day, month and year.
std::optional<std::int64_t> read_expires(std::string_view text) {
  std::string spaced(text);
  constexpr std::size_t after_day = 7;
  constexpr std::size_t after_month = 11;
  if (spaced.size() > after_month && spaced[after_day] == '-' && spaced[after_month] == '-') {
    spaced[after_day] = spaced[after_month] = ' ';
  }
  return parse_date(spaced);
}

void take_same_site(cookie& c, std::string_view value) noexcept {
  c.same_site = same_name(value, "lax")      ? same_site::lax
                : same_name(value, "strict") ? same_site::strict
                : same_name(value, "none")   ? same_site::none
                                             : same_site::unset;
}

void take_attribute(cookie& c, std::string_view name, std::string_view value) {
  if (same_name(name, "samesite")) return take_same_site(c, value);
  if (same_name(name, "secure")) c.secure = true;
  if (same_name(name, "httponly")) c.http_only = true;
  if (same_name(name, "partitioned")) c.partitioned = true;
  if (same_name(name, "domain")) c.domain = value;
  if (same_name(name, "path")) c.path = value;
  if (same_name(name, "max-age")) c.max_age = read_max_age(value);
  if (same_name(name, "expires")) c.expires = read_expires(value);
}

}  // namespace

std::string to_string(const cookie& c) {
  std::string text;
  if (!is_name(c.name)) return text;
  text.append(c.name).append("=");
  append_value(text, c);
  if (!c.path.empty()) {
    text += "; Path=";
    for (const char b : c.path) {
      if (is_path_byte(b)) text += b;
    }
  }
  if (!c.domain.empty() && is_domain(c.domain)) text.append("; Domain=").append(without_dot(c.domain));
  if (c.expires.has_value() && *c.expires >= year_1601 && *c.expires < year_10000) {
    text.append("; Expires=").append(format_date(*c.expires));
  }
  if (c.max_age.has_value())
    text.append("; Max-Age=").append(std::to_string(*c.max_age > 0 ? *c.max_age : 0));
  if (c.http_only) text += "; HttpOnly";
  if (c.secure) text += "; Secure";
  if (c.same_site == same_site::lax) text += "; SameSite=Lax";
  if (c.same_site == same_site::strict) text += "; SameSite=Strict";
  if (c.same_site == same_site::none) text += "; SameSite=None";
  if (c.partitioned) text += "; Partitioned";
  return text;
}

void set_cookie(header& h, const cookie& c) {
  const std::string line = to_string(c);
  if (!line.empty()) h.add("Set-Cookie", line);
}

void add_cookie(header& h, const cookie& c) {
  std::string line = h.get("Cookie");
  if (!line.empty()) line += "; ";
  // A name that is none cannot bring a line end or a second cookie in.
  for (const char b : c.name) line += b == '\r' || b == '\n' ? '-' : b;
  line += '=';
  append_value(line, c);
  h.set("Cookie", line);
}

std::vector<cookie> read_cookies(const header& h) {
  std::vector<cookie> cookies;
  if (are_too_many(h)) return cookies;
  for (const auto& [field, line] : h) {
    if (!same_name(field, "Cookie")) continue;
    for_cookies(line, [&cookies](std::string_view name, std::string_view value, bool quoted) {
      cookie& c = cookies.emplace_back();
      c.name = name;
      c.value = value;
      c.quoted = quoted;
      return true;
    });
  }
  return cookies;
}

std::optional<std::string> read_cookie(const header& h, std::string_view wanted) {
  std::optional<std::string> found;
  for (const auto& [field, line] : h) {
    if (!same_name(field, "Cookie")) continue;
    const bool none = for_cookies(line, [&](std::string_view name, std::string_view value, bool) {
      if (name == wanted) found = value;
      return !found.has_value();
    });
    if (!none) break;
  }
  return found;
}

std::optional<cookie> parse_set_cookie(std::string_view line) {
  const std::string_view pair = next_part(line);
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const std::string_view name = trimmed(pair.substr(0, equals));
  const auto value = read_value(pair.substr(equals + 1), true);
  if (!is_name(name) || !value.has_value()) return std::nullopt;
  cookie c;
  c.name = name;
  c.value = value->first;
  c.quoted = value->second;
  while (!line.empty()) {
    const auto [attribute, text] = cut(next_part(line), '=');
    if (const auto attribute_value = read_value(text, false); attribute_value.has_value()) {
      take_attribute(c, attribute, attribute_value->first);
    }
  }
  return c;
}

std::vector<cookie> read_set_cookies(const header& h) {
  std::vector<cookie> cookies;
  for (const auto& [name, line] : h) {
    if (!same_name(name, "Set-Cookie")) continue;
    if (auto c = parse_set_cookie(line); c.has_value()) cookies.push_back(*std::move(c));
    if (cookies.size() > most_cookies) return {};
  }
  return cookies;
}

}  // namespace warren::http
