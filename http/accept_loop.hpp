// SPDX-License-Identifier: MIT
#pragma once

#include "../errors/error.hpp"
#include "../net/listener.hpp"

namespace warren::http {

class service;

/// Accepts connections and starts to serve them, until the listener fails or the server ends. While the process has no
/// descriptor left it tries again after 5 ms, 10 ms, … 1 s; then it closes what waits, one at a time, with a descriptor that
/// it has kept back for that. Parks. Returns: why it ended.
warren::error accept_loop(service& s, const net::listener& l);

}  // namespace warren::http
