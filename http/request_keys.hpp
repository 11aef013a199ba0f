// SPDX-License-Identifier: MIT
#pragma once

// What the context of a request has values for.

namespace warren::http {

/// A key of request contexts: the server that serves the request, a `server*`.
struct server_key_type {
  bool operator==(const server_key_type&) const = default;
};
inline constexpr server_key_type server_key;

/// A key of request contexts: the address the client has connected to, a `net::addr`.
struct local_addr_key_type {
  bool operator==(const local_addr_key_type&) const = default;
};
inline constexpr local_addr_key_type local_addr_key;

}  // namespace warren::http
