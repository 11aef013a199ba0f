// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "../errors/error.hpp"

namespace warren::http {

/// What went wrong with a URL: `Get "http://host/path": ` and why. It unwraps to that. Whoever makes one leaves no password
/// in the URL. Source: Go net/url.Error.
class url_error final : public errors::base {
 public:
  url_error(std::string op, std::string url, warren::error cause);

  const std::string& op() const noexcept { return op_; }
  const std::string& url() const noexcept { return url_; }

  std::string message() const override;
  warren::error unwrap() const override { return cause_; }

 private:
  std::string op_;
  std::string url_;
  warren::error cause_;
};

}  // namespace warren::http
