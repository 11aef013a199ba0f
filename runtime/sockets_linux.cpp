// SPDX-License-Identifier: MIT
#include "sockets.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "system.hpp"

namespace warren::runtime::sys {

namespace {

/// Makes the call until no signal interrupts it.
template <class F>
long checked(call c, F&& make_call) noexcept {
  for (;;) {
    const int wanted = injected_failure(c);
    const long value = wanted != 0 ? -1 : make_call();
    if (value >= 0) return value;
    if (const int error = wanted != 0 ? wanted : errno; error != EINTR) return -error;
  }
}

template <class F>
int checked_int(call c, F&& make_call) noexcept {
  return static_cast<int>(checked(c, std::forward<F>(make_call)));
}

union any_address {
  sockaddr head;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
};

int number_of(socket_family f) noexcept {
  switch (f) {
    case socket_family::v4: return AF_INET;
    case socket_family::v6: return AF_INET6;
    case socket_family::local: return AF_UNIX;
  }
  return AF_UNSPEC;
}

socklen_t to_system(const socket_address& from, any_address& to) noexcept {
  std::memset(&to, 0, sizeof to);
  to.head.sa_family = static_cast<sa_family_t>(number_of(from.family));
  switch (from.family) {
    case socket_family::v4:
      to.v4.sin_port = htons(from.port);
      std::memcpy(&to.v4.sin_addr, from.ip, 4);
      return sizeof to.v4;
    case socket_family::v6:
      to.v6.sin6_port = htons(from.port);
      to.v6.sin6_scope_id = from.zone;
      std::memcpy(&to.v6.sin6_addr, from.ip, 16);
      return sizeof to.v6;
    case socket_family::local: break;
  }
  std::memcpy(to.local.sun_path, from.path, from.path_bytes);
  std::size_t bytes = offsetof(sockaddr_un, sun_path) + from.path_bytes;
  if (from.path_bytes > 0 && from.path[0] != 0 && from.path_bytes < sizeof to.local.sun_path) ++bytes;  // its NUL
  return static_cast<socklen_t>(bytes);
}

void from_local(const any_address& from, socklen_t bytes, socket_address& to) noexcept {
  constexpr socklen_t before_path = offsetof(sockaddr_un, sun_path);
  std::size_t length = bytes > before_path ? bytes - before_path : 0;
  length = std::min(length, sizeof to.path);
  if (length > 0 && from.local.sun_path[0] != 0) length = ::strnlen(from.local.sun_path, length);
  std::memcpy(to.path, from.local.sun_path, length);
  to.path_bytes = static_cast<std::uint8_t>(length);
}

void from_system(const any_address& from, socklen_t bytes, socket_address& to) noexcept {
  if (bytes >= sizeof from.v4 && from.head.sa_family == AF_INET) {
    to.family = socket_family::v4;
    to.port = ntohs(from.v4.sin_port);
    std::memcpy(to.ip, &from.v4.sin_addr, 4);
  } else if (bytes >= sizeof from.v6 && from.head.sa_family == AF_INET6) {
    to.family = socket_family::v6;
    to.port = ntohs(from.v6.sin6_port);
    to.zone = from.v6.sin6_scope_id;
    std::memcpy(to.ip, &from.v6.sin6_addr, 16);
  } else {
    to.family = socket_family::local;
    from_local(from, bytes, to);
  }
}

using name_call = int (*)(int, sockaddr*, socklen_t*);

int address_by(name_call ask, int file, socket_address& address) noexcept {
  any_address a{};
  socklen_t bytes = sizeof a;
  const int r = checked_int(call::socket_name, [&] { return ask(file, &a.head, &bytes); });
  if (r == 0) from_system(a, std::min<socklen_t>(bytes, sizeof a), address);
  return r;
}

}  // namespace

int open_socket(socket_family family, socket_kind kind) noexcept {
  const int type = kind == socket_kind::stream ? SOCK_STREAM : SOCK_DGRAM;
  return checked_int(call::socket, [&] { return ::socket(number_of(family), type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
}

int bind_socket(int file, const socket_address& to) noexcept {
  any_address a;
  const socklen_t bytes = to_system(to, a);
  return checked_int(call::bind, [&] { return ::bind(file, &a.head, bytes); });
}

int listen_on(int file, int backlog) noexcept {
  return checked_int(call::listen, [&] { return ::listen(file, backlog); });
}

int accept_connection(int file, socket_address& from) noexcept {
  any_address a{};
  socklen_t bytes = sizeof a;
  const int r = checked_int(call::accept, [&] {
    bytes = sizeof a;
    return ::accept4(file, &a.head, &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
  if (r >= 0) from_system(a, std::min<socklen_t>(bytes, sizeof a), from);
  return r;
}

int connect_socket(int file, const socket_address& to) noexcept {
  const int wanted = injected_failure(call::connect);
  if (wanted != 0 && wanted != EINTR) return -wanted;
  any_address a;
  const socklen_t bytes = to_system(to, a);
  const int error = ::connect(file, &a.head, bytes) == 0 ? wanted : errno;
  // What a signal interrupted goes on by itself: it must not be begun again.
  return error == EINTR ? -EINPROGRESS : -error;
}

int connection_state(int file) noexcept {
  if (const int error = injected_failure(call::connection_state)) return -error;
  int error = 0;
  socklen_t bytes = sizeof error;
  if (::getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) return -errno;
  if (error == EINPROGRESS || error == EALREADY || error == EINTR) return -EAGAIN;
  if (error != 0 && error != EISCONN) return -error;
  // No error does not mean yet that it stands: the poller may have told of something else.
  any_address peer;
  bytes = sizeof peer;
  if (::getpeername(file, &peer.head, &bytes) == 0) return 0;
  const int missing = errno;
  return missing == ENOTCONN ? -EAGAIN : -missing;
}

long send(int file, const void* from, std::size_t bytes) noexcept {
  return checked(call::transmit, [&] { return ::send(file, from, bytes, MSG_DONTWAIT | MSG_NOSIGNAL); });
}

long receive_from(int file, void* to, std::size_t room, socket_address& from) noexcept {
  any_address a{};
  socklen_t bytes = sizeof a;
  const long r = checked(call::receive, [&] {
    bytes = sizeof a;
    return ::recvfrom(file, to, room, MSG_DONTWAIT, &a.head, &bytes);
  });
  if (r >= 0) from_system(a, std::min<socklen_t>(bytes, sizeof a), from);
  return r;
}

long send_to(int file, const void* from, std::size_t bytes, const socket_address& to) noexcept {
  any_address a;
  const socklen_t size = to_system(to, a);
  return checked(call::transmit,
                 [&] { return ::sendto(file, from, bytes, MSG_DONTWAIT | MSG_NOSIGNAL, &a.head, size); });
}

int shut_down(int file, direction which) noexcept {
  return checked_int(call::shutdown,
                     [&] { return ::shutdown(file, which == direction::reading ? SHUT_RD : SHUT_WR); });
}

int local_address(int file, socket_address& address) noexcept { return address_by(::getsockname, file, address); }

int peer_address(int file, socket_address& address) noexcept { return address_by(::getpeername, file, address); }

namespace {

struct option_name {
  int level;
  int name;
};

option_name name_of(socket_option o) noexcept {
  switch (o) {
    case socket_option::reuse_address: return {SOL_SOCKET, SO_REUSEADDR};
    case socket_option::broadcast: return {SOL_SOCKET, SO_BROADCAST};
    case socket_option::v6_only: return {IPPROTO_IPV6, IPV6_V6ONLY};
    case socket_option::no_delay: return {IPPROTO_TCP, TCP_NODELAY};
    case socket_option::keep_alive: return {SOL_SOCKET, SO_KEEPALIVE};
    case socket_option::keep_alive_idle: return {IPPROTO_TCP, TCP_KEEPIDLE};
    case socket_option::keep_alive_interval: return {IPPROTO_TCP, TCP_KEEPINTVL};
    case socket_option::keep_alive_count: return {IPPROTO_TCP, TCP_KEEPCNT};
    case socket_option::linger: return {SOL_SOCKET, SO_LINGER};
    case socket_option::send_buffer: return {SOL_SOCKET, SO_SNDBUF};
    case socket_option::receive_buffer: return {SOL_SOCKET, SO_RCVBUF};
  }
  return {};
}

}  // namespace

int set_option(int file, socket_option which, int value) noexcept {
  const auto [level, name] = name_of(which);
  const linger seconds{value >= 0, value};
  const void* at = which == socket_option::linger ? static_cast<const void*>(&seconds) : &value;
  const socklen_t bytes = which == socket_option::linger ? sizeof seconds : sizeof value;
  return checked_int(call::socket_option, [&] { return ::setsockopt(file, level, name, at, bytes); });
}

int get_option(int file, socket_option which) noexcept {
  const auto [level, name] = name_of(which);
  int value = 0;
  socklen_t bytes = sizeof value;
  const int r = checked_int(call::socket_option, [&] { return ::getsockopt(file, level, name, &value, &bytes); });
  return r < 0 ? r : value;
}

int max_backlog() noexcept {
  static const int limit = [] {
    constexpr int old_default = 128;
    char text[32] = {};
    if (read_file("/proc/sys/net/core/somaxconn", text, sizeof text - 1) <= 0) return old_default;
    const long n = std::strtol(text, nullptr, 10);
    return n > 0 && n <= INT32_MAX ? static_cast<int>(n) : old_default;
  }();
  return limit;
}

namespace {

/// Whether a socket of the family can be bound to this address of its own machine.
bool can_bind(const socket_address& loopback, bool v6_only) noexcept {
  const int file = open_socket(loopback.family, socket_kind::stream);
  if (file < 0) return false;
  if (loopback.family == socket_family::v6) set_option(file, socket_option::v6_only, v6_only ? 1 : 0);
  const bool bound = bind_socket(file, loopback) == 0;
  close_file(file);
  return bound;
}

}  // namespace

bool supports(socket_family family) noexcept {
  static const bool v4 = can_bind({.family = socket_family::v4, .ip = {127, 0, 0, 1}}, false);
  static const bool v6 =
      can_bind({.family = socket_family::v6, .ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}, true);
  if (family == socket_family::v4) return v4;
  return family == socket_family::v6 ? v6 : true;
}

bool supports_dual_stack() noexcept {
  static const bool dual = can_bind(
      {.family = socket_family::v6, .ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}}, false);
  return dual;
}

int remove_path(const char* path) noexcept { return ::unlink(path) == 0 ? 0 : -errno; }

unsigned interface_index(const char* name) noexcept { return ::if_nametoindex(name); }

bool interface_name(unsigned index, char (&name)[16]) noexcept {
  static_assert(sizeof name >= IF_NAMESIZE);
  return ::if_indextoname(index, name) != nullptr;
}

namespace {

lookup_result failed_look_up(int code, int error) noexcept {
  switch (code) {
    case EAI_NONAME:
#ifdef EAI_NODATA
    case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
    case EAI_ADDRFAMILY:
#endif
      return {lookup_outcome::no_such_host, 0, ""};
    case EAI_AGAIN: return {lookup_outcome::try_again, 0, ::gai_strerror(code)};
    // Without an errno it is out of descriptors, which glibc does not tell.
    case EAI_SYSTEM: return {lookup_outcome::failed, error != 0 ? error : EMFILE, ""};
    default: return {lookup_outcome::failed, 0, ::gai_strerror(code)};
  }
}

}  // namespace

lookup_result look_up(const char* host, void (*found)(const socket_address&, void*), void* argument) noexcept {
  if (const int error = injected_failure(call::lookup)) return failed_look_up(EAI_SYSTEM, error);
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;  // or each address comes once for each kind
  addrinfo* list = nullptr;
  errno = 0;
  if (const int code = ::getaddrinfo(host, nullptr, &wanted, &list); code != 0) return failed_look_up(code, errno);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    any_address a{};
    std::memcpy(&a, one->ai_addr, std::min<std::size_t>(one->ai_addrlen, sizeof a));
    socket_address address;
    from_system(a, one->ai_addrlen, address);
    found(address, argument);
  }
  ::freeaddrinfo(list);
  return {lookup_outcome::found, 0, ""};
}

int port_of(const char* service, socket_kind kind) noexcept {
  servent entry{};
  servent* found = nullptr;
  char room[1024];
  const char* protocol = kind == socket_kind::stream ? "tcp" : "udp";
  if (::getservbyname_r(service, protocol, &entry, room, sizeof room, &found) != 0 || found == nullptr) return -1;
  return ntohs(static_cast<std::uint16_t>(found->s_port));
}

}  // namespace warren::runtime::sys
