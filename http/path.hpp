// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

// Paths of URLs and of patterns as texts: nothing here looks at a file system.

namespace warren::http {

/// Returns: the shortest path that means the same: without empty and "." elements, and with each ".." taken out
/// together with the element before it; a ".." that would leave the root is dropped; "." for nothing.
/// Source: Go path.Clean.
std::string clean(std::string_view path);

/// The same for the path of a request: rooted, and with the slash at its end if it had one.
std::string clean_path(std::string_view path);

/// Returns: whether clean_path would give the path as it is; allocates nothing.
bool is_clean_path(std::string_view path) noexcept;

/// Returns: the last element; trailing slashes do not count. "." for nothing, "/" for nothing but slashes.
/// Source: Go path.Base.
std::string_view base_name(std::string_view path) noexcept;

/// Returns: the suffix of the last element from its last dot, an empty text if it has none. Source: Go path.Ext.
std::string_view extension(std::string_view path) noexcept;

/// Returns: the text with its %XX replaced by what they stand for; as it is if one of them is no such thing.
std::string unescaped(std::string_view text);

}  // namespace warren::http
