// SPDX-License-Identifier: MIT
#include "socket_address.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace warren::net {

using runtime::sys::socket_address;
using runtime::sys::socket_family;

socket_family family_of(const addr& a) noexcept {
  if (a.family() == network::unix_stream) return socket_family::local;
  return a.is_v6() ? socket_family::v6 : socket_family::v4;
}

namespace {

bool to_local(const std::string& path, socket_address& to) noexcept {
  const bool abstract = !path.empty() && path[0] == '@';  // shown for the NUL that begins such a name
  if (path.size() + (abstract ? 0 : 1) > sizeof to.path) return false;
  std::memcpy(to.path, path.data(), path.size());
  if (abstract) to.path[0] = 0;
  to.path_bytes = static_cast<std::uint8_t>(path.size());
  return true;
}

}  // namespace

bool to_socket_address(const addr& from, socket_family family, socket_address& to) noexcept {
  to.family = family;
  to.port = from.port();
  to.zone = from.zone();
  if (family == socket_family::local) return to_local(from.path(), to);
  const addr::bytes& ip = from.ip_bytes();
  // The wildcard of one family is written as that of the socket's.
  if (!from.has_ip() || from.is_wildcard()) return true;
  if (family == socket_family::v6) {
    std::copy(ip.begin(), ip.end(), to.ip);
    return true;
  }
  std::copy(ip.begin() + 12, ip.end(), to.ip);
  return from.is_v4();
}

addr from_socket_address(network n, const socket_address& from) {
  switch (from.family) {
    case socket_family::v4: return addr::v4(n, {from.ip[0], from.ip[1], from.ip[2], from.ip[3]}, from.port);
    case socket_family::v6: {
      addr::bytes ip;
      std::copy(std::begin(from.ip), std::end(from.ip), ip.begin());
      return addr::v6(n, ip, from.zone, from.port);
    }
    case socket_family::local: break;
  }
  std::string path(from.path, from.path_bytes);
  if (!path.empty() && path[0] == 0) path[0] = '@';
  return addr::unix_path(std::move(path));
}

}  // namespace warren::net
