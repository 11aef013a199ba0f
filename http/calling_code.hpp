// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace warren::http {

/// Returns: which line of the program's own called into this library: `shop::show(...) (shop.cpp:41)`. For messages that tell
/// of its mistakes.
std::string calling_code();

}  // namespace warren::http
