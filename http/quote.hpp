// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace warren::http {

/// Returns: the text between double quotes, with what cannot be printed escaped, as it stands in messages of
/// errors. Source: Go strconv.Quote, the verb %q.
std::string quote(std::string_view text);

}  // namespace warren::http
