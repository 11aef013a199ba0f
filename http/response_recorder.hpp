// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "header.hpp"
#include "response_writer.hpp"

namespace warren::http {

/// A writer that keeps the answer, for tests of handlers: `response_recorder w; handler(w, request);`.
/// Source: Go net/http/httptest.ResponseRecorder.
class response_recorder final : public response_writer {
 public:
  response_recorder() = default;

  /// Returns: the status, 200 if none was written.
  int status() const noexcept { return status_ == 0 ? 200 : status_; }
  const std::string& body() const noexcept { return body_; }
  bool flushed() const noexcept { return flushed_; }
  /// Returns: the fields as they were when the status was written; those set so far if none was.
  const http::header& sent_header() const noexcept { return status_ == 0 ? fields_ : sent_; }

  http::header& header() override { return fields_; }
  void write_header(int status) override;
  result<std::size_t> write(std::string_view piece) override;
  warren::error flush() override;
  result<net::conn> hijack() override;
  warren::error set_read_deadline(clock::time_point t) override;
  warren::error set_write_deadline(clock::time_point t) override;

 private:
  void begin(std::string_view piece);

  int status_ = 0;  ///< 0: not written yet
  http::header fields_;
  http::header sent_;
  std::string body_;
  bool flushed_ = false;
};

}  // namespace warren::http
