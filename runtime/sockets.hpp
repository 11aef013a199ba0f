// SPDX-License-Identifier: MIT
#pragma once

// The seam of sockets and names, by the laws of system.hpp: a value or -errno; EINTR never leaves; any call can be made
// to fail by a test. runtime/sockets_linux.cpp is the only file behind it. Sockets are non-blocking and are not
// inherited by programs that are started.

#include <cstddef>
#include <cstdint>

namespace warren::runtime::sys {

enum class socket_family : std::uint8_t { v4, v6, local };
enum class socket_kind : std::uint8_t { stream, datagram };

/// An address in the system's terms, without the system's headers.
struct socket_address {
  socket_family family = socket_family::v4;
  std::uint8_t path_bytes = 0;  ///< of a local one; 0: it has no name
  std::uint16_t port = 0;
  std::uint32_t zone = 0;       ///< the interface's index, of a link-local IPv6 one
  std::uint8_t ip[16] = {};     ///< of IPv4: the first 4
  char path[108] = {};          ///< a leading NUL: in the abstract name space
};

/// Returns: a new socket, or -errno.
int open_socket(socket_family family, socket_kind kind) noexcept;
int bind_socket(int file, const socket_address& to) noexcept;
int listen_on(int file, int backlog) noexcept;
/// Returns: the next connection's socket, or -errno; `from` is its other end.
int accept_connection(int file, socket_address& from) noexcept;
/// Returns: 0, -EINPROGRESS when connection_state() will tell, or another -errno.
int connect_socket(int file, const socket_address& to) noexcept;
/// Returns: 0 when the connection stands, -EAGAIN as long as that is open, or why it failed as -errno.
int connection_state(int file) noexcept;

/// Returns: how many bytes were taken without waiting, whoever opened the socket, or -errno; no signal is raised.
long send(int file, const void* from, std::size_t bytes) noexcept;
long receive_from(int file, void* to, std::size_t room, socket_address& from) noexcept;
long send_to(int file, const void* from, std::size_t bytes, const socket_address& to) noexcept;

enum class direction : std::uint8_t { reading, writing };
int shut_down(int file, direction which) noexcept;

int local_address(int file, socket_address& address) noexcept;
int peer_address(int file, socket_address& address) noexcept;

enum class socket_option : std::uint8_t {
  reuse_address, broadcast, v6_only, no_delay, keep_alive, keep_alive_idle, keep_alive_interval, keep_alive_count,
  linger, send_buffer, receive_buffer,
};
/// Times are in seconds; a linger of 0 makes close() reset the connection. Returns 0 or -errno.
int set_option(int file, socket_option which, int value) noexcept;
/// Returns: the value, or -errno. Not for linger.
int get_option(int file, socket_option which) noexcept;

/// The system's limit of connections that wait to be accepted.
int max_backlog() noexcept;
/// Sockets of this family can be bound here.
bool supports(socket_family family) noexcept;
/// IPv6 sockets of this system take IPv4 connections as well.
bool supports_dual_stack() noexcept;
/// Removes a local socket's path. Returns 0 or -errno.
int remove_path(const char* path) noexcept;

/// An interface's index, 0 for a name that no interface has.
unsigned interface_index(const char* name) noexcept;
/// The name of an interface; false when there is none with that index.
bool interface_name(unsigned index, char (&name)[16]) noexcept;

enum class lookup_outcome : std::uint8_t { found, no_such_host, try_again, failed };

struct lookup_result {
  lookup_outcome outcome;
  int error;         ///< errno, where the outcome is `failed` and the system gave one; else 0
  const char* text;  ///< the resolver's words for another failure
};
/// Looks a host up and calls `found` for each address, the nearest first. Blocks the thread, maybe for long.
lookup_result look_up(const char* host, void (*found)(const socket_address&, void*), void* argument) noexcept;
/// The port of a service, as `http`; negative when it has none. May read files.
int port_of(const char* service, socket_kind kind) noexcept;

}  // namespace warren::runtime::sys
