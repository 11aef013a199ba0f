// SPDX-License-Identifier: MIT
#include "connection_loan.hpp"

#include <utility>

#include "../runtime/clock.hpp"

namespace warren::http {

connection_loan::connection_loan(std::shared_ptr<connection_pool> pool, connection_pool::owned c, context ctx,
                                 std::int64_t deadline)
    : pool_(std::move(pool)), connection_(std::move(c)), ctx_(std::move(ctx)), deadline_(deadline) {
  // Only those that were set have to be taken back.
  if (deadline_ != 0 || connection_->has_deadlines) {
    connection_->stream.behind()->set_read_deadline(deadline_);
    connection_->stream.behind()->set_write_deadline(deadline_);
    connection_->has_deadlines = deadline_ != 0;
  }
  if (ctx_.done() != nil) {
    try {
      stop_ = context::after_func(ctx_, [stream = connection_->stream] { close_quietly(stream); });
    } catch (...) {
      drop();  // there will be no destructor for it
      throw;
    }
  }
}

connection_loan::~connection_loan() {
  if (connection_ != nullptr) drop();
}

void connection_loan::begin_upload(const request& r, const outgoing& how) {
  upload_ = upload::begin(connection_->stream, r, how);
}

void connection_loan::end_upload() {
  if (upload_ == nullptr || upload_->is_complete_soon()) return;
  constexpr std::int64_t long_ago = 1;
  forbid_reuse();
  connection_->stream.behind()->set_write_deadline(long_ago);
  upload_->stop();
  upload_->wait();
}

void connection_loan::end_reads_at(std::int64_t when) {
  if (when == 0 || (deadline_ != 0 && deadline_ < when)) when = deadline_;
  connection_->has_deadlines = true;
  connection_->stream.behind()->set_read_deadline(when);
}

warren::error connection_loan::reason(const warren::error& err) const {
  if (upload_ != nullptr) {
    if (auto failure = upload_->body_failure(); failure != nil) return failure;
  }
  if (ctx_.err() != nil) return context::cause(ctx_);
  if (deadline_ != 0 && errors::is_timeout(err) && runtime::now_ns() >= deadline_) return context::deadline_exceeded;
  return err;
}

/// Returns: whether the context has not meddled with the connection, and will not.
bool connection_loan::stop_watching() {
  if (stop_ == nil) return true;
  const bool stopped = stop_();
  stop_ = nil;
  return stopped;
}

void connection_loan::end(bool may_park) {
  const bool sent = upload_ == nullptr || (may_park ? upload_->is_complete_soon() : upload_->is_complete());
  // What came beyond the response was asked for by nobody.
  if (!reusable_ || !sent || !connection_->in.empty() || !stop_watching()) {
    drop();
    return;
  }
  upload_ = nullptr;
  if (connection_->in.capacity() > input::first_size) connection_->in.release();
  pool_->give_back(std::move(connection_));
}

void connection_loan::drop() {
  stop_watching();
  interrupt();
  if (upload_ != nullptr) upload_->stop();
  pool_->discard(std::move(connection_));
}

}  // namespace warren::http
