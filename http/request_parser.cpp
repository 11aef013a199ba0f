// SPDX-License-Identifier: MIT
#include "characters.hpp"
#include "head_parser.hpp"
#include "host.hpp"
#include "status.hpp"

namespace warren::http {

using namespace characters;

namespace {

constexpr std::size_t longest_method = 32;

/// Whether text that begins a target can go on to be `http://host/path`, or is that.
bool is_absolute_form(std::string_view target, bool whole) noexcept {
  std::size_t i = 0;
  while (i < target.size() && (is(target[i], letter_byte | digit_byte) || target[i] == '+' ||
                               target[i] == '-' || target[i] == '.'))
    ++i;
  const std::string_view rest = target.substr(i);
  constexpr std::string_view mark = "://";
  if (rest.size() < mark.size()) return !whole && mark.starts_with(rest);
  if (!rest.starts_with(mark)) return false;
  const std::string_view after = rest.substr(mark.size());
  const std::size_t end = after.find_first_of("/?");
  const std::string_view authority = after.substr(0, end);
  if (end == std::string_view::npos && !whole) return may_become_host(authority);
  return !authority.empty() && is_valid_host(authority);
}

/// Whether every '%' of the path begins the code of a byte.
bool is_escaped_right(std::string_view target, bool whole) noexcept {
  std::string_view path = target.substr(0, target.find('?'));
  const bool open = !whole && path.size() == target.size();
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    const std::string_view code = path.substr(i + 1, 2);
    if (!all(code, hex_byte) || (code.size() < 2 && !open)) return false;
  }
  return true;
}

bool is_authority_form(std::string_view target, bool whole) noexcept {
  if (!whole) return may_become_host(target);
  return is_valid_host(target) && target.back() != ']' && target.find(':') != std::string_view::npos;
}

bool is_target(std::string_view method, std::string_view target, bool whole) noexcept {
  if (target.empty()) return true;
  if (method == "CONNECT") return is_authority_form(target, whole);
  if (target[0] == '*') return target.size() == 1 && method == "OPTIONS";
  if (target[0] != '/' && !(is(target[0], letter_byte) && is_absolute_form(target, whole))) return false;
  return is_escaped_right(target, whole);
}

}  // namespace

void request_head::clear() noexcept {
  static_cast<message_framing&>(*this).clear();
  method.clear();
  target.clear();
  host.clear();
  minor = 1;
  expects_continue = expects_unknown = false;
  header.clear();
}

void request_head::release_memory() noexcept { *this = request_head(); }

void request_parser::reset() noexcept {
  start_over();
  state_ = state::start;
  method_at_ = target_at_ = version_at_ = 0;
}

head_status request_parser::feed(std::string_view text, request_head& into) {
  if (state_ == state::bad) return head_status::bad;
  const head_status s = go_on(within_limit(text), into);
  const head_status answer = s == head_status::incomplete ? more_or_too_large(text) : s;
  if (answer == head_status::bad) state_ = state::bad;
  return answer;
}

head_status request_parser::go_on(std::string_view text, request_head& into) {
  head_status s = head_status::complete;
  switch (state_) {
    case state::start:
      if (s = read_start(text); s != head_status::complete) return s;
      into.clear();
      state_ = state::method;
      [[fallthrough]];
    case state::method:
      if (s = read_method(text); s != head_status::complete) return s;
      state_ = state::target;
      [[fallthrough]];
    case state::target:
      if (s = read_target(text); s != head_status::complete) return s;
      state_ = state::version;
      [[fallthrough]];
    case state::version:
      if (s = read_version(text); s != head_status::complete) return s;
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

/// One empty line before a request is let pass: some clients send one after a body.
head_status request_parser::read_start(std::string_view text) {
  if (text.empty()) return head_status::incomplete;
  if (text[0] == '\r') {
    if (text.size() > 1 && text[1] != '\n') return refuse(status_bad_request, "bare CR");
    if (text.size() <= 2) return head_status::incomplete;
    at_ = method_at_ = 2;
  }
  begun_ = true;
  return head_status::complete;
}

head_status request_parser::read_method(std::string_view text) {
  while (at_ != text.size() && is(text[at_], token_byte)) {
    if (at_ - method_at_ == longest_method) return refuse(status_not_implemented, "method too long");
    ++at_;
  }
  if (at_ == text.size()) return head_status::incomplete;
  if (text[at_] != ' ' || at_ == method_at_) return refuse(status_bad_request, "invalid method");
  target_at_ = ++at_;
  return head_status::complete;
}

head_status request_parser::read_target(std::string_view text) {
  const std::size_t room = limits_.max_target - (at_ - target_at_);
  const std::string_view rest = text.substr(at_, room);
  const char* const end = rest.data() + rest.size();
  const char* const stop = skip(rest.data(), end, target_byte);
  at_ += static_cast<std::size_t>(stop - rest.data());
  const std::string_view so_far = text.substr(target_at_, at_ - target_at_);
  const bool whole = at_ != text.size() && text[at_] == ' ' && !so_far.empty();
  if (!is_target(text.substr(method_at_, target_at_ - 1 - method_at_), so_far, whole)) {
    return refuse(status_bad_request, "malformed request target");
  }
  if (at_ == text.size()) return head_status::incomplete;
  if (!whole) {
    if (stop == end) return refuse(status_request_uri_too_long, "request target too long");
    return refuse(status_bad_request, "malformed request target");
  }
  version_at_ = ++at_;
  return head_status::complete;
}

head_status request_parser::read_version(std::string_view text) {
  constexpr std::string_view line = "HTTP/1.1\r\n";
  constexpr std::size_t major_at = 5;
  constexpr std::size_t minor_at = 7;
  for (; at_ - version_at_ < line.size(); ++at_) {
    if (at_ == text.size()) return head_status::incomplete;
    const std::size_t i = at_ - version_at_;
    const char c = text[at_];
    if (i == minor_at && c == '0') {
      minor_ = 0;
    } else if (c != line[i]) {
      const bool other_version = (i == major_at || i == minor_at) && is(c, digit_byte);
      if (other_version) return refuse(status_http_version_not_supported, "unsupported protocol version");
      return refuse(status_bad_request, "malformed HTTP version");
    }
  }
  return head_status::complete;
}

head_status request_parser::finish(std::string_view text, request_head& into) {
  if (host_ == 0 && minor_ >= 1) return refuse(status_bad_request, "missing required Host header");
  into.minor = minor_;
  into.method.assign(text, method_at_, target_at_ - 1 - method_at_);
  into.target.assign(text, target_at_, version_at_ - 1 - target_at_);
  into.expects_continue = continue_expected_;
  into.expects_unknown = unknown_expected_;
  take_request_host(text, into);
  finish_fields(text, into, into.header);
  state_ = state::done;
  return head_status::complete;
}

/// The target's host goes before the field's.
void request_parser::take_request_host(std::string_view text, request_head& into) {
  if (host_ != 0) {
    field_place& p = places_[host_ - 1];
    into.host.assign(text, p.value_at, p.value_size);
    p.name_size = 0;
  }
  const std::string_view target = into.target;
  if (into.method == "CONNECT") {
    into.host = target;
  } else if (is(target[0], letter_byte)) {
    const std::string_view authority = target.substr(target.find("://") + 3);
    into.host = authority.substr(0, authority.find_first_of("/?"));
  }
}

}  // namespace warren::http
