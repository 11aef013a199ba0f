// SPDX-License-Identifier: MIT
#pragma once

// What a client makes of a redirect. Source: RFC 9110 section 15.4, Go net/http client.go.

#include <span>
#include <string>
#include <string_view>

#include "../errors/result.hpp"
#include "request.hpp"
#include "response.hpp"

namespace warren::http {

/// Where a response sends the client, if it does.
struct redirection {
  bool follow = false;
  bool keeps_body = false;  ///< method and body stay as they were
  std::string method;
};

/// `method` is that of the request answered, `first` the request that the program made.
redirection redirection_of(const response& r, std::string_view method, const request& first);

/// What is carried from one request to the next.
struct redirect_trail {
  bool left_domain = false;  ///< what is secret stays behind from now on
  bool dropped_body = false;
};

/// Makes the next request. `sent`: those before, the first one first. Returns: why it cannot be made.
result<request> redirected(const response& r, const redirection& how, std::span<const request> sent,
                           redirect_trail& trail);

/// Returns: the URL as it may be shown: with *** for a password.
std::string without_password(const url& u);

}  // namespace warren::http
