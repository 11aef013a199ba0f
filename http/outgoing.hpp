// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "../errors/error.hpp"
#include "request.hpp"

namespace warren::http {

/// How a request goes to the wire.
struct outgoing {
  enum class framing : std::uint8_t { none, sized, chunked };

  framing body = framing::none;
  std::int64_t length = 0;        ///< of a sized body
  bool expects_continue = false;  ///< the body is sent when the server asks for it
  bool close = false;             ///< the connection is not used again
};

/// Writes the head of a request that check_request() has let pass. `keep_alive`: the connection may be used again.
/// Returns: `net/http: can't write control character in Request.URL`.
warren::error write_head(const request& r, bool keep_alive, std::string& out, outgoing& how);

}  // namespace warren::http
