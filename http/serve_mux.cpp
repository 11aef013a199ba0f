// SPDX-License-Identifier: MIT
#include "serve_mux.hpp"

// Laws
//   * Registering is done under `lock_`, which no request ever takes: see routing_tree.hpp for how it is read.

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <vector>

#include "../errors/panic.hpp"
#include "../runtime/thread_lock.hpp"
#include "characters.hpp"
#include "method.hpp"
#include "path.hpp"
#include "quote.hpp"
#include "replies.hpp"
#include "request.hpp"
#include "response_writer.hpp"
#include "routing_tree.hpp"
#include "status.hpp"
#include "url.hpp"

namespace warren::http {
namespace {

/// Returns: the path as it is written, in `room` only where it is not the same as the decoded one.
std::string_view escaped_path(const url& u, std::string& room) {
  const bool plain = u.raw_path.empty() && std::ranges::all_of(u.path, [](char c) {
                       return c == '/' || characters::is(c, characters::unreserved_byte);
                     });
  return plain ? std::string_view(u.path) : (room = u.escaped_path());
}

/// Returns: the host that a request is for, without its port.
std::string_view without_port(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos) return host;
  const auto name = host.substr(0, colon);
  if (name.starts_with('[')) return name.ends_with(']') ? name.substr(1, name.size() - 2) : host;
  return name.find(':') == std::string_view::npos ? name : host;
}

std::string with_query(std::string_view escaped, const std::string& query) {
  url u;
  u.path = unescaped(escaped);
  u.raw_path = escaped;
  u.raw_query = query;
  return to_string(u);
}

std::string joined(std::vector<std::string_view> methods) {
  std::ranges::sort(methods);
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string out;
  for (std::string_view m : methods) (out += out.empty() ? "" : ", ") += m;
  return out;
}

void refuse_method(response_writer& w, const std::string& allowed) {
  w.header().set("Allow", allowed);
  error(w, status_text(status_method_not_allowed), status_method_not_allowed);
}

}  // namespace

/// Where a request goes.
struct serve_mux::destination {
  const route* to = nullptr;         ///< matches; after a redirect if there is one
  std::string redirect = {};         ///< empty: none
  std::string allowed_methods = {};  ///< empty: with no method

  bool is_redirect() const { return !redirect.empty(); }
};

class serve_mux::routes {
 public:
  void add(std::string_view text, handler_func h, const std::source_location& where) {
    if (text.empty()) panic("http: invalid pattern");
    if (h == nil) panic("http: nil handler");
    auto [to, err] = pattern::parse(text);
    if (err != nil) panic(errors::wrap("parsing " + quote(text), err));
    std::string place = std::string(where.file_name()) + ':' + std::to_string(where.line());
    const std::lock_guard hold(lock_);
    if (const route* other = tree_.find_conflict(to)) {
      panic("pattern " + quote(text) + " (registered at " + place + ") conflicts with pattern " +
            quote(other->to.text()) + " (registered at " + other->where + "):\n" +
            describe_conflict(to, other->to));
    }
    tree_.add(std::make_unique<const route>(route{std::move(to), std::move(h), std::move(place)}));
  }

  destination find(const request& r, std::string_view escaped) const {
    if (r.method == method_connect) return find_unchanged(r, escaped);
    if (is_clean_path(escaped)) return find_clean(r, escaped);
    const std::string clean = clean_path(escaped);
    destination d = find_clean(r, clean);
    if (!d.is_redirect()) d.redirect = with_query(clean, r.url.raw_query);
    return d;
  }

 private:
  destination find_clean(const request& r, std::string_view path) const {
    const auto host = without_port(r.host);
    destination d = find_or_redirect(r, host, path);
    if (d.to == nullptr) d.allowed_methods = allowed_methods(host, path);
    return d;
  }

  /// CONNECT's paths are looked up as they are.
  destination find_unchanged(const request& r, std::string_view path) const {
    destination d = find_or_redirect(r, r.url.host, path);
    if (d.is_redirect()) return d;
    d.to = tree_.match(r.host, r.method, path);
    if (d.to == nullptr) d.allowed_methods = allowed_methods(r.host, path);
    return d;
  }

  destination find_or_redirect(const request& r, std::string_view host, std::string_view path) const {
    const route* const found = tree_.match(host, r.method, path);
    if (found != nullptr && is_exact_match(found->to, path)) return {found};
    if (path.empty() || path.ends_with('/')) return {found};
    const route* const better = tree_.match(host, r.method, path, ending::with_slash);
    if (better == nullptr || !is_exact_match(better->to, path, ending::with_slash)) return {found};
    return {better, with_query(std::string(path) += '/', r.url.raw_query)};
  }

  std::string allowed_methods(std::string_view host, std::string_view path) const {
    std::vector<std::string_view> methods;
    tree_.allowed_methods(host, path, ending::as_it_is, methods);
    if (!path.ends_with('/')) tree_.allowed_methods(host, path, ending::with_slash, methods);
    return joined(std::move(methods));
  }

  runtime::thread_lock lock_;
  routing_tree tree_;
};

serve_mux::serve_mux() : routes_(std::make_shared<routes>()) {}

void serve_mux::handle(std::string_view pattern, handler_func h, std::source_location where) {
  routes_->add(pattern, std::move(h), where);
}

void serve_mux::handle_func(std::string_view pattern, handler_func h, std::source_location where) {
  routes_->add(pattern, std::move(h), where);
}

void serve_mux::operator()(response_writer& w, request& r) const {
  if (r.request_uri == "*") {
    w.header().set("Connection", "close");
    return w.write_header(status_bad_request);
  }
  std::string room;
  const auto path = escaped_path(r.url, room);
  const destination d = routes_->find(r, path);
  r.pattern.assign(d.to == nullptr ? std::string_view() : d.to->to.text());
  r.clear_path_values();
  if (d.is_redirect()) return redirect(w, r, d.redirect, status_temporary_redirect);
  if (!d.allowed_methods.empty()) return refuse_method(w, d.allowed_methods);
  if (d.to == nullptr) return not_found(w, r);
  set_path_values(r, path, d);
  d.to->handler(w, r);
}

/// The pattern has matched: what its wildcards stand for is read off beside it.
void serve_mux::set_path_values(request& r, std::string_view path, const destination& d) {
  for (const segment& s : d.to->to.segments()) {
    if (s.is == segment::kind::end) return;
    if (s.is == segment::kind::rest) {
      if (!s.text.empty()) r.set_path_value(s.text, unescaped(path.substr(1)));
      return;
    }
    const auto value = take_segment(path);
    if (s.is == segment::kind::wildcard) r.set_path_value(s.text, unescaped(value));
  }
}

std::pair<handler_func, std::string> serve_mux::handler(const request& r) const {
  std::string room;
  const destination d = routes_->find(r, escaped_path(r.url, room));
  std::string text(d.to == nullptr ? std::string_view() : d.to->to.text());
  if (d.is_redirect()) return {redirect_handler(d.redirect, status_temporary_redirect), std::move(text)};
  if (!d.allowed_methods.empty()) {
    return {[allowed = d.allowed_methods](response_writer& w, request&) { refuse_method(w, allowed); }, {}};
  }
  if (d.to == nullptr) return {[](response_writer& w, request& q) { not_found(w, q); }, {}};
  return {d.to->handler, std::move(text)};
}

serve_mux& default_serve_mux() {
  static serve_mux& mux = *new serve_mux;  // never destroyed: goroutines may outlive the globals
  return mux;
}

void handle(std::string_view pattern, handler_func h, std::source_location where) {
  default_serve_mux().handle(pattern, std::move(h), where);
}

void handle_func(std::string_view pattern, handler_func h, std::source_location where) {
  default_serve_mux().handle_func(pattern, std::move(h), where);
}

}  // namespace warren::http
