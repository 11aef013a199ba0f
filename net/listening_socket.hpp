// SPDX-License-Identifier: MIT
#pragma once

// What listen() and listen_packet() share: which address is meant, and a socket bound to it.

#include <string_view>

#include "socket.hpp"

namespace warren::net {

struct listening_place {
  addr at;
  const network_name* network = nullptr;
  error err;
};

/// Finds the one address to listen on; of a name with several the first IPv4 one. Parks: while it is looked up.
listening_place listening_address(std::string_view network, std::string_view address);

/// Opens a socket and binds it. Without a host, and for a wildcard, in a network of both families, it takes both.
result<new_socket> bound_socket(const network_name& n, const addr& at);

/// The family of a socket that is bound to `at`.
runtime::sys::socket_family listening_family(const network_name& n, const addr& at) noexcept;

}  // namespace warren::net
