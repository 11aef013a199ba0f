// SPDX-License-Identifier: MIT
#pragma once

// One request and its response on one connection, on the goroutine that asked.
//
//     head and small body        large body: beside what follows
//     ───── write ──────► [ 100-continue awaited ] ─ [ upload ] ─► head of the response ─► response_body, or the end
//
// Laws
//   * Where all goes well and nothing is large, that is one system call to write and one to read.
//   * The head is read while a body is being sent: a server may answer early, and must not be waited for by a writer while
//     it waits for a reader. What is written in one go before the first read is so little that every system takes it.
//   * What a response says is used even when the request could not be written to its end; its connection is not.
//   * A request may be sent again only on another connection, when this one was used before and not a byte of a response
//     came; see may_retry().

#include <cstddef>
#include <cstdint>
#include <utility>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "connection_loan.hpp"
#include "head_parser.hpp"
#include "outgoing.hpp"
#include "request.hpp"
#include "response.hpp"
#include "response_state.hpp"

namespace warren::http {

class exchange {
 public:
  exchange(connection_loan loan, request& r) noexcept : loan_(std::move(loan)), request_(r) {}

  /// Sends the request and reads the head of its response. Parks: yes.
  /// Returns: the response, into which the request was moved; or why there is none.
  result<response> run();

  /// After run() has failed: whether another connection may do better.
  bool may_retry() const noexcept { return may_retry_; }

 private:
  result<response> fail(const warren::error& why);
  warren::error send();
  warren::error send_head_and_body(std::string_view text);
  warren::error await_continue();
  warren::error read_final_head();
  warren::error read_head();
  warren::error too_large() const;
  warren::error broken(warren::error why) const;
  warren::error head_missing(const warren::error& err);
  bool has_no_body() const noexcept;
  result<response> respond();
  void take_over(response_state& into);

  connection_loan loan_;
  request& request_;
  outgoing how_;
  response_head head_;
  warren::error write_error_;
  std::size_t head_bytes_ = 0;  ///< of all heads so far
  bool reused_ = false;
  bool upload_pending_ = false;
  bool may_retry_ = false;
};

}  // namespace warren::http
