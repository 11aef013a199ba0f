// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace warren::http {

/// Whether the text is a host with an optional port, as in a Host field: a name, an address, or an IPv6 address in
/// brackets. Empty is allowed. Source: RFC 3986 section 3.2.2.
bool is_valid_host(std::string_view text) noexcept;

/// Whether the text can go on to be one.
bool may_become_host(std::string_view text) noexcept;

}  // namespace warren::http
