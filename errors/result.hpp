// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "error.hpp"

namespace warren {

/// A value and an error, as a Go function returns them; by convention the value means something only when the
/// error is nil.
///
/// It is a `std::pair<T, error>`: `auto [v, err] = f();`, `std::tie(v, err) = g();`, and in the function
/// `return {v, nil};` or `return {T{}, err};`. `T` may be move-only.
template <class T>
class result : public std::pair<T, error> {
  static_assert(std::is_object_v<T>,
                "result<T>: T is a value; a function that only fails or not returns error");

 public:
  result() requires std::default_initializable<T>
  = default;

  result(T value, error err) : std::pair<T, error>(std::move(value), std::move(err)) {}

  T& value() & noexcept { return this->first; }
  const T& value() const& noexcept { return this->first; }
  /// By value, so that `for (auto x : f().value())` does not walk over what is gone.
  T value() && { return std::move(this->first); }

  const error& err() const& noexcept { return this->second; }
  error err() && noexcept { return std::move(this->second); }
};

}  // namespace warren
