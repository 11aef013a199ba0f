// SPDX-License-Identifier: MIT
#pragma once

// The body of a response: a message body that lends a connection from its transport, and gives it back.
//
// Laws
//   * The loan ends once, in at_end(): given back when the body was read to its end, dropped otherwise.
//   * close() beside a read that waits interrupts the connection, and so the read; `lock_` keeps that from a connection
//     that is not lent any more. close() with little left to come leaves that to a goroutine, for 50 ms at most.
//   * The destructor never waits: what is left and not received yet costs the connection.

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "../runtime/spinlock.hpp"
#include "body.hpp"
#include "connection_loan.hpp"
#include "header.hpp"
#include "message_body.hpp"

namespace warren::http {

/// What reads of a closed response body give.
inline constexpr errors::sentinel response_body_closed_object{"http: read on closed response body"};
inline constexpr warren::error response_body_closed{response_body_closed_object};

class response_body final : public body_source, private body_hooks {
 public:
  /// `trailers` is where those go, null: nowhere. `announced`: the names in the head's Trailer field.
  response_body(connection_loan loan, message_body::framing how, std::int64_t length,
                std::string_view announced, std::shared_ptr<header> trailers);

  result<std::size_t> read(std::span<char> to) override;
  warren::error close() override;
  std::int64_t length() const override { return length_; }

 private:
  ~response_body() override;

  void at_end(body_end how, const warren::error& why, header& trailers) override;
  warren::error mapped(const warren::error& err);
  void interrupt();
  bool is_all_here() const noexcept;
  bool is_worth_draining() const noexcept;
  void drain_for_a_while();

  connection_loan loan_;
  runtime::spinlock lock_;
  bool lent_ = true;
  bool interrupted_ = false;
  const message_body::framing framing_;
  const std::int64_t length_;
  std::int64_t left_;  ///< of a sized one
  std::shared_ptr<header> trailers_;
  warren::error failure_;
  std::atomic<bool> closed_{false};
  std::atomic<bool> reading_{false};
  message_body message_;
};

}  // namespace warren::http
