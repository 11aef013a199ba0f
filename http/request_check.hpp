// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"
#include "request.hpp"

namespace warren::http {

/// Returns: why a request cannot be sent as it is; nil when it can. Nothing that would end a line or a field early is let
/// pass, wherever it stands: what goes to the wire is one request, and the one that was meant.
warren::error check_request(const request& r);

}  // namespace warren::http
