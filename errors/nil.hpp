// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

namespace warren {

/// The zero of every handle and of every `std::function`, as in Go: `return nil;`, `ch = nil;`, `err != nil`.
inline constexpr std::nullptr_t nil = nullptr;

}  // namespace warren
