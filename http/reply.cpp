// SPDX-License-Identifier: MIT
#include "reply.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <utility>

#include "../errors/panic.hpp"
#include "../net/deadline.hpp"
#include "../runtime/clock.hpp"
#include "calling_code.hpp"
#include "characters.hpp"
#include "quote.hpp"
#include "sniff.hpp"
#include "status.hpp"
#include "status_check.hpp"
#include "trailer_names.hpp"

namespace warren::http {

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view trailer_prefix = "Trailer:";

bool allows_body(int status) noexcept { return status >= 200 && status != 204 && status != 304; }

/// The value with line ends as spaces, without spaces around it: never more than one line. Source: Go Header.Write.
void append_value(std::string& to, std::string_view value) {
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  const std::size_t at = to.size();
  to += value;
  const auto breaks_line = [](char c) { return c == '\n' || c == '\r' || c == '\0'; };
  std::replace_if(to.begin() + static_cast<std::ptrdiff_t>(at), to.end(), breaks_line, ' ');
}

void append_field(std::string& to, std::string_view name, std::string_view value) {
  if (!is_valid_name(name)) return;
  to += name;
  to += ": ";
  append_value(to, value);
  to += line_end;
}

template <class Number>
void append_number(std::string& to, Number n, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), n, base).ptr;
  to.append(digits.data(), end);
}

void append_status_line(std::string& to, int minor, int status) {
  if (status == status_ok && minor == 1) {
    to += "HTTP/1.1 200 OK\r\n";
    return;
  }
  to += minor == 1 ? "HTTP/1.1 " : "HTTP/1.0 ";
  append_number(to, status);
  to += ' ';
  if (const std::string_view text = status_text(status); !text.empty()) {
    to += text;
  } else {
    to += "status code ";
    append_number(to, status);
  }
  to += line_end;
}

}  // namespace

// --- what the handler calls

void reply::write_header(int status) {
  if (hijacked_) return connection_->log("http: response.WriteHeader on hijacked connection from " + calling_code());
  if (status_ != 0) return connection_->log("http: superfluous response.WriteHeader call from " + calling_code());
  check_status(status);
  if (status == status_continue || !is_informational(status)) refuse_to_go_on();
  if (is_informational(status)) return send_informational(status);
  status_ = status;
  take_fields();
}

result<std::size_t> reply::write(std::string_view piece) {
  if (hijacked_) {
    if (!piece.empty()) connection_->log("http: response.Write on hijacked connection from " + calling_code());
    return {0, conn_hijacked};
  }
  if (status_ == 0) write_header(status_ok);
  if (piece.empty()) return {0, nil};
  if (!body_allowed()) return {0, body_not_allowed};
  written_ += static_cast<std::int64_t>(piece.size());
  if (length_ >= 0 && written_ > length_) return {0, wrong_content_length};
  if (failure_ != nil) return {0, failure_};

  if (body_.size() + piece.size() <= kept_back) {
    body_ += piece;
    return {piece.size(), nil};
  }
  if (!head_made_) make_head(begin_of(body_, piece), false);
  warren::error err = send_framed(body_, piece);
  body_.clear();
  if (err != nil) return {0, std::move(err)};
  return {piece.size(), nil};
}

warren::error reply::flush() {
  if (hijacked_) return conn_hijacked;
  if (status_ == 0) write_header(status_ok);
  if (!head_made_) make_head(body_, false);
  warren::error err = send_framed(body_, {});
  body_.clear();
  return err != nil ? err : send();
}

result<net::conn> reply::hijack() {
  if (hijacked_) return {net::conn(), conn_hijacked};
  refuse_to_go_on();
  if (status_ != 0) {
    if (warren::error err = flush(); err != nil) return {net::conn(), std::move(err)};
  }
  auto taken = connection_->hijack();
  hijacked_ = taken.err() == nil;
  return taken;
}

warren::error reply::set_read_deadline(clock::time_point t) {
  if (hijacked_) return conn_hijacked;
  return connection_->set_read_deadline_for_handler(net::deadline_ns(t));
}

warren::error reply::set_write_deadline(clock::time_point t) {
  if (hijacked_) return conn_hijacked;
  return connection_->set_write_deadline_for_handler(net::deadline_ns(t));
}

// --- the fields, as they stand when the status is said

void reply::take_fields() {
  for (const auto& [name, value] : fields_) take_field(name, value);
}

void reply::take_field(std::string_view name, std::string_view value) {
  if (name == "Content-Length") return take_length(value);
  if (name == "Connection") {
    if (!connection_field_.empty()) connection_field_ += ", ";
    connection_field_ += value;
    return;
  }
  if (name == "Transfer-Encoding") {
    coding_field_ = value;
    return;
  }
  if (name.starts_with(trailer_prefix)) {
    has_trailers_ = true;
    return;
  }
  if (name == "Content-Type") {
    has_type_ = true;
    if (status_ == status_not_modified) return;
  } else if (name == "Content-Encoding") {
    has_encoding_ = has_encoding_ || !value.empty();
  } else if (name == "Date") {
    has_date_ = true;
  } else if (name == "Trailer") {
    declare_trailers(value);
  }
  append_field(head_, name, value);
}

void reply::take_length(std::string_view value) {
  std::int64_t n = -1;
  const auto [end, err] = std::from_chars(value.data(), value.data() + value.size(), n);
  if (err == std::errc() && end == value.data() + value.size() && n >= 0) {
    length_ = n;
  } else {
    connection_->log("http: invalid Content-Length of " + quote(value));
  }
}

void reply::declare_trailers(std::string_view names) {
  has_trailers_ = true;
  for_each_element(names, [this](std::string_view name) {
    if (may_be_trailer(name)) trailer_names_.push_back(canonical_name(name));
  });
}

// --- informational answers

void reply::send_informational(int status) {
  if (asked_.minor == 0 || failure_ != nil) return;
  std::string text;
  append_status_line(text, asked_.minor, status);
  for (const auto& [name, value] : fields_) {
    if (name != "Content-Length" && name != "Transfer-Encoding") append_field(text, name, value);
  }
  text += line_end;
  failure_ = connection_->write(text, {});
}

/// From now on nobody may tell the client to go on: the answer begins.
void reply::refuse_to_go_on() {
  if (!asked_.expects_continue) return;
  const std::lock_guard hold(going_on_mutex_);
  continue_ = going_on::over;
}

warren::error reply::before_body_read() {
  if (!asked_.expects_continue) return nil;
  const std::lock_guard hold(going_on_mutex_);
  if (std::exchange(continue_, going_on::over) != going_on::wanted) return nil;
  return connection_->write("HTTP/1.1 100 Continue\r\n\r\n", {});
}

// --- the head of the answer

bool reply::body_allowed() const noexcept { return allows_body(status_); }

bool reply::is_switch() const noexcept {
  return status_ == status_switching_protocols && has_element(connection_field_, "upgrade");
}

/// `sniffed`: the beginning of the body. `whole`: that is all of it.
void reply::make_head(std::string_view sniffed, bool whole) {
  head_made_ = true;
  decide_length(whole);
  if (!connection_->keeps_alive() || has_element(connection_field_, "close")) close_after_ = true;
  drain_request();
  decide_coding();

  append_status_line(out_, asked_.minor, status_);
  out_ += head_;
  if (!has_date_) append_date();
  if (length_ >= 0 && body_allowed()) {
    out_ += "Content-Length: ";
    append_number(out_, length_);
    out_ += line_end;
  }
  if (sends_type(sniffed)) append_field(out_, "Content-Type", detect_content_type(sniffed));
  append_connection();
  if (chunked_) out_ += "Transfer-Encoding: chunked\r\n";
  out_ += line_end;
}

void reply::decide_length(bool whole) {
  const bool says_nothing = length_ < 0 && coding_field_.empty() && !has_trailers_ && body_allowed();
  if (whole && says_nothing && (!asked_.is_head || !body_.empty())) length_ = static_cast<std::int64_t>(body_.size());
  if (length_ >= 0 && !coding_field_.empty() && coding_field_ != "identity") {
    connection_->log("http: WriteHeader called with both Transfer-Encoding of " + quote(coding_field_) +
                     " and a Content-Length of " + std::to_string(length_));
    length_ = -1;
  }
}

/// Clients that send all of a request before they read would wait for ever otherwise. Source: golang.org/issue/15527.
void reply::drain_request() {
  if (connection_->body_is_spoiled()) close_after_ = true;
  if (connection_->body_at_end()) return;
  // It was never told to send the body, or stops there because of the answer: nobody knows what comes next.
  if (asked_.expects_continue) close_after_ = true;
  if (close_after_) return;
  if (connection_->drain_body()) return;
  close_after_ = true;
  too_much_asked_ = true;
}

void reply::decide_coding() {
  if (asked_.is_head || !body_allowed() || length_ >= 0) return;
  if (asked_.minor == 1 && coding_field_ != "identity") chunked_ = true;
  else close_after_ = true;
}

void reply::append_connection() {
  // One that says how the protocol changes stays as it is.
  const bool as_said = !close_after_ || has_element(connection_field_, "close") || is_switch();
  if (as_said && !too_much_asked_) {
    if (!connection_field_.empty()) return append_field(out_, "Connection", connection_field_);
    const bool delimited = asked_.is_head || length_ >= 0 || !body_allowed();
    if (asked_.minor == 0 && !close_after_ && delimited) out_ += "Connection: keep-alive\r\n";
  } else if (asked_.minor == 1) {
    out_ += "Connection: close\r\n";
  }
}

void reply::append_date() {
  const std::int64_t now = runtime::wall_ns() / 1'000'000'000;
  if (now != date_of_) {
    date_of_ = now;
    format_date(now, date_);
  }
  out_ += "Date: ";
  out_.append(date_.data(), date_.size());
  out_ += line_end;
}

bool reply::sends_type(std::string_view sniffed) const noexcept {
  return body_allowed() && !has_type_ && !has_encoding_ && coding_field_.empty() && !sniffed.empty();
}

/// As much of the two as decides what kind of content they are.
std::string_view reply::begin_of(std::string_view first, std::string_view second) {
  if (first.empty()) return second;
  if (first.size() >= sniff_length || second.empty()) return first;
  sniffed_.assign(first);
  sniffed_ += second.substr(0, sniff_length - first.size());
  return sniffed_;
}

// --- the body of the answer

warren::error reply::send_framed(std::string_view first, std::string_view second) {
  const std::size_t bytes = first.size() + second.size();
  if (bytes == 0 || !sends_body()) return failure_;
  if (chunked_) {
    append_number(out_, bytes, 16);
    out_ += line_end;
  }
  out_ += first;
  if (out_.size() + second.size() <= sent_at) {
    out_ += second;
  } else if (warren::error err = send(second); err != nil) {
    return err;
  }
  // What ends a long chunk goes with what comes next.
  if (chunked_) out_ += line_end;
  return nil;
}

warren::error reply::send(std::string_view more) {
  if (failure_ == nil && out_.size() + more.size() > 0) failure_ = connection_->write(out_, more);
  out_.clear();
  return failure_;
}

void reply::append_trailers() {
  out_ += "0\r\n";
  for (const std::string& name : trailer_names_) {
    for (const auto& f : fields_) {
      if (f.name == name) append_field(out_, f.name, f.value);
    }
  }
  for (const auto& [name, value] : fields_) {
    if (!name.starts_with(trailer_prefix)) continue;
    const std::string_view bare = name.substr(trailer_prefix.size());
    if (may_be_trailer(bare)) append_field(out_, canonical_name(bare), value);
  }
  out_ += line_end;
}

// --- the connection's

void reply::begin(reply_owner& c, const asked& by) {
  connection_ = &c;
  asked_ = by;
  continue_ = by.expects_continue ? going_on::wanted : going_on::no;
  fields_.clear();
  status_ = 0;
  head_.clear();
  connection_field_.clear();
  coding_field_.clear();
  length_ = -1;
  has_type_ = has_encoding_ = has_date_ = has_trailers_ = false;
  trailer_names_.clear();
  head_made_ = chunked_ = too_much_asked_ = hijacked_ = false;
  close_after_ = by.close;
  written_ = 0;
  body_.clear();
  out_.clear();
  failure_ = nil;
}

void reply::finish() {
  if (hijacked_ || failure_ != nil) return;
  if (status_ == 0) write_header(status_ok);
  if (!head_made_) make_head(body_, true);
  send_framed(body_, {});
  if (chunked_) append_trailers();
  send();
}

void reply::abandon() {
  close_after_ = true;
  if (!hijacked_) send();
}

bool reply::keeps_connection() const noexcept {
  if (hijacked_ || close_after_ || failure_ != nil) return false;
  // Too little was written: what follows would be taken for the rest.
  return asked_.is_head || length_ < 0 || !body_allowed() || written_ == length_;
}

void reply::release_excess() {
  for (std::string* text : {&head_, &body_, &out_, &sniffed_}) {
    if (text->capacity() > worth_keeping) std::string().swap(*text);
  }
  if (fields_.size() > many_fields) fields_.release_memory();
}

}  // namespace warren::http
