// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include "conn.hpp"

namespace warren::net {

/// Makes a connection within the program, without a socket or a buffer: a write waits until reads have taken it all.
/// Deadlines work as on sockets; a read gives net::eof once the other end is closed, other uses of a closed end
/// net::closed_pipe. Source: Go net.Pipe.
std::pair<conn, conn> pipe();

}  // namespace warren::net
