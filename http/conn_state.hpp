// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace warren::http {

/// Where a connection is in its life. Source: Go net/http.ConnState.
enum class conn_state : std::uint8_t {
  fresh,     ///< accepted; nothing received yet. Prints as "new"
  active,    ///< a request is being read or answered
  idle,      ///< waits for the next request
  hijacked,  ///< handed over to a handler: the last that is told of it
  closed,
};

/// Returns: "new", "active", "idle", "hijacked", "closed".
std::string_view to_string(conn_state s) noexcept;

}  // namespace warren::http
