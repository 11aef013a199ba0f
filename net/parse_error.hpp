// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "../errors/error.hpp"

namespace warren::net {

/// A text that is not what it should be: `invalid IP address: X`. Source: Go net.ParseError.
class parse_error final : public errors::base {
 public:
  parse_error(std::string_view what, std::string_view text) : what_(what), text_(text) {}

  const std::string& text() const noexcept { return text_; }
  std::string message() const override { return "invalid " + what_ + ": " + text_; }

 private:
  std::string what_;
  std::string text_;
};

}  // namespace warren::net
