// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "../errors/error.hpp"
#include "../errors/nil.hpp"
#include "../errors/result.hpp"
#include "addr.hpp"
#include "deadline.hpp"

namespace warren::net {

class packet_socket;

/// What one read_from gave.
struct datagram {
  std::size_t size = 0;  ///< what did not fit was dropped by the system
  addr from;
};

/// A socket for datagrams without a peer of its own. A handle: copies share, a default one is nil, the last one closes it.
///
/// All functions may be called by several goroutines and threads at once. On a nil one all but `==` throw panic_error.
/// Source: Go net.PacketConn.
class packet_conn {
 public:
  constexpr packet_conn() noexcept = default;
  constexpr packet_conn(std::nullptr_t) noexcept {}
  /// Takes over the caller's reference.
  explicit packet_conn(packet_socket* owned) noexcept : socket_(owned) {}
  packet_conn(const packet_conn& other) noexcept;
  packet_conn(packet_conn&& other) noexcept : socket_(std::exchange(other.socket_, nullptr)) {}
  packet_conn& operator=(packet_conn other) noexcept {
    std::swap(socket_, other.socket_);
    return *this;
  }
  ~packet_conn();

  /// Reads one datagram, which may be empty. Parks: until one comes.
  result<datagram> read_from(std::span<char> to) const;

  /// Sends one datagram. Parks: while the system has no room for it.
  result<std::size_t> write_to(std::string_view text, const addr& to) const;

  error close() const;
  addr local_addr() const;

  /// As conn's.
  template <class Clock, class Duration>
  error set_deadline(std::chrono::time_point<Clock, Duration> t) const {
    const std::int64_t when = deadline_ns(t);
    error err = set_read_deadline_ns(when);
    return err != nil ? err : set_write_deadline_ns(when);
  }
  template <class Clock, class Duration>
  error set_read_deadline(std::chrono::time_point<Clock, Duration> t) const {
    return set_read_deadline_ns(deadline_ns(t));
  }
  template <class Clock, class Duration>
  error set_write_deadline(std::chrono::time_point<Clock, Duration> t) const {
    return set_write_deadline_ns(deadline_ns(t));
  }

  friend bool operator==(const packet_conn& a, const packet_conn& b) noexcept { return a.socket_ == b.socket_; }
  friend bool operator==(const packet_conn& c, std::nullptr_t) noexcept { return c.socket_ == nullptr; }

 private:
  friend struct std::hash<packet_conn>;
  packet_socket* checked() const;
  error set_read_deadline_ns(std::int64_t when) const;
  error set_write_deadline_ns(std::int64_t when) const;

  packet_socket* socket_ = nullptr;
};

/// Opens a socket for datagrams: `udp`, `udp4` or `udp6` with `host:port`, as listen() reads them.
result<packet_conn> listen_packet(std::string_view network, std::string_view address);

}  // namespace warren::net

template <>
struct std::hash<warren::net::packet_conn> {
  std::size_t operator()(const warren::net::packet_conn& c) const noexcept {
    return std::hash<const void*>{}(c.socket_);
  }
};
