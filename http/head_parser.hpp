// SPDX-License-Identifier: MIT
#pragma once

// The heads of messages: first line, fields, and what they say about the body and the connection.
//
// Laws
//   * A parser never waits for more bytes when the message cannot become right any more, and its answer does not depend on
//     the pieces in which the bytes came.
//   * What two implementations might understand in different ways is refused, never guessed: after `bad` no byte of the
//     connection is looked at again.
//   * Nothing is copied until the head is complete.
//
// Refused are: line ends other than CR LF; lines that begin with a space; control characters; Content-Length beside
// Transfer-Encoding, several that differ, lists, signs; a Transfer-Encoding that is not `chunked` once and alone, or in
// HTTP/1.0; no Host in HTTP/1.1, two, or one that is none; versions other than 1.0 and 1.1.
// Source: RFC 9112.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "field_lines.hpp"
#include "header.hpp"

namespace warren::http {

enum class head_status : std::uint8_t { incomplete, complete, bad };

struct head_limits {
  std::size_t max_bytes = 64 * 1024;  ///< of the whole head
  std::size_t max_fields = 500;
  std::size_t max_target = 8 * 1024;
};

/// What the fields of a message say about its body and its connection.
struct message_framing {
  std::int64_t content_length = -1;  ///< -1: not said
  bool chunked = false;
  bool close =
      false;  ///< the connection ends with this message: `Connection: close`, or HTTP/1.0 without `keep-alive`
  bool upgrade = false;  ///< `Connection: upgrade`
  std::string trailer;   ///< the names of announced trailers, with commas between

  /// Keeps the memory, as the others do.
  void clear() noexcept;
};

struct request_head : message_framing {
  std::string method;
  std::string target;  ///< as it came
  std::string host;  ///< of the target if that is absolute or CONNECT's, else of the Host field; empty: none
  int minor = 1;     ///< HTTP/1.minor
  bool expects_continue = false;  ///< `Expect: 100-continue`
  bool expects_unknown = false;   ///< Expect with anything else: 417
  http::header header;            ///< without Host, Transfer-Encoding and Trailer

  /// There are bytes to be read after the head.
  bool has_body() const noexcept { return chunked || content_length > 0; }
  void clear() noexcept;
  /// Gives the memory back.
  void release_memory() noexcept;
};

struct response_head : message_framing {
  int status = 0;
  std::string reason;
  int minor = 1;
  http::header header;  ///< without Transfer-Encoding and Trailer

  void clear() noexcept;
};

/// What both parsers have in common: the lines after the first.
class head_parser {
 public:
  /// Of a complete head: how many bytes it has, with all that came before it.
  std::size_t consumed() const noexcept { return consumed_; }
  /// Of a bad head: the status to answer with (400, 414, 431, 501, 505).
  int error_status() const noexcept { return error_status_; }
  /// Of a bad head: what is wrong.
  const std::string& error_text() const noexcept { return error_text_; }
  /// Some bytes of the head have come; an empty line before it does not count.
  bool has_begun() const noexcept { return begun_; }

  void set_limits(const head_limits& limits) noexcept { limits_ = limits; }

  /// Gives the memory back, between two heads.
  void release_memory() noexcept;

 protected:
  enum class side : std::uint8_t { request, response };

  head_parser(side of, const head_limits& limits) noexcept : limits_(limits), side_(of) {}
  ~head_parser() = default;

  void start_over() noexcept;
  head_status refuse(int status, std::string text);
  std::string_view within_limit(std::string_view text) const noexcept;
  head_status more_or_too_large(std::string_view text);
  /// The lines after the first, which begin at `lines_.position()`.
  head_status read_fields(std::string_view text, message_framing& f);
  /// Moves the fields to the header, but for those whose place has lost its name.
  void finish_fields(std::string_view text, message_framing& f, header& to);

  head_limits limits_;
  field_lines lines_;
  std::vector<field_place> places_;
  std::size_t at_ = 0;  ///< in the first line: what has been looked at
  std::size_t consumed_ = 0;
  std::string error_text_;
  int error_status_ = 0;
  int minor_ = 1;
  std::uint32_t host_ = 0;  ///< 1 more than the index of the Host field; 0: none came
  bool begun_ = false;
  bool continue_expected_ = false;
  bool unknown_expected_ = false;

 private:
  /// The fields that are looked at here.
  enum class known : std::uint8_t {
    other,
    host,
    connection,
    content_length,
    transfer_encoding,
    expect,
    trailer
  };

  static known recognise(std::string_view name) noexcept;
  head_status take_name(std::string_view name, const message_framing& f);
  head_status take_field(std::string_view text, message_framing& f);
  head_status take_host(std::string_view value);
  head_status take_length(std::string_view text, std::string_view value, message_framing& f);
  head_status take_transfer_encoding(std::string_view text, std::string_view value, message_framing& f);
  void take_connection(std::string_view value, message_framing& f) noexcept;
  void take_expect(std::string_view value) noexcept;
  void take_trailer(std::string_view value, message_framing& f);

  head_status check_value_so_far(std::string_view text);
  head_status check_host(std::string_view value, bool whole);
  head_status check_length(std::string_view text, std::string_view value, bool whole);
  head_status check_transfer_encoding(std::string_view text, std::string_view value, bool whole);
  head_status bad_length(std::string_view text);
  head_status refuse_line(std::string_view text);
  std::string_view shown_value(std::string_view text) const noexcept;

  const side side_;
  known current_ = known::other;  ///< what the line that is being read is about
  std::uint32_t length_ = 0;      ///< as host_, of Content-Length
  bool transfer_encoding_seen_ = false;
  bool keep_alive_ = false;
};

/// Requests, as a server reads them.
class request_parser : public head_parser {
 public:
  explicit request_parser(const head_limits& limits = {}) noexcept : head_parser(side::request, limits) {}

  /// Looks at all that has been buffered since the last head. Returns: `complete` once, with `into` filled; `bad` for good.
  head_status feed(std::string_view text, request_head& into);

  /// For the next message, whose bytes begin where this one's ended.
  void reset() noexcept;

 private:
  enum class state : std::uint8_t { start, method, target, version, fields, done, bad };

  head_status go_on(std::string_view text, request_head& into);
  head_status read_start(std::string_view text);
  head_status read_method(std::string_view text);
  head_status read_target(std::string_view text);
  head_status read_version(std::string_view text);
  head_status finish(std::string_view text, request_head& into);
  void take_request_host(std::string_view text, request_head& into);

  state state_ = state::start;
  std::size_t method_at_ = 0;
  std::size_t target_at_ = 0;
  std::size_t version_at_ = 0;
};

/// Responses, as a client reads them; informational ones are heads like any other. Error texts are Go's.
class response_parser : public head_parser {
 public:
  explicit response_parser(const head_limits& limits = {}) noexcept : head_parser(side::response, limits) {}

  head_status feed(std::string_view text, response_head& into);
  void reset() noexcept;

 private:
  enum class state : std::uint8_t { status_line, fields, done, bad };

  head_status go_on(std::string_view text, response_head& into);
  head_status read_status_line(std::string_view text);
  head_status malformed(std::string_view text);
  head_status finish(std::string_view text, response_head& into);

  state state_ = state::status_line;
  int status_ = 0;
};

}  // namespace warren::http
