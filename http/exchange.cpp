// SPDX-License-Identifier: MIT
#include "exchange.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "../net/eof.hpp"
#include "../net/net_error.hpp"
#include "../runtime/clock.hpp"
#include "method.hpp"
#include "response_body.hpp"
#include "response_state.hpp"
#include "status.hpp"
#include "timeout_error.hpp"

namespace warren::http {

namespace {

/// What may be written before the first read: see the laws.
constexpr std::size_t most_at_once = 16 * 1024;

bool is_informational(int status) noexcept {
  return status >= 100 && status < 200 && status != status_switching_protocols;
}

/// The system did not take what was to be sent, from a peer that is there: nothing is to be expected from it.
bool is_our_fault(const warren::error& err) {
  const auto* call = errors::as<net::system_call_error>(err);
  return call != nullptr && call->code() != EPIPE && call->code() != ECONNRESET;
}

/// Doing it twice is the same as once, as far as methods and fields tell.
bool is_replayable(const request& r) noexcept {
  for (const std::string_view method : {std::string_view(), method_get, method_head, method_options, method_trace}) {
    if (r.method == method) return true;
  }
  return r.header.has("Idempotency-Key") || r.header.has("X-Idempotency-Key");
}

}  // namespace

result<response> exchange::run() {
  client_connection& c = loan_.connection();
  reused_ = c.used;
  warren::error err = write_head(request_, !loan_.options().disable_keep_alives, c.out, how_);
  if (how_.close) loan_.forbid_reuse();
  if (err == nil) err = send();
  if (err == nil && how_.expects_continue) err = await_continue();
  if (err == nil) err = read_final_head();
  if (err != nil) return fail(err);
  return respond();
}

result<response> exchange::fail(const warren::error& why) {
  const warren::error& first = write_error_ != nil ? write_error_ : why;
  const warren::error reason = loan_.reason(first);
  if (may_retry_) {
    loan_.end_upload();
    may_retry_ = request_.body.rewind();
  }
  loan_.drop();
  return {nil, reason};
}

// --- the request

warren::error exchange::send() {
  if (how_.body == outgoing::framing::none || how_.expects_continue) return send_head_and_body({});
  const body_source* const source = request_.body.source();
  const std::optional<std::string_view> text = source->text();
  // Without a socket nobody buffers what is written.
  const bool has_socket = loan_.connection().stream.behind()->descriptor() != nullptr;
  if (has_socket && text && text->size() <= most_at_once && how_.body == outgoing::framing::sized) {
    if (static_cast<std::int64_t>(text->size()) != how_.length) {
      return errors::make("http: ContentLength=" + std::to_string(how_.length) + " with Body length " +
                          std::to_string(text->size()));
    }
    return send_head_and_body(*text);
  }
  upload_pending_ = true;
  return send_head_and_body({});
}

warren::error exchange::send_head_and_body(std::string_view text) {
  client_connection& c = loan_.connection();
  const auto [n, err] =
      text.empty() ? c.stream.behind()->write(c.out) : c.stream.behind()->write(c.out, text);
  if (err != nil) {
    loan_.forbid_reuse();
    write_error_ = err;
    may_retry_ = reused_ && loan_.reason(err) == err && (n == 0 || is_replayable(request_));
    // The peer may have said why before it closed.
    return may_retry_ || errors::is_timeout(err) || is_our_fault(err) ? err : nil;
  }
  if (upload_pending_) loan_.begin_upload(request_, how_);
  return nil;
}

/// Waits for what the server makes of the head alone. Returns with the body on its way, or with the final response.
warren::error exchange::await_continue() {
  const std::int64_t patience = loan_.options().expect_continue_timeout.count();
  if (patience > 0) {
    const std::int64_t until = runtime::saturating_add(runtime::now_ns(), patience);
    loan_.end_reads_at(until);
    const warren::error err = read_head();
    const bool late = err != nil && errors::is_timeout(err) && loan_.reason(err) == err;
    if (err != nil && !late) return err;
    loan_.end_reads_at(0);
    if (!late && !is_informational(head_.status)) {
      // Its body was not sent, and who knows what the server would make of the next request.
      loan_.forbid_reuse();
      return nil;
    }
  }
  head_.status = 0;
  loan_.begin_upload(request_, how_);
  return nil;
}

// --- the head of the response

warren::error exchange::read_final_head() {
  const std::int64_t patience = loan_.options().response_header_timeout.count();
  if (patience > 0) loan_.end_reads_at(runtime::saturating_add(runtime::now_ns(), patience));
  while (head_.status == 0 || is_informational(head_.status)) {
    if (auto err = read_head(); err != nil) {
      if (patience <= 0 || !errors::is_timeout(err) || loan_.reason(err) != err) return err;
      return timeout_error("net/http: timeout awaiting response headers");
    }
  }
  if (patience > 0) loan_.end_reads_at(0);
  return nil;
}

warren::error exchange::read_head() {
  client_connection& c = loan_.connection();
  const std::size_t limit = loan_.options().max_response_header_bytes;
  if (head_bytes_ >= limit) return too_large();
  c.parser.set_limits({limit - head_bytes_, std::numeric_limits<std::size_t>::max(), 0});
  c.parser.reset();
  for (;;) {
    const head_status s = c.in.empty() ? head_status::incomplete : c.parser.feed(c.in.data(), head_);
    if (s == head_status::bad) {
      if (c.parser.error_status() == status_request_header_fields_too_large) return too_large();
      return broken(errors::make(c.parser.error_text()));
    }
    if (s == head_status::complete) {
      head_bytes_ += c.parser.consumed();
      c.in.consume(c.parser.consumed());
      return nil;
    }
    const auto [n, err] = c.in.fill(limit - head_bytes_);
    if (n != 0) continue;
    return err == nil ? too_large() : head_missing(err);
  }
}

warren::error exchange::head_missing(const warren::error& err) {
  const bool nothing_came = head_bytes_ == 0 && loan_.connection().in.empty();
  if (!nothing_came) return err == net::eof ? broken(net::unexpected_eof) : err;
  const bool is_ours = errors::is_timeout(err) || loan_.reason(err) != err;
  may_retry_ = reused_ && !is_ours && is_replayable(request_);
  return err;
}

warren::error exchange::broken(warren::error why) const {
  return errors::wrap("net/http: HTTP/1.x transport connection broken", std::move(why));
}

warren::error exchange::too_large() const {
  return broken(errors::make("net/http: server response headers exceeded " +
                             std::to_string(loan_.options().max_response_header_bytes) + " bytes; aborted"));
}

// --- the response

bool exchange::has_no_body() const noexcept {
  if (request_.method == method_head) return true;
  if (head_.status == status_switching_protocols) return false;
  return !status_allows_body(head_.status) || (head_.content_length == 0 && !head_.chunked);
}

void exchange::take_over(response_state& into) {
  into.status = head_.status;
  into.minor = head_.minor;
  into.reason.swap(head_.reason);
  into.header.swap(head_.header);
  into.content_length = head_.chunked ? -1 : head_.content_length;
  if (!status_allows_body(head_.status) && request_.method != method_head) into.content_length = 0;
}

result<response> exchange::respond() {
  auto* const state = new response_state;
  response answer(state);
  take_over(*state);
  using framing = message_body::framing;
  const bool tunnel = head_.status == status_switching_protocols || request_.method == method_connect;
  if (head_.close || tunnel) loan_.forbid_reuse();
  // The next request of a redirect may want the body.
  if (head_.status >= 300 && head_.status < 400) loan_.end_upload();
  if (has_no_body()) {
    loan_.end(true);
  } else {
    const framing how = tunnel                     ? framing::until_end
                        : head_.chunked            ? framing::chunked
                        : head_.content_length >= 0 ? framing::sized
                                                    : framing::until_end;
    if (how == framing::until_end) loan_.forbid_reuse();
    if (how == framing::chunked) state->trailer = std::make_shared<header>();
    state->body = body(new response_body(std::move(loan_), how, how == framing::sized ? head_.content_length : -1,
                                         head_.trailer, state->trailer));
  }
  state->request = std::move(request_);
  return {std::move(answer), nil};
}

}  // namespace warren::http
