// SPDX-License-Identifier: MIT
#include "listening_socket.hpp"

#include <algorithm>

#include "../context/context.hpp"
#include "address_list.hpp"
#include "socket_address.hpp"

namespace warren::net {

namespace sys = runtime::sys;

listening_place listening_address(std::string_view network, std::string_view address) {
  auto [n, list, err] = find_addresses(context::background(), network, address, use_of_address::listen);
  if (err != nil) return {addr{}, n, err};
  const auto first_v4 = std::find_if(list.begin(), list.end(), [](const addr& a) { return a.is_v4(); });
  return {first_v4 != list.end() ? *first_v4 : list.front(), n, nil};
}

sys::socket_family listening_family(const network_name& n, const addr& at) noexcept {
  if (n.is_unix()) return sys::socket_family::local;
  if (n.v4_only) return sys::socket_family::v4;
  if (n.v6_only) return sys::socket_family::v6;
  if (at.is_wildcard() && (sys::supports_dual_stack() || !sys::supports(sys::socket_family::v4))) {
    return sys::socket_family::v6;
  }
  return family_of(at);
}

result<new_socket> bound_socket(const network_name& n, const addr& at) {
  using enum sys::socket_option;
  const sys::socket_family family = listening_family(n, at);
  auto [s, err] = new_socket::open(family, n.socket_kind());
  if (err == nil && family == sys::socket_family::v6) err = s.set(v6_only, n.v6_only ? 1 : 0);
  if (err == nil && n.is_tcp()) err = s.set(reuse_address, 1);
  if (err == nil && n.is_udp()) err = s.set(broadcast, 1);
  if (err == nil) err = s.bind(at, family);
  return {std::move(s), std::move(err)};
}

}  // namespace warren::net
