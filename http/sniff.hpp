// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace warren::http {

/// How many bytes at its beginning decide what kind of content a text is.
inline constexpr std::size_t sniff_length = 512;

/// Tells the media type of content by its first bytes.
///
/// Returns: a text that lives for ever; `application/octet-stream` for what is nothing else, and
/// `text/plain; charset=utf-8` for what has no byte that texts do not have.
/// Source: Go http.DetectContentType; https://mimesniff.spec.whatwg.org/.
std::string_view detect_content_type(std::string_view content) noexcept;

}  // namespace warren::http
