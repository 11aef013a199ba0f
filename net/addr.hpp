// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

#include "../errors/nil.hpp"
#include "../errors/result.hpp"

namespace warren::net {

enum class network : std::uint8_t { none, tcp, udp, unix_stream, pipe };

/// Returns: Go's name of it: `tcp`, `udp`, `unix`, `pipe`.
std::string_view to_string(network n) noexcept;

/// The address of one end of a connection, or of a listener: a value. A default one is nil: no address.
/// Source: Go net.TCPAddr, net.UDPAddr, net.UnixAddr.
class addr {
 public:
  using bytes = std::array<std::uint8_t, 16>;

  addr() noexcept = default;
  addr(std::nullptr_t) noexcept {}

  /// An address of no host in particular: `:port`.
  static addr any_host(network n, std::uint16_t port) noexcept;
  /// IPv4, the four bytes in the order in which they are written.
  static addr v4(network n, const std::uint8_t (&ip)[4], std::uint16_t port) noexcept;
  static addr v6(network n, const bytes& ip, std::uint32_t zone, std::uint16_t port) noexcept;
  /// A socket in the file system; an empty path is a socket without a name.
  static addr unix_path(std::string path);
  static addr of_pipe() noexcept;

  /// Reads an IP address as it is written, with a zone after `%` for IPv6.
  /// Returns: `invalid IP address: X` when it is none.
  static result<addr> parse_ip(network n, std::string_view text, std::uint16_t port);

  net::network family() const noexcept { return network_; }
  std::string_view network() const noexcept { return to_string(network_); }

  /// The IP address alone, as text; empty where there is none.
  std::string ip() const;
  /// 0 where there is none.
  std::uint16_t port() const noexcept { return port_; }
  /// The path of a Unix socket; empty where there is none.
  const std::string& path() const noexcept { return path_; }

  bool has_ip() const noexcept { return form_ != form::none; }
  bool is_v4() const noexcept { return form_ == form::v4; }
  bool is_v6() const noexcept { return form_ == form::v6; }
  /// No host in particular, `0.0.0.0` or `::`.
  bool is_wildcard() const noexcept;
  /// The 16 bytes; an IPv4 address stands in the last 4.
  const bytes& ip_bytes() const noexcept { return ip_; }
  std::uint32_t zone() const noexcept { return zone_; }
  addr with_port(std::uint16_t port) const;

  friend bool operator==(const addr& a, const addr& b) noexcept = default;
  friend bool operator==(const addr& a, std::nullptr_t) noexcept { return a.network_ == network::none; }

  /// Writes to_string(a).
  friend std::ostream& operator<<(std::ostream& out, const addr& a);

 private:
  enum class form : std::uint8_t { none, v4, v6 };

  net::network network_ = network::none;
  form form_ = form::none;
  std::uint16_t port_ = 0;
  std::uint32_t zone_ = 0;
  bytes ip_{};
  std::string path_;
};

/// Returns: `host:port` with an IPv6 host in brackets, the path of a Unix socket (`@` when it has none), `<nil>` for nil.
std::string to_string(const addr& a);

}  // namespace warren::net

template <>
struct std::hash<warren::net::addr> {
  std::size_t operator()(const warren::net::addr& a) const noexcept;
};
