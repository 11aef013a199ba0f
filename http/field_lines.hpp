// SPDX-License-Identifier: MIT
#pragma once

// Takes lines of `name: value` apart, up to the empty line that ends them: the fields of a head, and trailers.
//
// The text grows at its end between calls and may move; each byte is looked at once. What is wrong is found with the
// first byte that makes it so: a name that is no token, a space before the colon, a line end that is not CR LF, a control
// character, a line that begins with a space (the old way to fold lines).

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "header.hpp"

namespace warren::http {

class field_lines {
 public:
  enum class step : std::uint8_t {
    more,   ///< the text ends within a line
    named,  ///< a name was read, and its colon: place().name_at and name_size say where
    field,  ///< a line was read: place() says where it is
    end,    ///< the empty line was read: position() is behind it
    bad,    ///< reason() says why
  };

  /// Begins with the line at that place.
  void start(std::size_t at) noexcept;

  /// Goes on. `text` is what there is, from the place that positions count from.
  step next(std::string_view text) noexcept;

  const field_place& place() const noexcept { return place_; }
  /// After `more`, or `bad`: what there is of the value so far; nothing while a name is read.
  bool in_value() const noexcept { return state_ == state::value || state_ == state::value_end; }
  std::string_view value_so_far(std::string_view text) const noexcept;

  std::size_t position() const noexcept { return at_; }
  /// The text that is wrong: a constant.
  const char* reason() const noexcept { return reason_; }
  /// Where the line begins that is being read.
  std::size_t line_at() const noexcept { return place_.name_at; }

 private:
  enum class state : std::uint8_t { line, name, before_value, value, value_end, last_end };

  step refuse(const char* reason) noexcept;
  step read_name(std::string_view text) noexcept;
  step read_value(std::string_view text) noexcept;

  std::size_t at_ = 0;
  field_place place_{};
  const char* reason_ = "";
  state state_ = state::line;
};

}  // namespace warren::http
