// SPDX-License-Identifier: MIT
#pragma once

// A server and a client of this library, and a request whose answer is known.

#include <warren/warren.hpp>

#include <cstddef>
#include <string>

namespace warren::tests {

/// Serves from its beginning to its end; the answer to a POST is its body, to a GET a short text.
class echo_server {
 public:
  echo_server();
  ~echo_server();
  echo_server(const echo_server&) = delete;
  echo_server& operator=(const echo_server&) = delete;

  const std::string& url() const { return url_; }

 private:
  http::server server_;
  std::string url_;
  chan<error> ended_ = make_chan<error>(1);
};

/// Posts so many bytes. Returns: nothing where they came back, else what went wrong.
std::string post(const http::client& c, const std::string& url, std::size_t bytes);
/// The same for a GET.
std::string get(const http::client& c, const std::string& url, const context& ctx = context::background());

/// What a wrong answer is told with: no fault may lead to that.
inline constexpr std::string_view wrong_answer = "WRONG: ";

}  // namespace warren::tests
