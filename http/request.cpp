// SPDX-License-Identifier: MIT
#include "request.hpp"

#include <algorithm>
#include <cstddef>

#include "../errors/panic.hpp"
#include "../net/eof.hpp"
#include "base64.hpp"
#include "characters.hpp"
#include "head_parser.hpp"
#include "method.hpp"
#include "quote.hpp"

namespace warren::http {

using namespace characters;

namespace {

constexpr std::size_t largest_form = 10 << 20;

bool is_form_type(std::string_view type) noexcept {
  return same_name(trimmed(type.substr(0, type.find(';'))), "application/x-www-form-urlencoded");
}

/// Returns: the body, if that is not larger than a form may be.
result<std::string> read_form(const body& b) {
  std::string text;
  char piece[4096];
  for (;;) {
    auto [n, err] = b.read(piece);
    if (text.size() + n > largest_form) return {std::string(), errors::make("http: POST too large")};
    text.append(piece, n);
    if (err == net::eof) return {std::move(text), nullptr};
    if (err != nullptr) return {std::string(), std::move(err)};
  }
}

}  // namespace

struct request::form {
  std::string text;
  warren::error err;
};

request::request() = default;
request::request(std::nullptr_t) {}
request::request(const request& other) = default;
request::request(request&& other) noexcept = default;
request& request::operator=(const request& other) = default;
request& request::operator=(request&& other) noexcept = default;
request::~request() = default;

bool request::is_nil() const noexcept {
  return method.empty() && host.empty() && url.path.empty() && url.host.empty() && url.scheme.empty() &&
         url.opaque.empty();
}

context request::ctx() const {
  if (ctx_ != nullptr) return ctx_;
  return lazy_.get() != nullptr ? lazy_.get()->get() : context::background();
}

request request::with_context(const context& ctx) const {
  if (ctx == nullptr) panic("nil context");
  request copy = *this;
  copy.ctx_ = ctx;
  copy.lazy_ = {};
  return copy;
}

std::string request::path_value(std::string_view name) const {
  for (std::size_t i = 0; i < path_values_; ++i) {
    if (path_variables_[i].name == name) return path_variables_[i].value;
  }
  return {};
}

void request::set_path_value(std::string_view name, std::string_view value) {
  std::size_t i = 0;
  while (i < path_values_ && path_variables_[i].name != name) ++i;
  if (i == path_variables_.size()) path_variables_.emplace_back();
  if (i == path_values_) ++path_values_;
  path_variables_[i].name = name;
  path_variables_[i].value = value;
}

std::string request::query(std::string_view name) const { return url.query(name); }

warren::error request::parse_form() const {
  if (form_ != nullptr) return form_->err;
  form f;
  const bool may_have_one = method == method_post || method == method_put || method == method_patch;
  if (may_have_one && is_form_type(header.find("Content-Type").value_or(""))) {
    auto [text, err] = read_form(body);
    f = {std::move(text), std::move(err)};
  }
  form_ = std::make_shared<const form>(std::move(f));
  return form_->err;
}

std::string request::form_value(std::string_view name) const {
  parse_form();
  std::optional<std::string> value = query_value(form_->text, name);
  return value.has_value() ? *std::move(value) : query(name);
}

std::string request::cookie(std::string_view name) const {
  return read_cookie(header, name).value_or(std::string());
}
std::vector<http::cookie> request::cookies() const { return read_cookies(header); }
void request::add_cookie(const http::cookie& c) { http::add_cookie(header, c); }

std::optional<std::pair<std::string, std::string>> request::basic_auth() const {
  constexpr std::string_view scheme = "Basic ";
  const std::string_view field = header.find("Authorization").value_or("");
  if (!starts_with_name(field, scheme)) return std::nullopt;
  const std::optional<std::string> both = base64_decode(field.substr(scheme.size()));
  if (!both.has_value()) return std::nullopt;
  const std::size_t colon = both->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return std::pair(both->substr(0, colon), both->substr(colon + 1));
}

void request::set_basic_auth(std::string_view name, std::string_view password) {
  std::string both(name);
  both.append(":").append(password);
  header.set("Authorization", "Basic " + base64_encode(both));
}

warren::error request::take(request_head& head) {
  method.swap(head.method);
  request_uri.swap(head.target);
  host.swap(head.host);
  header.swap(head.header);
  proto = head.minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
  close = head.close;
  content_length = head.chunked ? -1 : std::max<std::int64_t>(head.content_length, 0);
  if (method != method_connect) return url.assign_request_target(request_uri);
  url.clear();
  url.host = request_uri;
  return nullptr;
}

void request::set_lazy_context(lazy_context* owned) noexcept {
  ctx_ = nullptr;
  lazy_ = shared_lazy_context(owned);
}

void request::reset() noexcept {
  for (std::string* s : {&method, &host, &remote_addr, &proto, &request_uri, &pattern}) s->clear();
  url.clear();
  header.clear();
  body = nullptr;
  content_length = 0;
  close = false;
  trailer.clear();
  set_lazy_context(nullptr);
  clear_path_values();
  form_.reset();
}

void request::release_memory() noexcept { *this = request(); }

result<request> new_request(std::string_view method, std::string_view url, body content) {
  return new_request(context::background(), method, url, std::move(content));
}

result<request> new_request(const context& ctx, std::string_view method, std::string_view url, body content) {
  if (method.empty()) method = method_get;
  if (!is_valid_method(method))
    return {request(), errors::make("net/http: invalid method " + quote(method))};
  if (ctx == nullptr) return {request(), errors::make("net/http: nil Context")};
  auto [u, err] = url::parse(url);
  if (err != nullptr) return {request(), std::move(err)};
  // A port that is not written down: `host:`.
  if (u.host.ends_with(':') && u.port().empty()) u.host.pop_back();
  request r;
  r.method = method;
  r.host = u.host;
  r.url = std::move(u);
  r.proto = "HTTP/1.1";
  r.content_length = content.length();
  r.body = std::move(content);
  if (ctx == context::background()) return {std::move(r), nullptr};
  return {r.with_context(ctx), nullptr};
}

}  // namespace warren::http
