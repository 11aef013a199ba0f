// SPDX-License-Identifier: MIT
#pragma once

#include "../runtime/sockets.hpp"
#include "addr.hpp"

namespace warren::net {

/// The family of socket that an address is used with.
runtime::sys::socket_family family_of(const addr& a) noexcept;

/// Writes an address for a socket of `family`: an IPv4 one is mapped for IPv6 sockets, and no host is the wildcard.
/// Returns: false for a path that is too long, and for an IPv6 address on an IPv4 socket.
bool to_socket_address(const addr& from, runtime::sys::socket_family family, runtime::sys::socket_address& to) noexcept;

addr from_socket_address(network n, const runtime::sys::socket_address& from);

}  // namespace warren::net
