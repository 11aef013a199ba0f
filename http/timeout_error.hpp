// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <utility>

#include "../errors/error.hpp"

namespace warren::http {

/// A limit of the client's or its transport's that has passed; for errors::is it is context::deadline_exceeded.
class timeout_error final : public errors::base {
 public:
  explicit timeout_error(std::string text) : text_(std::move(text)) {}

  std::string message() const override { return text_; }
  bool is(warren::error target) const override;
  bool is_timeout() const override { return true; }

 private:
  std::string text_;
};

}  // namespace warren::http
