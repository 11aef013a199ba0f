// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "../errors/error.hpp"
#include "body.hpp"
#include "handler.hpp"

namespace warren::http {

/// What reads of a body say beyond its limit: `http: request body too large`.
class body_too_large final : public errors::base {
 public:
  explicit body_too_large(std::int64_t limit) noexcept : limit_(limit) {}

  std::string message() const override;
  std::int64_t limit() const noexcept { return limit_; }

 private:
  std::int64_t limit_;
};

/// Returns: the body of a request, of which `limit` bytes can be read. Beyond, reads give a body_too_large, and the
/// connection ends with the answer. Valid as long as the writer. Source: Go http.MaxBytesReader.
body max_bytes_body(response_writer& w, body b, std::int64_t limit);

/// Returns: a handler that calls `h` with such a body. Source: Go http.MaxBytesHandler.
handler_func max_bytes(handler_func h, std::int64_t limit);

}  // namespace warren::http
