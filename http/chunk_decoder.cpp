// SPDX-License-Identifier: MIT
#include "chunk_decoder.hpp"

#include <algorithm>
#include <cstring>

#include "characters.hpp"

namespace warren::http {

using namespace characters;

namespace {

constexpr std::uint8_t longest_size = 16;
constexpr std::uint16_t longest_line = 4096;
constexpr std::int64_t free_bytes = 16;  ///< of each line
constexpr std::int64_t most_excess = 16 * 1024;

/// They would change where the message ends, or whom it is for.
bool is_forbidden(std::string_view name) noexcept {
  for (const std::string_view f : {"Transfer-Encoding", "Content-Length", "Host", "Trailer"}) {
    if (same_name(name, f)) return true;
  }
  return false;
}

/// They mean something in a head alone.
bool belongs_to_head(std::string_view name) noexcept {
  for (const std::string_view f :
       {"Authorization", "Cache-Control", "Connection", "Cookie", "Expect", "Keep-Alive", "Max-Forwards",
        "Pragma", "Range", "Set-Cookie", "TE", "Upgrade", "WWW-Authenticate"}) {
    if (same_name(name, f)) return true;
  }
  for (const std::string_view f : {"Content-", "If-", "Proxy-"}) {
    if (starts_with_name(name, f)) return true;
  }
  return false;
}

}  // namespace

void chunk_decoder::start(const limits& l, std::string_view announced) {
  limits_ = l;
  state_ = state::size;
  digits_ = 0;
  line_size_ = 0;
  left_ = 0;
  excess_ = 0;
  failure_ = nullptr;
  announced_ = announced;
  text_.clear();
  places_.clear();
  trailers_.clear();
}

void chunk_decoder::release_memory() noexcept {
  std::string().swap(announced_);
  std::string().swap(text_);
  std::vector<field_place>().swap(places_);
  trailers_.release_memory();
}

void chunk_decoder::refuse(const warren::error& why) noexcept {
  failure_ = why;
  state_ = state::bad;
}

void chunk_decoder::skip_data(std::size_t n) noexcept {
  left_ -= n;
  if (left_ == 0) state_ = state::data_cr;
}

chunk_step chunk_decoder::step(std::string_view in, std::span<char> out) {
  chunk_step s;
  while (state_ != state::done && state_ != state::bad) {
    if (state_ == state::data) {
      const std::size_t room = std::min(in.size() - s.consumed, out.size() - s.produced);
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, room));
      if (n == 0) break;
      std::memcpy(out.data() + s.produced, in.data() + s.consumed, n);
      s.consumed += n;
      s.produced += n;
      skip_data(n);
    } else if (s.consumed == in.size()) {
      break;
    } else if (state_ == state::trailers) {
      s.consumed += take_trailers(in.substr(s.consumed));
    } else {
      take_framing(in[s.consumed++]);
    }
  }
  if (state_ == state::done) s.status = chunk_status::done;
  if (state_ == state::bad) s.status = chunk_status::bad;
  return s;
}

void chunk_decoder::take_framing(char c) {
  switch (state_) {
    case state::size:
      return take_size(c);
    case state::after_size:
      return take_after_size(c);
    case state::extension:
      return take_extension(c);
    case state::quoted:
    case state::escaped:
      return take_quoted(c);
    case state::line_end:
      return c == '\n' ? end_size_line() : refuse(chunk_bare_cr_object);
    case state::data_cr:
      if (c != '\r') return refuse(chunk_malformed_object);
      state_ = state::data_lf;
      return;
    case state::data_lf:
      if (c != '\n') return refuse(chunk_malformed_object);
      state_ = state::size;
      digits_ = 0;
      line_size_ = 0;
      return;
    default:
      return;
  }
}

void chunk_decoder::take_size(char c) {
  const int value = hex_value(c);
  if (value < 0) {
    if (digits_ == 0) return refuse(c == '\r' || c == ';' ? chunk_no_length_object : chunk_bad_length_object);
    state_ = state::after_size;
    return take_after_size(c);
  }
  if (digits_ == 0) left_ = 0;
  left_ = left_ << 4 | static_cast<std::uint64_t>(value);
  ++line_size_;
  if (++digits_ > longest_size || left_ > INT64_MAX) refuse(chunk_too_long_object);
}

void chunk_decoder::take_after_size(char c) {
  if (c == '\r') {
    state_ = state::line_end;
  } else if (c == ';') {
    state_ = state::extension;
    ++line_size_;
  } else if (!is_space(c) || !limits_.spaces_after_size) {
    refuse(c == '\n' ? chunk_bare_lf_object : chunk_bad_length_object);
  } else if (++line_size_ > longest_line) {
    refuse(chunk_line_too_long_object);
  }
}

void chunk_decoder::take_extension(char c) {
  if (c == '\r') {
    state_ = state::line_end;
  } else if (!is(c, text_byte)) {
    refuse(c == '\n' ? chunk_bare_lf_object : bad_extension_object);
  } else if (++line_size_ > longest_line) {
    refuse(chunk_line_too_long_object);
  } else if (c == '"') {
    state_ = state::quoted;
  }
}

void chunk_decoder::take_quoted(char c) {
  if (!is(c, text_byte)) return refuse(bad_extension_object);
  if (++line_size_ > longest_line) return refuse(chunk_line_too_long_object);
  if (state_ == state::escaped) {
    state_ = state::quoted;
  } else if (c == '\\') {
    state_ = state::escaped;
  } else if (c == '"') {
    state_ = state::extension;
  }
}

void chunk_decoder::end_size_line() {
  // Data pays for its line: a stream of single bytes is fine, single bytes with long extensions are not.
  const auto data = static_cast<std::int64_t>(std::min<std::uint64_t>(left_, most_excess + longest_line));
  excess_ = std::max<std::int64_t>(0, excess_ + line_size_ + 2 - free_bytes - 2 * data);
  if (excess_ > most_excess) return refuse(chunk_excess_object);
  if (left_ != 0) {
    state_ = state::data;
    return;
  }
  state_ = state::trailers;
  lines_.start(0);
}

/// Takes bytes up to the end of a line, or to the limit. Returns: how many.
std::size_t chunk_decoder::take_trailers(std::string_view in) {
  const std::size_t line = std::min(in.find('\n'), in.size() - 1) + 1;
  const std::size_t n = std::min(line, limits_.max_trailer_bytes - text_.size());
  text_.append(in.substr(0, n));
  read_trailers();
  if (state_ == state::trailers && text_.size() == limits_.max_trailer_bytes)
    refuse(trailer_too_large_object);
  return n;
}

void chunk_decoder::read_trailers() {
  while (state_ == state::trailers) {
    const field_place& p = lines_.place();
    switch (lines_.next(text_)) {
      case field_lines::step::more:
        return;
      case field_lines::step::bad:
        return refuse(bad_trailer_object);
      case field_lines::step::named:
        check_trailer(std::string_view(text_).substr(p.name_at, p.name_size));
        break;
      case field_lines::step::field:
        places_.push_back(p);
        if (belongs_to_head(std::string_view(text_).substr(p.name_at, p.name_size)))
          places_.back().name_size = 0;
        break;
      case field_lines::step::end:
        trailers_.assign(text_, places_);
        state_ = state::done;
        break;
    }
  }
}

void chunk_decoder::check_trailer(std::string_view name) {
  if (places_.size() >= limits_.max_trailers) return refuse(trailer_too_large_object);
  if (is_forbidden(name)) return refuse(forbidden_trailer_object);
  if (!limits_.unannounced_trailers && !has_element(announced_, name))
    return refuse(unannounced_trailer_object);
}

}  // namespace warren::http
