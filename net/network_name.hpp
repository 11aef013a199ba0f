// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "../runtime/sockets.hpp"
#include "addr.hpp"

namespace warren::net {

/// What may be asked for by name; one constant each.
struct network_name {
  std::string_view text;
  network kind;
  bool v4_only = false;
  bool v6_only = false;

  runtime::sys::socket_kind socket_kind() const noexcept {
    using runtime::sys::socket_kind;
    return kind == network::udp ? socket_kind::datagram : socket_kind::stream;
  }
  bool is_tcp() const noexcept { return kind == network::tcp; }
  bool is_udp() const noexcept { return kind == network::udp; }
  bool is_unix() const noexcept { return kind == network::unix_stream; }
  bool any_family() const noexcept { return !v4_only && !v6_only && kind != network::unix_stream; }
};

inline constexpr network_name network_names[] = {
    {"tcp", network::tcp},
    {"tcp4", network::tcp, true, false},
    {"tcp6", network::tcp, false, true},
    {"udp", network::udp},
    {"udp4", network::udp, true, false},
    {"udp6", network::udp, false, true},
    {"unix", network::unix_stream},
};

/// Returns: nullptr for a network that is not known.
constexpr const network_name* find_network(std::string_view text) noexcept {
  for (const network_name& n : network_names) {
    if (n.text == text) return &n;
  }
  return nullptr;
}

}  // namespace warren::net
