// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "../errors/error.hpp"

namespace warren::net {

/// An address that cannot be read: `address X: missing port in address`. Source: Go net.AddrError.
class addr_error final : public errors::base {
 public:
  addr_error(std::string_view text, std::string_view address) : text_(text), address_(address) {}

  const std::string& text() const noexcept { return text_; }
  const std::string& address() const noexcept { return address_; }
  std::string message() const override { return address_.empty() ? text_ : "address " + address_ + ": " + text_; }

 private:
  std::string text_;
  std::string address_;
};

}  // namespace warren::net
