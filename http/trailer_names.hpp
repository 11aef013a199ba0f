// SPDX-License-Identifier: MIT
#pragma once

// Lists of names in field values, and which names may stand in trailers.

#include <string_view>

namespace warren::http {

/// Returns: whether a trailer may have that name: it has nothing to say about the message, its framing, or who sent it.
/// Source: Go httpguts.ValidTrailerHeader.
bool may_be_trailer(std::string_view name) noexcept;

/// Returns: whether the list, separated by commas, has that element; letters are compared in either case.
bool has_element(std::string_view list, std::string_view element) noexcept;

/// Calls `f` with each element that is not empty.
template <class F>
void for_each_element(std::string_view list, F&& f) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view element = list.substr(0, comma);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
    if (!element.empty()) f(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace warren::http
