// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

#include "header.hpp"
#include "request.hpp"

namespace warren::http {

/// What the conditions in a request's fields demand.
enum class condition : std::uint8_t {
  met,
  not_modified,  ///< answer 304
  failed,        ///< answer 412
};

/// What a request may make its wish depend on.
struct validators {
  std::string_view etag;  ///< with its quotes; empty: none
  std::int64_t modified;  ///< in seconds since the beginning of 1970; 0: not known
};

/// Source: RFC 9110 section 13; Go net/http.ServeContent.
condition check_conditions(const request& r, const validators& now);

/// Returns: whether a Range field counts: there is no If-Range, or it is met.
bool is_range_wanted(const request& r, const validators& now);

}  // namespace warren::http
