// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../errors/result.hpp"
#include "body.hpp"
#include "cookie.hpp"
#include "header.hpp"
#include "url.hpp"

namespace warren::http {

class request;
class response_state;

/// The answer of a server, as a client received it. A handle: copies share, a default one is nil, of which only `== nil`
/// may be asked.
///
/// The body is a stream: it must be read to its end or closed, or the last handle of the response and of its body be
/// dropped, for the connection to be used again. Source: Go http.Response.
class response {
 public:
  constexpr response() noexcept = default;
  constexpr response(std::nullptr_t) noexcept {}
  /// Takes the caller's handle over.
  explicit response(response_state* owned) noexcept : state_(owned) {}
  response(const response& other) noexcept;
  response(response&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  response& operator=(response other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~response();

  int status_code() const;
  /// Returns: `200 OK`, with the words that the server sent.
  std::string status() const;
  /// Returns: `HTTP/1.1`.
  std::string proto() const;
  http::header& header() const;
  http::body& body() const;
  /// Returns: what the server said; -1: nothing.
  std::int64_t content_length() const;
  /// Returns: the request that this is the answer to, the last one after redirects.
  const http::request& request() const;
  /// Returns: the fields that came behind the body, once that was read to its end.
  const http::header& trailer() const;

  std::vector<cookie> cookies() const;
  /// Returns: where the Location field leads, relative to the request's URL; `http: no Location header in response`.
  result<url> location() const;

  response_state* state() const noexcept { return state_; }

  friend bool operator==(const response& a, const response& b) noexcept = default;
  friend bool operator==(const response& r, std::nullptr_t) noexcept { return r.state_ == nullptr; }

 private:
  response_state* state_ = nullptr;
};

}  // namespace warren::http

template <>
struct std::hash<warren::http::response> {
  std::size_t operator()(const warren::http::response& r) const noexcept { return std::hash<const void*>{}(r.state()); }
};
