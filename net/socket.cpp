// SPDX-License-Identifier: MIT
#include "socket.hpp"

#include <cerrno>

#include "../runtime/system.hpp"
#include "socket_address.hpp"

namespace warren::net {

namespace sys = runtime::sys;

error checked_call(const char* call, std::int64_t value) {
  if (value >= 0) return nil;
  return errors::of<system_call_error>(call, static_cast<int>(-value));
}

error why_failed(const runtime::io_result& r, const char* call) {
  switch (r.status) {
    case runtime::io_status::closed: return closed;
    case runtime::io_status::timed_out: return deadline_exceeded;
    case runtime::io_status::done: break;
  }
  return checked_call(call, -r.error);
}

new_socket::~new_socket() {
  if (file_ >= 0) sys::close_file(file_);
}

result<new_socket> new_socket::open(sys::socket_family family, sys::socket_kind kind) {
  const int file = sys::open_socket(family, kind);
  return {new_socket(file), checked_call("socket", file)};
}

error new_socket::set(sys::socket_option which, int value) const {
  return checked_call("setsockopt", sys::set_option(file_, which, value));
}

error new_socket::bind(const addr& to, sys::socket_family family) const {
  sys::socket_address address;
  if (!to_socket_address(to, family, address)) return checked_call("bind", -EINVAL);
  return checked_call("bind", sys::bind_socket(file_, address));
}

error new_socket::set_tcp_defaults() const {
  constexpr int probe_after = 15;  // seconds
  constexpr int probe_again_after = 15;
  constexpr int probes = 9;
  using enum sys::socket_option;
  for (const auto& [option, value] : {std::pair{no_delay, 1}, std::pair{keep_alive, 1},
                                      std::pair{keep_alive_idle, probe_after},
                                      std::pair{keep_alive_interval, probe_again_after},
                                      std::pair{keep_alive_count, probes}}) {
    if (error err = set(option, value); err != nil) return err;
  }
  return nil;
}

addr new_socket::local(network n) const {
  sys::socket_address address;
  return sys::local_address(file_, address) == 0 ? from_socket_address(n, address) : addr{};
}

descriptor_ptr new_socket::watch(error& err) && {
  int failure = 0;
  descriptor_ptr made(runtime::descriptor::open(file_, failure));
  if (made == nullptr) {
    err = checked_call("epoll_ctl", failure);
  } else {
    file_ = -1;
  }
  return made;
}

}  // namespace warren::net
