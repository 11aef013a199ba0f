// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "../errors/panic.hpp"

namespace warren::http {

/// Throws: panic_error `invalid WriteHeader code N` unless the status has three digits.
inline void check_status(int status) {
  if (status < 100 || status > 999) panic("invalid WriteHeader code " + std::to_string(status));
}

/// Returns: whether another answer follows this one: from 100 to 199, but for 101.
constexpr bool is_informational(int status) noexcept {
  return 100 <= status && status < 200 && status != 101;
}

}  // namespace warren::http
