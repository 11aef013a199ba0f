// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "handler.hpp"

// Answers that many handlers give. None of them ends the handler: return after it.

namespace warren::http {

/// Answers with a line of plain text. Source: Go http.Error.
void error(response_writer& w, std::string_view text, int status);

/// Answers `404 page not found`.
void not_found(response_writer& w, const request& r);

/// Sends the client elsewhere, with a status from 300 to 399. A path that is not rooted begins at that of the request;
/// what is not ASCII is escaped. With a request that has GET, and unless "Content-Type" is set, the answer is a small
/// page that has a link. Source: Go http.Redirect.
void redirect(response_writer& w, const request& r, std::string_view to, int status);

/// Returns: a handler that does so with every request.
handler_func redirect_handler(std::string to, int status);

/// Returns: a handler that calls `h` with the path of the URL without that prefix, and answers 404 where it does not
/// begin so, or is escaped differently. Source: Go http.StripPrefix.
handler_func strip_prefix(std::string prefix, handler_func h);

}  // namespace warren::http
