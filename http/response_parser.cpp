// SPDX-License-Identifier: MIT
#include "characters.hpp"
#include "head_parser.hpp"
#include "quote.hpp"
#include "status.hpp"

namespace warren::http {

using namespace characters;

namespace {

//                                  0123456789
constexpr std::string_view shape = "HTTP/1.m SSS";
constexpr std::size_t minor_at = 7;
constexpr std::size_t status_at = 9;

/// Go's complaint about a line that is no status line.
std::string complaint(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return "malformed HTTP response " + quote(line);
  std::string_view status = line.substr(space + 1);
  while (status.starts_with(' ')) status.remove_prefix(1);
  status = status.substr(0, status.find(' '));
  if (status.size() != 3 || !all(status, digit_byte)) return "malformed HTTP status code " + quote(status);
  const std::string_view proto = line.substr(0, space);
  if (proto != "HTTP/1.1" && proto != "HTTP/1.0") return "malformed HTTP version " + quote(proto);
  return "malformed HTTP response " + quote(line);
}

/// Whether the byte may stand at that place, before the reason.
bool fits(std::size_t at, char c) noexcept {
  if (at == minor_at) return is(c, digit_byte);
  if (at == status_at) return c >= '1' && c <= '9';
  if (at > status_at) return is(c, digit_byte);
  return c == shape[at];
}

}  // namespace

void response_head::clear() noexcept {
  static_cast<message_framing&>(*this).clear();
  status = 0;
  reason.clear();
  minor = 1;
  header.clear();
}

void response_parser::reset() noexcept {
  start_over();
  state_ = state::status_line;
  status_ = 0;
}

head_status response_parser::feed(std::string_view text, response_head& into) {
  if (state_ == state::bad) return head_status::bad;
  const head_status s = go_on(within_limit(text), into);
  const head_status answer = s == head_status::incomplete ? more_or_too_large(text) : s;
  if (answer == head_status::bad) state_ = state::bad;
  return answer;
}

head_status response_parser::go_on(std::string_view text, response_head& into) {
  head_status s = head_status::complete;
  switch (state_) {
    case state::status_line:
      if (s = read_status_line(text); s != head_status::complete) return s;
      into.clear();
      lines_.start(at_);
      state_ = state::fields;
      [[fallthrough]];
    case state::fields:
      if (s = read_fields(text, into); s != head_status::complete) return s;
      return finish(text, into);
    case state::done:
    case state::bad:
      break;
  }
  return head_status::bad;
}

head_status response_parser::malformed(std::string_view text) {
  return refuse(status_bad_request, complaint(text.substr(0, text.find_first_of("\r\n"))));
}

head_status response_parser::read_status_line(std::string_view text) {
  begun_ = !text.empty();
  for (; at_ < shape.size(); ++at_) {
    if (at_ == text.size()) return head_status::incomplete;
    if (!fits(at_, text[at_])) return malformed(text);
    if (at_ == minor_at) minor_ = text[at_] == '0' ? 0 : 1;
    if (at_ >= status_at) status_ = status_ * 10 + (text[at_] - '0');
  }
  if (at_ == shape.size() && at_ != text.size()) {
    if (text[at_] != ' ' && text[at_] != '\r') return malformed(text);
  }
  const char* const end = text.data() + text.size();
  // Behind the line's CR there may only be its LF.
  if (at_ == shape.size() || text[at_ - 1] != '\r') {
    at_ = static_cast<std::size_t>(skip_text(text.data() + at_, end) - text.data());
    if (at_ == text.size()) return head_status::incomplete;
    if (text[at_] != '\r') return malformed(text);
    ++at_;
  }
  if (at_ == text.size()) return head_status::incomplete;
  if (text[at_] != '\n') return malformed(text);
  ++at_;
  return head_status::complete;
}

head_status response_parser::finish(std::string_view text, response_head& into) {
  into.minor = minor_;
  into.status = status_;
  const std::string_view line = text.substr(0, text.find('\r'));
  into.reason = trimmed(line.substr(shape.size()));
  finish_fields(text, into, into.header);
  state_ = state::done;
  return head_status::complete;
}

}  // namespace warren::http
