// SPDX-License-Identifier: MIT
#pragma once

// Handlers are called here without a connection: with a request as a server would have read it, and a recorder.

#include <warren/http/handler.hpp>
#include <warren/http/request.hpp>
#include <warren/http/response_recorder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::tests {

/// A request as a server gives it to its handler.
inline http::request request_for(std::string_view method, std::string_view target,
                                 std::string_view host = "example.com") {
  http::request r;
  r.method = method;
  r.request_uri = target;
  r.host = host;
  r.proto = "HTTP/1.1";
  auto [url, err] = http::url::parse_request_target(target);
  EXPECT_EQ(err, nil) << err;
  r.url = url;
  return r;
}

/// What a handler answers.
struct answer {
  int status;
  http::header header;
  std::string body;

  std::string field(std::string_view name) const { return header.get(name); }
};

inline answer call(const http::handler_func& h, http::request& r) {
  http::response_recorder w;
  h(w, r);
  return {w.status(), w.sent_header(), w.body()};
}

inline answer call(const http::handler_func& h, http::request&& r) { return call(h, r); }

/// Calls it with a GET.
inline answer get(const http::handler_func& h, std::string_view target) {
  return call(h, request_for("GET", target));
}

}  // namespace warren::tests
