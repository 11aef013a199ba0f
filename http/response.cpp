// SPDX-License-Identifier: MIT
#include "response.hpp"

#include "request.hpp"
#include "response_state.hpp"
#include "status.hpp"

namespace warren::http {

response::response(const response& other) noexcept : state_(other.state_) {
  if (state_ != nullptr) state_->retain();
}

response::~response() {
  if (state_ != nullptr) state_->release();
}

int response::status_code() const { return state_->status; }

std::string response::status() const {
  std::string text = std::to_string(state_->status);
  return text.append(" ").append(state_->reason);
}

std::string response::proto() const { return state_->minor == 0 ? "HTTP/1.0" : "HTTP/1.1"; }
http::header& response::header() const { return state_->header; }
http::body& response::body() const { return state_->body; }
std::int64_t response::content_length() const { return state_->content_length; }
const http::request& response::request() const { return state_->request; }

const http::header& response::trailer() const {
  static const http::header none;
  return state_->trailer != nullptr ? *state_->trailer : none;
}

std::vector<cookie> response::cookies() const { return read_set_cookies(state_->header); }

result<url> response::location() const {
  const std::string to = state_->header.get("Location");
  if (to.empty()) return {url(), errors::make("http: no Location header in response")};
  return state_->request.url.resolve(to);
}

}  // namespace warren::http
