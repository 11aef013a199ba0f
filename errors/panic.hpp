// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "error.hpp"

namespace warren {

/// What `panic` throws for a text or an error.
class panic_error : public std::runtime_error {
 public:
  explicit panic_error(std::string_view text);
  /// A nil error makes Go's text for a panic with nil.
  explicit panic_error(error err);

  /// Returns: the error that `panic` was called with, nil when that was a text.
  const error& err() const noexcept { return err_; }

 private:
  error err_;
};

/// Panics with the text.
[[noreturn]] void panic(std::string_view text);

/// Panics with the error, which `panic_error::err` gives back.
[[noreturn]] void panic(error err);

/// Panics with Go's text for a panic with nil.
[[noreturn]] void panic(std::nullptr_t);

/// Panics with anything else: what converts to a text or an error is one, the rest is thrown as it is.
template <class Value>
[[noreturn]] void panic(Value&& value) {
  if constexpr (std::is_convertible_v<Value, std::string_view>) {
    panic(std::string_view(std::forward<Value>(value)));
  } else if constexpr (std::is_convertible_v<Value, error>) {
    panic(error(std::forward<Value>(value)));
  } else {
    throw std::decay_t<Value>(std::forward<Value>(value));
  }
}

}  // namespace warren
