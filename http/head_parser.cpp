// SPDX-License-Identifier: MIT
#include "head_parser.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "characters.hpp"
#include "host.hpp"
#include "quote.hpp"
#include "status.hpp"

namespace warren::http {

using namespace characters;

void message_framing::clear() noexcept {
  content_length = -1;
  chunked = close = upgrade = false;
  trailer.clear();
}

void head_parser::start_over() noexcept {
  lines_.start(0);
  places_.clear();
  at_ = consumed_ = 0;
  error_text_.clear();
  error_status_ = 0;
  minor_ = 1;
  begun_ = false;
  host_ = 0;
  length_ = 0;
  transfer_encoding_seen_ = false;
  keep_alive_ = continue_expected_ = unknown_expected_ = false;
  current_ = known::other;
}

void head_parser::release_memory() noexcept {
  std::vector<field_place>().swap(places_);
  std::string().swap(error_text_);
}

head_status head_parser::refuse(int status, std::string text) {
  error_status_ = status;
  error_text_ = std::move(text);
  return head_status::bad;
}

/// What a parser may look at: places are 32 bits wide, and a head beyond its limit is refused whatever follows.
std::string_view head_parser::within_limit(std::string_view text) const noexcept {
  constexpr std::size_t widest = std::numeric_limits<std::uint32_t>::max();
  return text.substr(0, std::min(limits_.max_bytes, widest));
}

head_status head_parser::more_or_too_large(std::string_view text) {
  if (text.size() < limits_.max_bytes) return head_status::incomplete;
  return refuse(status_request_header_fields_too_large, "header too large");
}

head_parser::known head_parser::recognise(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return same_name(name, "host") ? known::host : known::other;
    case 6:
      return same_name(name, "expect") ? known::expect : known::other;
    case 7:
      return same_name(name, "trailer") ? known::trailer : known::other;
    case 10:
      return same_name(name, "connection") ? known::connection : known::other;
    case 14:
      return same_name(name, "content-length") ? known::content_length : known::other;
    case 17:
      return same_name(name, "transfer-encoding") ? known::transfer_encoding : known::other;
    default:
      return known::other;
  }
}

/// A name, and its colon, have come.
head_status head_parser::take_name(std::string_view name, const message_framing& f) {
  if (places_.size() >= limits_.max_fields) {
    return refuse(status_request_header_fields_too_large, "too many header fields");
  }
  current_ = recognise(name);
  switch (current_) {
    case known::host:
      if (side_ == side::request && host_ != 0) return refuse(status_bad_request, "too many Host headers");
      break;
    case known::content_length:
      if (transfer_encoding_seen_)
        return refuse(status_bad_request, "Content-Length beside Transfer-Encoding");
      break;
    case known::transfer_encoding:
      if (f.content_length >= 0) return refuse(status_bad_request, "Transfer-Encoding beside Content-Length");
      if (transfer_encoding_seen_) return refuse(status_not_implemented, "too many transfer encodings");
      if (minor_ == 0) return refuse(status_not_implemented, "Transfer-Encoding in HTTP/1.0");
      transfer_encoding_seen_ = true;
      break;
    default:
      break;
  }
  return head_status::complete;
}

/// Whether a value that may go on can still become right.
head_status head_parser::check_value_so_far(std::string_view text) {
  if (current_ == known::other || !lines_.in_value()) return head_status::incomplete;
  const std::string_view value = lines_.value_so_far(text);
  const auto answer = [](head_status s) { return s == head_status::bad ? s : head_status::incomplete; };
  switch (current_) {
    case known::host:
      return answer(check_host(value, false));
    case known::content_length:
      return value.empty() ? head_status::incomplete : answer(check_length(text, value, false));
    case known::transfer_encoding:
      return answer(check_transfer_encoding(text, value, false));
    default:
      return head_status::incomplete;
  }
}

head_status head_parser::check_host(std::string_view value, bool whole) {
  if (side_ == side::response) return head_status::complete;
  if (whole ? is_valid_host(value) : may_become_host(value)) return head_status::complete;
  return refuse(status_bad_request, "malformed Host header");
}

head_status head_parser::check_length(std::string_view text, std::string_view value, bool whole) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t n = 0;
  for (const char c : value) {
    if (!is(c, digit_byte) || n > (most - (c - '0')) / 10) return bad_length(text);
    n = n * 10 + (c - '0');
  }
  if (whole && value.empty()) return bad_length(text);
  if (length_ == 0) return head_status::complete;
  const field_place& first = places_[length_ - 1];
  const std::string_view before = text.substr(first.value_at, first.value_size);
  if (whole ? before == value : before.starts_with(value)) return head_status::complete;
  return refuse(status_bad_request, "different Content-Length headers");
}

/// The value of the line that is being read, as far as it is there: for messages.
std::string_view head_parser::shown_value(std::string_view text) const noexcept {
  const std::string_view rest = text.substr(lines_.place().value_at);
  return trimmed(rest.substr(0, rest.find_first_of("\r\n")));
}

head_status head_parser::bad_length(std::string_view text) {
  return refuse(status_bad_request, "bad Content-Length " + quote(shown_value(text)));
}

head_status head_parser::check_transfer_encoding(std::string_view text, std::string_view value, bool whole) {
  constexpr std::string_view chunked = "chunked";
  if (value.size() <= chunked.size() && same_name(value, chunked.substr(0, value.size()))) {
    if (!whole || value.size() == chunked.size()) return head_status::complete;
  }
  return refuse(status_not_implemented, "unsupported transfer encoding: " + quote(shown_value(text)));
}

/// A line has come to its end.
head_status head_parser::take_field(std::string_view text, message_framing& f) {
  const field_place& p = places_.emplace_back(lines_.place());
  if (current_ == known::other) return head_status::complete;
  const std::string_view value = text.substr(p.value_at, p.value_size);
  switch (current_) {
    case known::host:
      return take_host(value);
    case known::connection:
      take_connection(value, f);
      break;
    case known::content_length:
      return take_length(text, value, f);
    case known::transfer_encoding:
      return take_transfer_encoding(text, value, f);
    case known::expect:
      take_expect(value);
      break;
    case known::trailer:
      take_trailer(value, f);
      break;
    case known::other:
      break;
  }
  return head_status::complete;
}

head_status head_parser::take_host(std::string_view value) {
  if (side_ == side::response) return head_status::complete;
  host_ = static_cast<std::uint32_t>(places_.size());
  return check_host(value, true);
}

head_status head_parser::take_length(std::string_view text, std::string_view value, message_framing& f) {
  if (check_length(text, value, true) == head_status::bad) return head_status::bad;
  if (length_ != 0) {
    places_.pop_back();
    return head_status::complete;
  }
  length_ = static_cast<std::uint32_t>(places_.size());
  f.content_length = 0;
  for (const char c : value) f.content_length = f.content_length * 10 + (c - '0');
  return head_status::complete;
}

head_status head_parser::take_transfer_encoding(std::string_view text, std::string_view value,
                                                message_framing& f) {
  if (check_transfer_encoding(text, value, true) == head_status::bad) return head_status::bad;
  f.chunked = true;
  places_.back().name_size = 0;
  return head_status::complete;
}

void head_parser::take_connection(std::string_view value, message_framing& f) noexcept {
  while (!value.empty()) {
    const std::string_view element = next_element(value);
    if (same_name(element, "close")) f.close = true;
    if (same_name(element, "keep-alive")) keep_alive_ = true;
    if (same_name(element, "upgrade")) f.upgrade = true;
  }
}

void head_parser::take_expect(std::string_view value) noexcept {
  // HTTP/1.0 does not know of it.
  if (minor_ == 0) return;
  if (same_name(value, "100-continue")) {
    continue_expected_ = true;
  } else if (!value.empty()) {
    unknown_expected_ = true;
  }
}

void head_parser::take_trailer(std::string_view value, message_framing& f) {
  if (!f.trailer.empty()) f.trailer += ',';
  f.trailer += value;
  places_.back().name_size = 0;
}

head_status head_parser::read_fields(std::string_view text, message_framing& f) {
  for (;;) {
    switch (lines_.next(text)) {
      case field_lines::step::named: {
        const field_place& p = lines_.place();
        if (take_name(text.substr(p.name_at, p.name_size), f) == head_status::bad) return head_status::bad;
        break;
      }
      case field_lines::step::field:
        if (take_field(text, f) == head_status::bad) return head_status::bad;
        break;
      case field_lines::step::more:
        return check_value_so_far(text);
      case field_lines::step::bad:
        if (check_value_so_far(text) == head_status::bad) return head_status::bad;
        return refuse_line(text);
      case field_lines::step::end:
        return head_status::complete;
    }
  }
}

head_status head_parser::refuse_line(std::string_view text) {
  if (side_ == side::request) return refuse(status_bad_request, lines_.reason());
  const std::string_view rest = text.substr(lines_.line_at());
  return refuse(status_bad_request,
                "malformed MIME header line: " + quote(rest.substr(0, rest.find_first_of("\r\n"))));
}

void head_parser::finish_fields(std::string_view text, message_framing& f, header& to) {
  consumed_ = lines_.position();
  if (minor_ == 0 && !keep_alive_) f.close = true;
  to.assign(text, places_);
}

}  // namespace warren::http
