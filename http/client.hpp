// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "../runtime/clock.hpp"
#include "body.hpp"
#include "request.hpp"
#include "response.hpp"
#include "transport.hpp"
#include "url.hpp"

namespace warren::http {

/// Returned by client::check_redirect: the client follows no further, and the last response is the answer, its body
/// unread. Source: Go net/http.ErrUseLastResponse.
inline constexpr errors::sentinel use_last_response_object{"net/http: use last response"};
inline constexpr warren::error use_last_response{use_last_response_object};

/// What a form holds, in order.
using form_values = std::vector<std::pair<std::string, std::string>>;

/// Sends requests and follows redirects. A value: copies share the transport; without one of its own, that is the one all
/// clients share. All functions may be called from anywhere, at the same time, as long as nobody writes the fields.
///
/// Any status is an answer, not an error. Every error is a url_error: `Get "http://host/": ` and why; errors::is and
/// errors::is_timeout see through it. A request's context, and `timeout`, end its exchange at every stage: look-up,
/// connecting, waiting for a connection, writing, waiting for the response, reading its body.
///
/// Redirects: 301, 302 and 303 become a GET without a body (HEAD stays), 307 and 308 keep method and body, as long as the
/// body can be rewound. The fields of the first request go along, but Authorization, Cookie and their like only within
/// its domain, and not from https to http. Source: Go net/http.Client.
class client {
 public:
  /// For the whole of a call: redirects and the reading of the last body included. 0: none.
  clock::duration timeout{0};
  int max_redirects = 10;
  /// Asked before each redirect, in place of counting to max_redirects: the request to be sent, which may be changed, and
  /// those sent before it, the first one first. An error ends the call, see use_last_response.
  std::function<warren::error(request& next, std::span<const request> sent)> check_redirect{};
  http::transport transport{};

  /// Parks: yes, as all but close_idle().
  result<response> get(std::string_view url) const;
  result<response> head(std::string_view url) const;
  result<response> post(std::string_view url, std::string_view content_type, body content) const;
  /// The form as `application/x-www-form-urlencoded`.
  result<response> post_form(std::string_view url, const form_values& form) const;
  /// Sends the request, with its context. Its body is closed, also on failure.
  result<response> do_(request r) const;

  /// Closes the transport's connections that no request uses.
  void close_idle() const;
};

/// The same with a client as it is made. Source: Go net/http.Get, Head, Post, PostForm.
result<response> get(std::string_view url);
result<response> head(std::string_view url);
result<response> post(std::string_view url, std::string_view content_type, body content);
result<response> post_form(std::string_view url, const form_values& form);

}  // namespace warren::http
