// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>

#include "../errors/result.hpp"
#include "connection_pool.hpp"
#include "request.hpp"
#include "response.hpp"

namespace warren::http {

/// Sends one request and reads the head of its response; a connection that turns out to have been closed by the server
/// is replaced, as often as there are others. `deadline` in ns on the clock, 0: none. Closes the request's body, also
/// on failure. Parks: yes. Returns: the response, into which the request was moved, or why there is none.
result<response> round_trip(const std::shared_ptr<connection_pool>& pool, request& r, std::int64_t deadline);

}  // namespace warren::http
