// SPDX-License-Identifier: MIT
#pragma once

// The response_writer of a server's connections.
//
//     header()     ──┐ write_header(), or the first write()
//                    ▼
//     fields_ ──► head_         the handler's fields as they stand then
//                    │ the handler returns, the body gets too long, or flush()
//                    ▼
//     body_  ─────► out_  ────► the connection
//
// Laws
//   * Up to `kept_back` bytes of a body are kept in `body_`: if the handler returns before there are more, their number is
//     the length of the body. `out_` holds what is framed; it is sent when it has `sent_at` bytes, and at the end. So a small
//     answer is one write.
//   * One goroutine uses it. Only a request that expects `100 Continue` has a second party: the reader of its body.
//   * It is used again for the next request, with its memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../sync/mutex.hpp"
#include "date.hpp"
#include "header.hpp"
#include "response_writer.hpp"

namespace warren::http {

/// What an answer needs of its connection.
class reply_owner {
 public:
  reply_owner(const reply_owner&) = delete;
  reply_owner& operator=(const reply_owner&) = delete;

  virtual warren::error write(std::string_view first, std::string_view second) = 0;
  /// Reads and drops what is left of the request's body, within a limit. Returns: whether nothing is left.
  virtual bool drain_body() = 0;
  virtual bool body_at_end() const noexcept = 0;
  /// No request can follow on this connection.
  virtual bool body_is_spoiled() const noexcept = 0;
  virtual bool keeps_alive() const noexcept = 0;
  virtual void log(std::string_view line) const = 0;
  virtual result<net::conn> hijack() = 0;
  virtual warren::error set_read_deadline_for_handler(std::int64_t when) = 0;
  virtual warren::error set_write_deadline_for_handler(std::int64_t when) = 0;

 protected:
  reply_owner() noexcept = default;
  ~reply_owner() = default;
};

/// What an answer must know of its request.
struct asked {
  bool is_head = false;
  int minor = 1;               ///< HTTP/1.minor
  bool close = false;          ///< the client wants no further answer, or cannot get one
  bool expects_continue = false;
};

class reply final : public response_writer {
 public:
  reply() = default;

  http::header& header() override { return fields_; }
  void write_header(int status) override;
  result<std::size_t> write(std::string_view piece) override;
  warren::error flush() override;
  result<net::conn> hijack() override;
  warren::error set_read_deadline(clock::time_point t) override;
  warren::error set_write_deadline(clock::time_point t) override;

  // --- the connection's
  void begin(reply_owner& c, const asked& by);
  /// The handler has returned: sends what is left.
  void finish();
  /// Whether the connection may serve another request after this answer.
  bool keeps_connection() const noexcept;
  /// The handler has panicked: what was framed before is sent, and the connection closed.
  void abandon();
  /// The reader of the body is about to wait for the client, who may wait for `100 Continue`.
  warren::error before_body_read();
  /// The memory that is worth keeping.
  void release_excess();

 private:
  static constexpr std::size_t kept_back = 2048;
  static constexpr std::size_t sent_at = 4096;
  static constexpr std::size_t worth_keeping = 16 * 1024;
  static constexpr std::size_t many_fields = 64;

  enum class going_on : std::uint8_t { no, wanted, over };

  void take_fields();
  void take_field(std::string_view name, std::string_view value);
  void take_length(std::string_view value);
  void declare_trailers(std::string_view names);
  void send_informational(int status);
  void refuse_to_go_on();

  void make_head(std::string_view sniffed, bool whole);
  void decide_length(bool whole);
  void decide_coding();
  void drain_request();
  void append_connection();
  void append_date();
  void append_trailers();

  warren::error send_framed(std::string_view first, std::string_view second);
  warren::error send(std::string_view more = {});
  std::string_view begin_of(std::string_view first, std::string_view second);
  bool sends_type(std::string_view sniffed) const noexcept;
  bool body_allowed() const noexcept;
  bool sends_body() const noexcept { return body_allowed() && !asked_.is_head; }
  bool is_switch() const noexcept;

  reply_owner* connection_ = nullptr;
  asked asked_;
  http::header fields_;
  int status_ = 0;  ///< 0: not said yet

  // Of the handler's fields, as they stood when the status was said.
  std::string head_;        ///< written out, but for those below
  std::string connection_field_;
  std::string coding_field_;
  std::int64_t length_ = -1;  ///< -1: not said
  bool has_type_ = false;
  bool has_encoding_ = false;
  bool has_date_ = false;
  bool has_trailers_ = false;
  std::vector<std::string> trailer_names_;

  bool head_made_ = false;
  bool chunked_ = false;
  bool close_after_ = false;
  bool too_much_asked_ = false;  ///< more of the body was left than anybody wants to read
  bool hijacked_ = false;
  std::int64_t written_ = 0;
  std::string body_;
  std::string out_;
  std::string sniffed_;
  warren::error failure_;  ///< what the connection said when it failed

  sync::mutex going_on_mutex_;  ///< with `100 Continue` alone
  going_on continue_ = going_on::no;

  std::int64_t date_of_ = -1;  ///< the second of date_
  std::array<char, date_length> date_{};
};

}  // namespace warren::http
