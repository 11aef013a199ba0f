// SPDX-License-Identifier: MIT
#include "field_lines.hpp"

#include "characters.hpp"

namespace warren::http {

using namespace characters;

void field_lines::start(std::size_t at) noexcept {
  at_ = at;
  place_ = {};
  reason_ = "";
  state_ = state::line;
}

field_lines::step field_lines::refuse(const char* reason) noexcept {
  reason_ = reason;
  return step::bad;
}

std::string_view field_lines::value_so_far(std::string_view text) const noexcept {
  if (state_ == state::value_end) return text.substr(place_.value_at, place_.value_size);
  if (state_ != state::value) return {};
  return trimmed(text.substr(place_.value_at, at_ - place_.value_at));
}

field_lines::step field_lines::read_name(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* const stop = skip(text.data() + at_, end, token_byte);
  at_ = static_cast<std::size_t>(stop - text.data());
  if (stop == end) return step::more;
  place_.name_size = static_cast<std::uint32_t>(at_ - place_.name_at);
  if (*stop != ':')
    return refuse(*stop == '\r' || *stop == '\n' ? "field without a colon" : "invalid header name");
  if (place_.name_size == 0) return refuse("invalid header name");
  ++at_;
  state_ = state::before_value;
  return step::named;
}

field_lines::step field_lines::read_value(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* const stop = skip_text(text.data() + at_, end);
  at_ = static_cast<std::size_t>(stop - text.data());
  if (stop == end) return step::more;
  if (*stop != '\r') return refuse(*stop == '\n' ? "line ends with bare LF" : "invalid header value");
  const std::string_view value = value_so_far(text);
  place_.value_size = static_cast<std::uint32_t>(value.size());
  ++at_;
  state_ = state::value_end;
  return step::field;
}

field_lines::step field_lines::next(std::string_view text) noexcept {
  for (;;) {
    if (at_ == text.size()) return step::more;
    switch (state_) {
      case state::line:
        place_.name_at = static_cast<std::uint32_t>(at_);
        if (is_space(text[at_])) return refuse("line begins with a space");
        if (text[at_] == '\r') {
          ++at_;
          state_ = state::last_end;
          break;
        }
        state_ = state::name;
        [[fallthrough]];
      case state::name:
        return read_name(text);
      case state::before_value:
        while (at_ != text.size() && is_space(text[at_])) ++at_;
        place_.value_at = static_cast<std::uint32_t>(at_);
        if (at_ == text.size()) return step::more;
        state_ = state::value;
        [[fallthrough]];
      case state::value:
        if (const step s = read_value(text); s != step::field) return s;
        break;
      case state::value_end:
        if (text[at_] != '\n') return refuse("bare CR");
        ++at_;
        state_ = state::line;
        return step::field;
      case state::last_end:
        if (text[at_] != '\n') return refuse("bare CR");
        ++at_;
        return step::end;
    }
  }
}

}  // namespace warren::http
