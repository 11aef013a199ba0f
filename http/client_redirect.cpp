// SPDX-License-Identifier: MIT
#include "client_redirect.hpp"

#include <utility>

#include "characters.hpp"
#include "method.hpp"
#include "quote.hpp"
#include "status.hpp"

namespace warren::http {

namespace {

using characters::same_name;

template <std::size_t N>
bool is_one_of(std::string_view name, const std::string_view (&names)[N]) noexcept {
  for (const std::string_view n : names) {
    if (same_name(name, n)) return true;
  }
  return false;
}

bool is_secret(std::string_view name) noexcept {
  return is_one_of(name, {"Authorization", "Www-Authenticate", "Cookie", "Cookie2", "Proxy-Authorization",
                          "Proxy-Authenticate"});
}

bool is_about_body(std::string_view name) noexcept {
  return is_one_of(name, {"Content-Encoding", "Content-Language", "Content-Location", "Content-Type"});
}

/// `a.b.c` is in the domain `b.c`, and `b.c` is.
bool is_in_domain(std::string_view host, std::string_view domain) noexcept {
  if (same_name(host, domain)) return true;
  // Addresses have no domains.
  if (host.find_first_of(":%") != std::string_view::npos || host.size() <= domain.size()) return false;
  const std::size_t at = host.size() - domain.size();
  return host[at - 1] == '.' && same_name(host.substr(at), domain);
}

/// From now on everybody on the way can read along.
bool is_unveiled(const url& last, const url& next) noexcept { return last.scheme == "https" && next.scheme == "http"; }

void copy_fields(const header& from, const redirect_trail& trail, header& to) {
  for (const auto& [name, value] : from) {
    if (trail.left_domain && is_secret(name)) continue;
    if (trail.dropped_body && is_about_body(name)) continue;
    to.add(name, value);
  }
}

/// Where the client comes from, unless that was told in confidence.
std::string referer_for(const url& last, const url& next, const std::string& said) {
  if (is_unveiled(last, next)) return {};
  if (!said.empty()) return said;
  url shown = last;
  shown.userinfo.clear();
  shown.fragment.clear();
  shown.raw_fragment.clear();
  return to_string(shown);
}

/// A Host field of the program's own goes along as long as the server does not name another.
std::string host_for(const request& last, const std::string& location) {
  if (last.host.empty() || last.host == last.url.host) return {};
  const auto reference = url::parse(location);
  return reference.err() == nil && !reference.value().is_absolute() ? last.host : std::string();
}

}  // namespace

redirection redirection_of(const response& r, std::string_view method, const request& first) {
  switch (r.status_code()) {
    case status_moved_permanently:
    case status_found:
    case status_see_other:
      return {true, false, std::string(method == method_head ? method_head : method_get)};
    case status_temporary_redirect:
    case status_permanent_redirect:
      // A body that is gone cannot be sent again: the response is the answer.
      return {first.body.rewind(), true, std::string(method)};
    default: return {};
  }
}

result<request> redirected(const response& r, const redirection& how, std::span<const request> sent,
                           redirect_trail& trail) {
  const request& first = sent.front();
  const request& last = sent.back();
  const std::string location = r.header().get("Location");
  auto target = last.url.resolve(std::string_view(location));
  if (target.err() != nil) {
    return {nil, errors::make("failed to parse Location header " + quote(location) + ": " + target.err().message())};
  }
  request next = request().with_context(first.ctx());
  next.method = how.method;
  next.url = std::move(target.value());
  next.host = host_for(last, location);
  trail.dropped_body = trail.dropped_body || !how.keeps_body;
  trail.left_domain = trail.left_domain || !is_in_domain(next.url.hostname(), first.url.hostname()) ||
                      is_unveiled(last.url, next.url);
  if (!trail.dropped_body) {
    next.body = first.body;
    next.content_length = first.content_length;
  }
  copy_fields(first.header, trail, next.header);
  const std::string referer = referer_for(last.url, next.url, next.header.get("Referer"));
  next.header.del("Referer");
  if (!referer.empty()) next.header.set("Referer", referer);
  return {std::move(next), nil};
}

std::string without_password(const url& u) {
  const std::size_t colon = u.userinfo.find(':');
  if (colon == std::string::npos) return to_string(u);
  const std::string before = u.userinfo + '@';
  std::string shown = to_string(u);
  const std::size_t at = shown.find(before);
  if (at != std::string::npos) shown.replace(at, before.size(), u.userinfo.substr(0, colon) + ":***@");
  return shown;
}

}  // namespace warren::http
