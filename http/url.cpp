// SPDX-License-Identifier: MIT
#include "url.hpp"

#include <cstddef>
#include <ostream>

#include "../net/addr.hpp"
#include "characters.hpp"
#include "escape.hpp"
#include "quote.hpp"

namespace warren::http {

using namespace characters;

namespace {

constexpr std::size_t npos = std::string_view::npos;

/// Before the first of `mark`, and after it; all of it and nothing when there is none.
std::pair<std::string_view, std::string_view> cut(std::string_view text, char mark) noexcept {
  const std::size_t at = text.find(mark);
  if (at == npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool has_control(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* const stop = skip_text(text.data(), end);
  return stop != end || text.find('\t') != npos;
}

bool is_optional_port(std::string_view text) noexcept {
  return text.empty() || (text[0] == ':' && all(text.substr(1), digit_byte));
}

std::string decoded(std::string_view text, url_part part) {
  std::string out;
  if (append_unescaped(out, text, part) != nullptr) out.clear();
  return out;
}

std::string encoded(std::string_view text, url_part part) {
  std::string out;
  append_escaped(out, text, part);
  return out;
}

/// Takes a URL apart into an object whose strings keep their memory.
class url_reader {
 public:
  url_reader(url& to, bool via_request) noexcept : to_(to), via_request_(via_request) {}

  warren::error read(std::string_view text);
  warren::error read_fragment(std::string_view text);

 private:
  warren::error take_scheme(std::string_view& rest);
  void take_query(std::string_view& rest);
  warren::error check_rootless(std::string_view rest) const;
  warren::error take_authority(std::string_view& rest);
  warren::error take_userinfo(std::string_view text);
  warren::error take_host(std::string_view text);
  warren::error take_literal_address(std::string_view text);
  warren::error check_port(std::string_view text) const;
  warren::error take_path(std::string_view text);

  url& to_;
  bool via_request_;
};

warren::error url_reader::read(std::string_view text) {
  if (has_control(text)) return errors::make("net/url: invalid control character in URL");
  if (text.empty() && via_request_) return errors::make("empty url");
  if (text == "*") {
    to_.path = text;
    return nullptr;
  }
  std::string_view rest = text;
  if (warren::error err = take_scheme(rest); err != nullptr) return err;
  take_query(rest);
  if (!rest.starts_with('/')) {
    if (!to_.scheme.empty()) {
      to_.opaque = rest;
      return nullptr;
    }
    if (warren::error err = check_rootless(rest); err != nullptr) return err;
  }
  if (warren::error err = take_authority(rest); err != nullptr) return err;
  return take_path(rest);
}

warren::error url_reader::take_scheme(std::string_view& rest) {
  std::size_t i = 0;
  while (i < rest.size() &&
         (is(rest[i], letter_byte) ||
          (i != 0 && (is(rest[i], digit_byte) || rest[i] == '+' || rest[i] == '-' || rest[i] == '.'))))
    ++i;
  if (i == rest.size() || rest[i] != ':') return nullptr;
  if (i == 0) return errors::make("missing protocol scheme");
  for (const char c : rest.substr(0, i)) to_.scheme += lower(c);
  rest.remove_prefix(i + 1);
  return nullptr;
}

void url_reader::take_query(std::string_view& rest) {
  const auto [before, query] = cut(rest, '?');
  to_.force_query = query.empty() && before.size() < rest.size();
  to_.raw_query = query;
  rest = before;
}

/// A path without a slash at its beginning, which may not look like a scheme.
warren::error url_reader::check_rootless(std::string_view rest) const {
  if (via_request_) return errors::make("invalid URI for request");
  if (cut(rest, '/').first.find(':') == npos) return nullptr;
  return errors::make("first path segment in URL cannot contain colon");
}

warren::error url_reader::take_authority(std::string_view& rest) {
  const bool may_have_one = !to_.scheme.empty() || (!via_request_ && !rest.starts_with("///"));
  if (!may_have_one || !rest.starts_with("//")) {
    to_.omit_host = !to_.scheme.empty() && rest.starts_with('/');
    return nullptr;
  }
  rest.remove_prefix(2);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  rest.remove_prefix(authority.size());
  const std::size_t at = authority.rfind('@');
  if (warren::error err = take_host(authority.substr(at == npos ? 0 : at + 1)); err != nullptr) return err;
  return at == npos ? nullptr : take_userinfo(authority.substr(0, at));
}

warren::error url_reader::take_userinfo(std::string_view text) {
  constexpr std::string_view more = "-._:~!$&'()*+,;=%@";
  for (const char c : text) {
    if (!is(c, letter_byte | digit_byte) && more.find(c) == npos)
      return errors::make("net/url: invalid userinfo");
  }
  const auto [name, password] = cut(text, ':');
  std::string plain;
  if (warren::error err = append_unescaped(plain, name, url_part::userinfo); err != nullptr) return err;
  append_escaped(to_.userinfo, plain, url_part::userinfo);
  if (name.size() == text.size()) return nullptr;
  plain.clear();
  if (warren::error err = append_unescaped(plain, password, url_part::userinfo); err != nullptr) return err;
  to_.userinfo += ':';
  append_escaped(to_.userinfo, plain, url_part::userinfo);
  return nullptr;
}

warren::error url_reader::check_port(std::string_view text) const {
  if (is_optional_port(text)) return nullptr;
  return errors::make("invalid port " + quote(text) + " after host");
}

warren::error url_reader::take_host(std::string_view text) {
  const std::size_t bracket = text.rfind('[');
  if (bracket == 0) return take_literal_address(text);
  if (bracket != npos) return errors::make("invalid IP-literal");
  std::size_t colon = text.find(':');
  // Other schemes than these have lists of hosts, as databases do.
  if (to_.scheme != "http" && to_.scheme != "https") colon = text.rfind(':');
  if (colon != npos) {
    if (warren::error err = check_port(text.substr(colon)); err != nullptr) return err;
  }
  return append_unescaped(to_.host, text, url_part::host);
}

warren::error url_reader::take_literal_address(std::string_view text) {
  const std::size_t end = text.rfind(']');
  if (end == npos) return errors::make("missing ']' in host");
  const std::string_view port = text.substr(end + 1);
  if (warren::error err = check_port(port); err != nullptr) return err;
  const std::string_view name = text.substr(1, end - 1);
  const std::size_t zone = std::min(name.find("%25"), name.size());
  std::string address;
  if (warren::error err = append_unescaped(address, name.substr(0, zone), url_part::host); err != nullptr)
    return err;
  if (warren::error err = append_unescaped(address, name.substr(zone), url_part::zone); err != nullptr)
    return err;
  // In a zone Go takes them, and cannot read what it then writes.
  if (address.find_first_of("[]") != npos) return errors::make("invalid IP-literal");
  const auto [ip, err] =
      net::addr::parse_ip(net::network::tcp, std::string_view(address).substr(0, address.find('%')), 0);
  if (err != nullptr)
    return errors::make("invalid host: ParseAddr(" + quote(address) + "): unable to parse IP");
  if (ip.is_v4() && address.find(':') == npos) return errors::make("invalid IP-literal");
  to_.host.append("[").append(address).append("]").append(port);
  return nullptr;
}

warren::error url_reader::take_path(std::string_view text) {
  if (warren::error err = append_unescaped(to_.path, text, url_part::path); err != nullptr) return err;
  if (!is_usual_escape(text, to_.path, url_part::path)) to_.raw_path = text;
  return nullptr;
}

warren::error url_reader::read_fragment(std::string_view text) {
  if (warren::error err = append_unescaped(to_.fragment, text, url_part::fragment); err != nullptr)
    return err;
  if (!is_usual_escape(text, to_.fragment, url_part::fragment)) to_.raw_fragment = text;
  return nullptr;
}

/// The text of a URL that cannot be taken apart, with what may be a password hidden.
std::string shown(std::string_view text) {
  const std::size_t slashes = text.find("//");
  if (slashes == npos) return std::string(text);
  const std::string_view authority = text.substr(slashes + 2, text.find('/', slashes + 2) - (slashes + 2));
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == npos || colon > at) return std::string(text);
  std::string hidden(text.substr(0, slashes + 2 + colon + 1));
  return hidden.append("xxxxx").append(text.substr(slashes + 2 + at));
}

warren::error parse_error(std::string_view text, warren::error why) {
  return url_error("parse", shown(text), std::move(why));
}

std::string resolve_path(std::string_view base, std::string_view reference) {
  std::string full;
  if (reference.empty()) {
    full = base;
  } else if (reference[0] != '/') {
    full = base.substr(0, base.rfind('/') + 1);
    full += reference;
  } else {
    full = reference;
  }
  if (full.empty()) return full;
  std::string path = "/";
  std::string_view rest = full;
  std::string_view element;
  for (bool first = true, more = true; more;) {
    const std::size_t slash = rest.find('/');
    more = slash != npos;
    element = rest.substr(0, slash);
    if (more) rest.remove_prefix(slash + 1);
    if (element == ".") {
      first = false;
    } else if (element == "..") {
      const std::size_t last = path.rfind('/');
      path.resize(last == 0 ? 1 : last);
      first = path.size() == 1;
    } else {
      if (!first) path += '/';
      path += element;
      first = false;
    }
  }
  if (element == "." || element == "..") path += '/';
  return path.starts_with("//") ? path.substr(1) : path;
}

void set_path(url& u, std::string_view text) {
  u.path.clear();
  u.raw_path.clear();
  if (append_unescaped(u.path, text, url_part::path) != nullptr) return;
  if (!is_usual_escape(text, u.path, url_part::path)) u.raw_path = text;
}

/// The given encoding if it is one of the text, else the usual one.
std::string escaped(std::string_view text, std::string_view raw, url_part part) {
  if (!raw.empty() && is_well_escaped(raw, part) && decoded(raw, part) == text) return std::string(raw);
  if (text == "*" && part == url_part::path) return "*";
  return encoded(text, part);
}

/// Whether a path that is written without a host would be read as one. Without a scheme three slashes begin a path.
bool would_be_host(std::string_view path, bool no_scheme) noexcept {
  return path.starts_with("//") && !(no_scheme && path.starts_with("///"));
}

std::pair<std::string_view, std::string_view> host_and_port(std::string_view host) noexcept {
  std::string_view port;
  const std::size_t colon = host.rfind(':');
  if (colon != npos && is_optional_port(host.substr(colon))) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, port};
}

/// Gives each well-formed pair, decoded, to `take` until that says no.
template <class Take>
void for_pairs(std::string_view query, Take take) {
  std::string name;
  std::string value;
  while (!query.empty()) {
    const auto [pair, rest] = cut(query, '&');
    query = rest;
    if (pair.empty() || pair.find(';') != npos) continue;
    const auto [raw_name, raw_value] = cut(pair, '=');
    name.clear();
    value.clear();
    if (append_unescaped(name, raw_name, url_part::query) != nullptr) continue;
    if (append_unescaped(value, raw_value, url_part::query) != nullptr) continue;
    if (!take(name, value)) return;
  }
}

}  // namespace

result<url> url::parse(std::string_view text) {
  const auto [before, tail] = cut(text, '#');
  url u;
  url_reader reader(u, false);
  if (warren::error err = reader.read(before); err != nullptr)
    return {url(), parse_error(before, std::move(err))};
  if (warren::error err = reader.read_fragment(tail); err != nullptr)
    return {url(), parse_error(text, std::move(err))};
  return {std::move(u), nullptr};
}

result<url> url::parse_request_target(std::string_view text) {
  url u;
  warren::error err = u.assign_request_target(text);
  if (err != nullptr) return {url(), std::move(err)};
  return {std::move(u), nullptr};
}

warren::error url::assign_request_target(std::string_view text) {
  clear();
  // Most are a plain path, with a query or without.
  const std::size_t plain = text.starts_with('/') ? plain_bytes(text, url_part::path) : 0;
  if (plain != 0 && plain == text.size()) {
    path = text;
    return nullptr;
  }
  warren::error err = url_reader(*this, true).read(text);
  if (err != nullptr) return parse_error(text, std::move(err));
  return nullptr;
}

void url::clear() noexcept {
  for (std::string* s :
       {&scheme, &opaque, &userinfo, &host, &path, &raw_path, &raw_query, &fragment, &raw_fragment}) {
    s->clear();
  }
  force_query = omit_host = false;
}

std::string url::escaped_path() const { return escaped(path, raw_path, url_part::path); }
std::string url::escaped_fragment() const { return escaped(fragment, raw_fragment, url_part::fragment); }

std::string url::request_target() const {
  std::string target = opaque;
  if (target.empty()) target = escaped_path();
  if (target.empty()) target = "/";
  if (!opaque.empty() && opaque.starts_with("//")) target = scheme + ':' + opaque;
  if (force_query || !raw_query.empty()) target.append("?").append(raw_query);
  return target;
}

std::string url::hostname() const { return std::string(host_and_port(host).first); }
std::string url::port() const { return std::string(host_and_port(host).second); }

std::optional<std::string> url::username() const {
  if (userinfo.empty()) return std::nullopt;
  return decoded(cut(userinfo, ':').first, url_part::userinfo);
}

std::optional<std::string> url::password() const {
  if (userinfo.find(':') == npos) return std::nullopt;
  return decoded(cut(userinfo, ':').second, url_part::userinfo);
}

void url::set_user(std::string_view name) { userinfo = encoded(name, url_part::userinfo); }

void url::set_user(std::string_view name, std::string_view password) {
  set_user(name);
  userinfo += ':';
  append_escaped(userinfo, password, url_part::userinfo);
}

url url::resolve(const url& reference) const {
  url u = reference;
  if (reference.scheme.empty()) u.scheme = scheme;
  if (!reference.scheme.empty() || !reference.host.empty() || !reference.userinfo.empty()) {
    set_path(u, resolve_path(reference.escaped_path(), ""));
    return u;
  }
  const bool empty_path = reference.path.empty();
  if (empty_path && reference.opaque.empty() && !reference.force_query && reference.raw_query.empty()) {
    u.raw_query = raw_query;
    if (reference.fragment.empty()) {
      u.fragment = fragment;
      u.raw_fragment = raw_fragment;
    }
  }
  if (!reference.opaque.empty() || (empty_path && !opaque.empty())) {
    if (reference.opaque.empty()) u.opaque = opaque;
    u.userinfo.clear();
    u.host.clear();
    u.path.clear();
    return u;
  }
  u.host = host;
  u.userinfo = userinfo;
  set_path(u, resolve_path(escaped_path(), reference.escaped_path()));
  return u;
}

result<url> url::resolve(std::string_view reference) const {
  auto [u, err] = parse(reference);
  if (err != nullptr) return {url(), std::move(err)};
  return {resolve(u), nullptr};
}

std::string url::query(std::string_view name) const {
  return query_value(raw_query, name).value_or(std::string());
}
bool url::has_query(std::string_view name) const { return query_value(raw_query, name).has_value(); }
std::vector<std::pair<std::string, std::string>> url::query_pairs() const { return parse_query(raw_query); }

std::string url::redacted() const {
  if (!password().has_value()) return to_string(*this);
  url hidden = *this;
  hidden.userinfo = userinfo.substr(0, userinfo.find(':')) + ":xxxxx";
  return to_string(hidden);
}

std::string to_string(const url& u) {
  std::string text;
  if (!u.scheme.empty()) text.append(u.scheme).append(":");
  if (!u.opaque.empty()) {
    text += u.opaque;
  } else {
    const bool nobody = u.host.empty() && u.userinfo.empty();
    const bool authority = (!u.scheme.empty() || !nobody) && !(u.omit_host && nobody);
    if (authority && (!nobody || !u.path.empty())) text += "//";
    if (!u.userinfo.empty()) text.append(u.userinfo).append("@");
    append_escaped(text, u.host, url_part::host);
    std::string path = u.escaped_path();
    if (nobody && !authority && would_be_host(path, u.scheme.empty())) {
      path.replace(0, 1, "%2F");
    } else if (!path.empty() && path[0] != '/' && !u.host.empty()) {
      text += '/';
    }
    if (text.empty() && cut(path, '/').first.find(':') != npos) text += "./";
    text += path;
  }
  if (u.force_query || !u.raw_query.empty()) text.append("?").append(u.raw_query);
  if (!u.fragment.empty()) text.append("#").append(u.escaped_fragment());
  return text;
}

std::ostream& operator<<(std::ostream& out, const url& u) { return out << to_string(u); }

std::string query_escape(std::string_view text) { return encoded(text, url_part::query); }
std::string path_escape(std::string_view text) { return encoded(text, url_part::path_segment); }

result<std::string> query_unescape(std::string_view text) {
  std::string out;
  warren::error err = append_unescaped(out, text, url_part::query);
  return {std::move(out), std::move(err)};
}

result<std::string> path_unescape(std::string_view text) {
  std::string out;
  warren::error err = append_unescaped(out, text, url_part::path_segment);
  return {std::move(out), std::move(err)};
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for_pairs(text, [&pairs](std::string& name, std::string& value) {
    pairs.emplace_back(std::move(name), std::move(value));
    return true;
  });
  return pairs;
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) {
    if (!text.empty()) text += '&';
    append_escaped(text, name, url_part::query);
    text += '=';
    append_escaped(text, value, url_part::query);
  }
  return text;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  for_pairs(query, [&](const std::string& pair_name, const std::string& value) {
    if (pair_name == name) found = value;
    return !found.has_value();
  });
  return found;
}

}  // namespace warren::http
