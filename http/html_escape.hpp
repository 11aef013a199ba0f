// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace warren::http {

/// Returns: the text with `& < > " '` as HTML's entities, good between tags and between quotes.
std::string html_escape(std::string_view text);

}  // namespace warren::http
