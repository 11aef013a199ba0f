// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "../net/conn.hpp"
#include "../runtime/clock.hpp"
#include "header.hpp"

namespace warren::http {

/// What a handler answers with. Valid until the handler returns, and used by one goroutine at a time.
///
/// Fields set in header() are sent with the first write() or write_header(). What is not said is added: a length where
/// all of the answer is known when the handler returns, the type of the content from its first 512 bytes, the date.
/// Source: Go net/http.ResponseWriter, Flusher, Hijacker and ResponseController.
class response_writer {
 public:
  response_writer(const response_writer&) = delete;
  response_writer& operator=(const response_writer&) = delete;

  /// Returns: the fields that will be sent. Changes after the first write() have no effect, but for trailers: those
  /// named in a "Trailer" field before, or with a name that begins with "Trailer:".
  virtual http::header& header() = 0;

  /// Sends the status and the fields: an informational status (100 to 199 but 101) at once, and more may follow; any
  /// other once, with the first piece of the body or when the handler returns.
  /// Throws: panic_error `invalid WriteHeader code N` unless it has three digits.
  virtual void write_header(int status) = 0;

  /// Adds to the body. Parks: when its buffer is full.
  /// Returns: the size of `piece`, or why it was not taken: http::body_not_allowed, http::wrong_content_length,
  /// http::conn_hijacked, or what the connection says.
  virtual result<std::size_t> write(std::string_view piece) = 0;

  /// Sends what is buffered. Parks: yes.
  virtual warren::error flush() = 0;

  /// Hands the connection over, with what has been received beyond the request and not been read: the first reads give
  /// that. The server does nothing more with it, and the request's body must not be read any more.
  virtual result<net::conn> hijack() = 0;

  /// For the reads of the request's body and the writes of the answer from now on; a zero time point: none.
  virtual warren::error set_read_deadline(clock::time_point t) = 0;
  virtual warren::error set_write_deadline(clock::time_point t) = 0;

 protected:
  response_writer() = default;
  ~response_writer() = default;
};

/// What write() says when the answer has no body: to HEAD, and with status 1xx, 204 and 304.
inline constexpr errors::sentinel body_not_allowed_object{
    "http: request method or response status code does not allow body"};
inline constexpr warren::error body_not_allowed{body_not_allowed_object};

/// What write() says when more is written than the "Content-Length" field tells.
inline constexpr errors::sentinel wrong_content_length_object{"http: wrote more than the declared Content-Length"};
inline constexpr warren::error wrong_content_length{wrong_content_length_object};

/// What everything says after hijack().
inline constexpr errors::sentinel conn_hijacked_object{"http: connection has been hijacked"};
inline constexpr warren::error conn_hijacked{conn_hijacked_object};

}  // namespace warren::http
