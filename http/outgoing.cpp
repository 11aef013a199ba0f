// SPDX-License-Identifier: MIT
#include "outgoing.hpp"

#include <charconv>
#include <string_view>

#include "characters.hpp"
#include "method.hpp"

namespace warren::http {

namespace {

constexpr std::string_view default_user_agent = "warren-http-client/1.1";

void put(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

/// What this file writes itself, whatever the fields say.
bool is_ours(std::string_view name) noexcept {
  switch (name.size()) {
    case 4: return characters::same_name(name, "Host");
    case 7: return characters::same_name(name, "Trailer");
    case 10: return characters::same_name(name, "User-Agent");
    case 14: return characters::same_name(name, "Content-Length");
    case 17: return characters::same_name(name, "Transfer-Encoding");
    default: return false;
  }
}

/// The name of an interface means something on this machine only. Source: RFC 6874.
void put_host(std::string& out, std::string_view host) {
  const std::size_t bracket = host.front() == '[' ? host.find(']') : std::string_view::npos;
  const std::size_t zone = host.substr(0, bracket).find('%');
  out.append("Host: ");
  if (bracket == std::string_view::npos || zone == std::string_view::npos) {
    out.append(host);
  } else {
    out.append(host.substr(0, zone)).append(host.substr(bracket));
  }
  out.append("\r\n");
}

bool put_target(std::string& out, const request& r, std::string_view method, std::string_view host) {
  if (method == method_connect && r.url.path.empty()) {
    out.append(r.url.opaque.empty() ? host : std::string_view(r.url.opaque));
    return true;
  }
  const std::string target = r.url.request_target();
  out.append(target);
  return characters::all(target, characters::target_byte);
}

void put_user_agent(std::string& out, const header& fields) {
  const auto set = fields.find("User-Agent");
  const std::string_view agent = set ? characters::trimmed(*set) : default_user_agent;
  if (!agent.empty()) put(out, "User-Agent", agent);
}

/// Of the URL, unless the request has credentials of its own.
void put_credentials(std::string& out, const request& r) {
  if (r.url.userinfo.empty() || r.header.has("Authorization")) return;
  request credentials;
  credentials.set_basic_auth(r.url.username().value_or(""), r.url.password().value_or(""));
  put(out, "Authorization", credentials.header.get("Authorization"));
}

void plan_body(const request& r, outgoing& how) {
  if (r.body == nil) return;
  how.length = r.content_length != 0 ? r.content_length : r.body.length();
  if (how.length != 0) how.body = how.length > 0 ? outgoing::framing::sized : outgoing::framing::chunked;
}

/// Many servers expect a length with these, though it be 0.
bool usually_has_body(std::string_view method) noexcept {
  return method == method_post || method == method_put || method == method_patch;
}

void put_framing(std::string& out, const request& r, std::string_view method, const outgoing& how) {
  if (how.body == outgoing::framing::chunked) {
    put(out, "Transfer-Encoding", "chunked");
    if (r.trailer.empty()) return;
    out.append("Trailer: ");
    for (const auto& [name, value] : r.trailer) out.append(name).append(",");
    out.back() = '\r';
    out.push_back('\n');
  } else if (how.body == outgoing::framing::sized || usually_has_body(method)) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, how.length).ptr;
    put(out, "Content-Length", {digits, static_cast<std::size_t>(end - digits)});
  }
}

}  // namespace

warren::error write_head(const request& r, bool keep_alive, std::string& out, outgoing& how) {
  const std::string_view method = r.method.empty() ? method_get : std::string_view(r.method);
  const std::string_view host = r.host.empty() ? r.url.host : r.host;
  const std::string_view connection = r.header.find("Connection").value_or("");
  const bool says_close = characters::has_element(connection, "close");
  how = {};
  how.close = r.close || !keep_alive || says_close;
  plan_body(r, how);
  how.expects_continue = how.body != outgoing::framing::none &&
                         characters::same_name(r.header.find("Expect").value_or(""), "100-continue");

  out.clear();
  out.append(method).push_back(' ');
  if (!put_target(out, r, method, host)) {
    return errors::make("net/http: can't write control character in Request.URL");
  }
  out.append(" HTTP/1.1\r\n");
  put_host(out, host);
  put_user_agent(out, r.header);
  // A request for another protocol keeps its own Connection field alone.
  if (how.close && !says_close && !characters::has_element(connection, "upgrade")) put(out, "Connection", "close");
  put_framing(out, r, method, how);
  put_credentials(out, r);
  for (const auto& [name, value] : r.header) {
    if (!is_ours(name)) put(out, name, characters::trimmed(value));
  }
  out.append("\r\n");
  return nil;
}

}  // namespace warren::http
