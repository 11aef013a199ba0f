// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

namespace warren::http {

/// Returns: the media type that files with this extension (`.html`, in any case) have, an empty text if it is not known.
/// Source: the registry of IANA; Go mime.TypeByExtension, which may know more from the files of its system.
std::string_view media_type_of(std::string_view extension) noexcept;

}  // namespace warren::http
