// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace warren::http {

/// The standard alphabet, with padding. Source: RFC 4648 section 4.
std::string base64_encode(std::string_view bytes);
/// Returns: nothing for what base64_encode never makes.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace warren::http
