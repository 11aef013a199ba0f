// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Times as HTTP writes them, in seconds since 1970: `Sun, 06 Nov 1994 08:49:37 GMT`.

namespace warren::http {

inline constexpr std::size_t date_length = 29;

/// Writes the date, without an end mark. The year must have four digits.
void format_date(std::int64_t seconds, std::span<char, date_length> out) noexcept;
std::string format_date(std::int64_t seconds);

/// Reads a date in one of the three forms that HTTP knows: RFC 1123's, RFC 850's and C's asctime's.
/// Returns: nothing if it is none of them. Source: Go net/http.ParseTime.
std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

}  // namespace warren::http
