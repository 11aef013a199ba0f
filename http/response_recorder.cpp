// SPDX-License-Identifier: MIT
#include "response_recorder.hpp"

#include "sniff.hpp"
#include "status.hpp"
#include "status_check.hpp"
#include "timeout_handler.hpp"

namespace warren::http {

void response_recorder::write_header(int status) {
  check_status(status);
  if (status_ != 0 || is_informational(status)) return;
  status_ = status;
  sent_ = fields_;
}

/// What a server adds with the first piece of a body.
void response_recorder::begin(std::string_view piece) {
  if (status_ != 0) return;
  if (!fields_.has("Content-Type") && !fields_.has("Transfer-Encoding")) {
    fields_.set("Content-Type", detect_content_type(piece));
  }
  write_header(status_ok);
}

result<std::size_t> response_recorder::write(std::string_view piece) {
  begin(piece);
  if (!status_allows_body(status_)) return {0, body_not_allowed};
  body_ += piece;
  return {piece.size(), nil};
}

warren::error response_recorder::flush() {
  if (status_ == 0) write_header(status_ok);
  flushed_ = true;
  return nil;
}

result<net::conn> response_recorder::hijack() { return {net::conn(), not_supported}; }
warren::error response_recorder::set_read_deadline(clock::time_point) { return not_supported; }
warren::error response_recorder::set_write_deadline(clock::time_point) { return not_supported; }

}  // namespace warren::http
