// SPDX-License-Identifier: MIT
#pragma once

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/context/context.hpp>
#include <warren/http/client.hpp>
#include <warren/http/url_error.hpp>
#include <warren/net/eof.hpp>
#include <warren/runtime/go.hpp>
#include <warren/time/sleep.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include "../test.hpp"
#include "scripted_server.hpp"

namespace warren::tests {

/// A client with a transport of its own, which is emptied at the end.
struct own_client : http::client {
  explicit own_client(http::transport_options o = {}) { transport = http::transport(std::move(o)); }
  own_client(const own_client&) = delete;
  own_client& operator=(const own_client&) = delete;
  ~own_client() { close_idle(); }
};

/// Gets the URL and reads the body. Returns: the body, or `error: ` and why not.
inline std::string fetch(const http::client& c, const std::string& url) {
  auto [res, err] = c.get(url);
  if (err != nil) return "error: " + err.message();
  auto [text, read_err] = read_all(res.body());
  if (read_err != nil) return "error: " + read_err.message();
  return text;
}

/// What the client says about a URL, without the URL.
inline std::string why(const error& err) {
  const auto* e = errors::as<http::url_error>(err);
  return e == nullptr ? err.message() : e->unwrap().message();
}

/// Waits until the condition holds, for two seconds at most. Returns: whether it does.
template <class Condition>
bool soon(Condition&& holds) {
  using namespace std::chrono_literals;
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    sleep(1ms);
  }
  return holds();
}

}  // namespace warren::tests
