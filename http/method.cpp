// SPDX-License-Identifier: MIT
#include "method.hpp"

#include "characters.hpp"

namespace warren::http {

bool is_valid_method(std::string_view method) noexcept {
  return !method.empty() && characters::all(method, characters::token_byte);
}

}  // namespace warren::http
