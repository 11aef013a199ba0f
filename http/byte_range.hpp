// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../errors/result.hpp"

namespace warren::http {

/// A piece of a content.
struct byte_range {
  std::int64_t start;
  std::int64_t length;

  bool operator==(const byte_range&) const = default;
};

/// What a Range field says that asks for nothing that the content has.
inline constexpr errors::sentinel no_overlap_object{"invalid range: failed to overlap"};
inline constexpr warren::error no_overlap{no_overlap_object};

/// Reads a Range field for a content of so many bytes. What lies beyond the content is cut off or left out; a field with
/// more than 200 ranges says nothing. Returns: no_overlap, or `invalid range` for what is none.
/// Source: Go net/http.ServeContent; RFC 9110 section 14.
result<std::vector<byte_range>> parse_ranges(std::string_view field, std::int64_t size);

/// Returns: `bytes 0-499/1234`.
std::string content_range(const byte_range& r, std::int64_t size);

}  // namespace warren::http
