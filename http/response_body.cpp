// SPDX-License-Identifier: MIT
#include "response_body.hpp"

#include <utility>

#include "../net/eof.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/go.hpp"
#include "timeout_error.hpp"

namespace warren::http {

namespace {

// How much of what nobody wants is read for the sake of the connection, and for how long. As Go.
constexpr std::int64_t drain_limit = 256 * 1024;
constexpr std::int64_t drain_ns = 50'000'000;

}  // namespace

response_body::response_body(connection_loan loan, message_body::framing how, std::int64_t length,
                             std::string_view announced, std::shared_ptr<header> trailers)
    : loan_(std::move(loan)), framing_(how), length_(length), left_(length), trailers_(std::move(trailers)) {
  const chunk_decoder::limits rules{.spaces_after_size = true, .unannounced_trailers = true};
  message_.start(loan_.connection().in, how, length, this, rules, announced);
}

result<std::size_t> response_body::read(std::span<char> to) {
  // Sequentially consistent; pairs with close(): one of the two sees the other.
  reading_.store(true, std::memory_order_seq_cst);
  result<std::size_t> got{0, response_body_closed};
  if (!closed_.load(std::memory_order_seq_cst)) got = message_.read(to);
  // Release: pairs with the acquire in close().
  reading_.store(false, std::memory_order_release);
  left_ -= static_cast<std::int64_t>(got.value());
  if (got.err() != nil && got.err() != net::eof) got.second = mapped(got.err());
  return got;
}

/// What a reader is told, the first time and ever after.
warren::error response_body::mapped(const warren::error& err) {
  if (closed_.load(std::memory_order_relaxed)) return response_body_closed;
  if (failure_ != nil) return failure_;
  failure_ = loan_.reason(err);
  if (loan_.deadline() != 0 && runtime::now_ns() >= loan_.deadline()) {
    failure_ = timeout_error(failure_.message() + " (Client.Timeout or context cancellation while reading body)");
  }
  return failure_;
}

void response_body::at_end(body_end how, const warren::error&, header& trailers) {
  bool fit = how == body_end::whole;
  {
    const runtime::spin_guard hold(lock_);
    lent_ = false;
    fit = fit && !interrupted_;
  }
  if (fit) {
    if (trailers_ != nullptr) trailers_->swap(trailers);
    loan_.end(true);
  } else {
    loan_.drop();
  }
}

void response_body::interrupt() {
  const runtime::spin_guard hold(lock_);
  interrupted_ = true;
  if (lent_) loan_.interrupt();
}

/// What is left was received already.
bool response_body::is_all_here() const noexcept {
  return framing_ == message_body::framing::sized && loan_.may_be_reused() &&
         static_cast<std::uint64_t>(left_) <= loan_.connection().in.size();
}

bool response_body::is_worth_draining() const noexcept {
  return framing_ != message_body::framing::until_end && loan_.may_be_reused() && left_ <= drain_limit;
}

warren::error response_body::close() {
  // Sequentially consistent: pairs with those in read().
  if (closed_.exchange(true, std::memory_order_seq_cst) || message_.at_end()) return nil;
  if (reading_.load(std::memory_order_seq_cst)) {
    interrupt();
  } else if (is_all_here()) {
    message_.drain(static_cast<std::size_t>(left_));
  } else if (is_worth_draining()) {
    retain();
    go({.name = "http drain"}, [this] { drain_for_a_while(); });
    return nil;
  }
  message_.close();
  return nil;
}

void response_body::drain_for_a_while() {
  loan_.end_reads_at(runtime::now_ns() + drain_ns);
  message_.drain(static_cast<std::size_t>(drain_limit));
  release();
}

response_body::~response_body() {
  if (!message_.at_end() && is_all_here()) message_.drain(static_cast<std::size_t>(left_));
  message_.cut_off();
}

}  // namespace warren::http
