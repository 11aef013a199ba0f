// SPDX-License-Identifier: MIT
#include "request_check.hpp"

#include <string>

#include "characters.hpp"
#include "host.hpp"
#include "method.hpp"
#include "quote.hpp"

namespace warren::http {

namespace {

warren::error check_fields(const header& fields, const char* what) {
  for (const auto& [name, value] : fields) {
    if (!is_valid_name(name)) {
      return errors::make(std::string("net/http: invalid ") + what + " field name " + quote(name));
    }
    // The value is left out of the message: it may be a secret.
    if (!is_valid_value(value)) {
      return errors::make(std::string("net/http: invalid ") + what + " field value for " + quote(name));
    }
  }
  return nil;
}

warren::error check_trailer(const header& trailer) {
  for (const auto& [name, value] : trailer) {
    for (const char* framing : {"Transfer-Encoding", "Trailer", "Content-Length"}) {
      if (characters::same_name(name, framing)) {
        return errors::make("invalid Trailer key " + quote(framing));
      }
    }
  }
  return check_fields(trailer, "trailer");
}

warren::error check_body(const request& r) {
  if (r.content_length != 0 && r.body == nil) {
    return errors::make("http: Request.ContentLength=" + std::to_string(r.content_length) + " with nil Body");
  }
  return nil;
}

}  // namespace

warren::error check_request(const request& r) {
  if (r == nil) return errors::make("http: nil Request.URL");
  if (auto err = check_fields(r.header, "header"); err != nil) return err;
  if (auto err = check_trailer(r.trailer); err != nil) return err;
  if (r.url.scheme != "http" && r.url.scheme != "https") {
    return errors::make("unsupported protocol scheme " + quote(r.url.scheme));
  }
  if (!r.method.empty() && !is_valid_method(r.method)) {
    return errors::make("net/http: invalid method " + quote(r.method));
  }
  if (r.url.host.empty()) return errors::make("http: no Host in request URL");
  if (!is_valid_host(r.url.host)) return errors::make("http: invalid host in request URL");
  if (!r.host.empty() && !is_valid_host(r.host)) return errors::make("http: invalid Host header");
  return check_body(r);
}

}  // namespace warren::http
