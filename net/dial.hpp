// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "conn.hpp"

namespace warren::net {

/// Connects to an address: `tcp`, `tcp4`, `tcp6`, `udp`, `udp4`, `udp6` with `host:port`, `unix` with a path. Without a
/// host it is this machine. Several addresses of one name are tried in turn; those of the second family of `tcp` begin
/// 300 ms after those of the first, and whichever is connected first wins (RFC 6555).
/// Parks: until it is connected. Returns: an op_error as `dial tcp 127.0.0.1:1: connect: connection refused`.
result<conn> dial(std::string_view network, std::string_view address);

/// The same until `ctx` is done: its deadline is shared by the addresses. Afterwards it means nothing to the connection.
/// Returns: `operation was canceled`, which is context::canceled for errors::is, or `i/o timeout`, which is
/// context::deadline_exceeded for it; then nothing of the dial is left.
/// Throws: panic_error (`nil context`).
result<conn> dial(const context& ctx, std::string_view network, std::string_view address);

}  // namespace warren::net
