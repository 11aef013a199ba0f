// SPDX-License-Identifier: MIT
#pragma once

// The %XX of URLs: which bytes are written so differs from part to part. Source: RFC 3986, Go net/url.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "../errors/error.hpp"

namespace warren::http {

enum class url_part : std::uint8_t {
  path = 1,
  path_segment = 2,
  host = 4,
  zone = 8,
  userinfo = 16,
  query = 32,
  fragment = 64,
};

/// Appends the text; in a query a space becomes `+`.
void append_escaped(std::string& out, std::string_view text, url_part part);

/// Appends what the text stands for. Returns: `invalid URL escape "%zz"`, and for hosts also
/// `invalid character "x" in host name`; then nothing is appended.
warren::error append_unescaped(std::string& out, std::string_view text, url_part part);

/// Whether the text is the one that append_escaped makes of `decoded`.
bool is_usual_escape(std::string_view text, std::string_view decoded, url_part part);

/// How many bytes at the beginning of the text stand for themselves.
std::size_t plain_bytes(std::string_view text, url_part part) noexcept;

/// Whether the text may stand in a path or fragment as it is.
bool is_well_escaped(std::string_view text, url_part part) noexcept;

}  // namespace warren::http
