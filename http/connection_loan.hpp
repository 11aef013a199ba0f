// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "close_quietly.hpp"
#include "connection_pool.hpp"
#include "upload.hpp"

namespace warren::http {

/// A connection while one exchange has it: what must be undone before the next one may, and what can end it early. Passed
/// on by moving, from the exchange to the body of its response.
class connection_loan {
 public:
  /// `deadline` in ns on the clock, 0: none.
  connection_loan(std::shared_ptr<connection_pool> pool, connection_pool::owned c, context ctx, std::int64_t deadline);
  connection_loan(connection_loan&& other) noexcept = default;
  connection_loan& operator=(connection_loan&&) = delete;
  ~connection_loan();

  client_connection& connection() const noexcept { return *connection_; }
  const transport_options& options() const noexcept { return pool_->options(); }
  std::int64_t deadline() const noexcept { return deadline_; }

  /// Sends what is left of a request beside waiting for its response.
  void begin_upload(const request& r, const outgoing& how);
  /// Afterwards nobody reads the request's body. Parks: until that is sent, for a little while, or cut short.
  void end_upload();
  /// The response says, or what was sent, that the connection is of no further use.
  void forbid_reuse() noexcept { reusable_ = false; }
  bool may_be_reused() const noexcept { return reusable_; }

  /// Reads end at the earlier of the deadline and `when` from now on; 0: at the deadline.
  void end_reads_at(std::int64_t when);

  /// Returns: why the exchange failed: that itself was given up, its body could not be read, or else `err`.
  warren::error reason(const warren::error& err) const;

  /// The exchange is over, and the connection stands where the next one begins, if all else is well: gives it back.
  /// Parks: maybe, for what is left of an upload, if it may.
  void end(bool may_park);
  /// The connection is of no use any more, as far as is known here.
  void drop();
  /// Ends what waits on the connection.
  void interrupt() const noexcept { close_quietly(connection_->stream); }

 private:
  bool stop_watching();

  std::shared_ptr<connection_pool> pool_;
  connection_pool::owned connection_;
  context ctx_;
  context::stop_func stop_;
  std::shared_ptr<upload> upload_;
  std::int64_t deadline_;
  bool reusable_ = true;
};

}  // namespace warren::http
