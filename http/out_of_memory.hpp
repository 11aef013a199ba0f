// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"

namespace warren::http {

/// What those are told for whom another goroutine could not do something for want of memory. It takes none.
inline constexpr errors::sentinel out_of_memory_object{"net/http: out of memory"};
inline constexpr warren::error out_of_memory{out_of_memory_object};

}  // namespace warren::http
