// SPDX-License-Identifier: MIT
#pragma once

// What a response is behind its handle. Whoever receives it fills the fields before anybody else has a handle; the trailer
// comes later, before the body's read gives its end.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "body.hpp"
#include "header.hpp"
#include "request.hpp"

namespace warren::http {

class response_state final {
 public:
  response_state() = default;
  response_state(const response_state&) = delete;
  response_state& operator=(const response_state&) = delete;

  int status = 0;
  int minor = 1;
  std::string reason;
  http::header header;
  /// Where the body puts the trailers when it was read to its end, which may outlive this; null: there will be none.
  std::shared_ptr<http::header> trailer;
  http::body body;
  std::int64_t content_length = -1;
  http::request request;

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  ~response_state() = default;

  std::atomic<std::uint32_t> handles_{1};
};

}  // namespace warren::http
