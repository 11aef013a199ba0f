// SPDX-License-Identifier: MIT
#include "dial.hpp"

#include <cerrno>
#include <string>
#include <utility>

#include "../channels/channel.hpp"
#include "../errors/panic.hpp"
#include "address_list.hpp"
#include "dial_list.hpp"
#include "net_error.hpp"
#include "socket.hpp"
#include "socket_address.hpp"
#include "socket_stream.hpp"

namespace warren::net {

namespace sys = runtime::sys;
using runtime::descriptor;
using runtime::io_result;
using runtime::io_side;
using runtime::io_status;

namespace {

/// Waits until a connection that was begun stands, or the context is done. Afterwards nothing of the context's reaches
/// the descriptor. Returns: nil, the context's error, or why it failed.
error wait_for_connection(const context& ctx, descriptor& d) {
  const auto look = [&]() -> std::int64_t { return sys::connection_state(d.file()); };
  if (ctx.done() == nil) return why_failed(d.perform(io_side::write, look), "connect");
  const chan<void> interrupted = make_chan<void>();
  const auto stop = context::after_func(ctx, [&d, interrupted] {
    constexpr std::int64_t long_ago = 1;
    d.set_deadline(io_side::write, long_ago);
    interrupted.close();
  });
  const io_result r = d.perform(io_side::write, look);
  if (stop()) return why_failed(r, "connect");
  interrupted.recv();
  return mapped_context_error(ctx.err());
}

/// On this machine it usually stands at once. The state is asked for once each time: asking takes an error away.
error finish_connecting(const context& ctx, descriptor& d) {
  const int state = sys::connection_state(d.file());
  return state == -EAGAIN ? wait_for_connection(ctx, d) : checked_call("connect", state);
}

/// This machine, where no host is named. Source: Go (net.toLocal).
addr reachable(const network_name& n, const addr& to) {
  if (n.is_unix() || !to.is_wildcard()) return to;
  if (!n.v6_only) return addr::v4(n.kind, {127, 0, 0, 1}, to.port());
  return addr::v6(n.kind, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0, to.port());
}

error begin_to_connect(const new_socket& s, const network_name& n, const addr& to, bool& begun) {
  sys::socket_address address;
  if (!to_socket_address(to, family_of(to), address)) return checked_call("connect", -EINVAL);
  error err;
  if (n.is_tcp()) err = s.set_tcp_defaults();
  if (n.is_udp()) err = s.set(sys::socket_option::broadcast, 1);
  if (err != nil) return err;
  const int r = sys::connect_socket(s.file(), address);
  begun = r == -EINPROGRESS;
  return begun ? nil : checked_call("connect", r);
}

/// Registered only once it is connecting: before, the poller would report a socket that is hung up.
result<conn> connect(const context& ctx, const network_name& n, const addr& to) {
  auto [s, err] = new_socket::open(family_of(to), n.socket_kind());
  bool begun = false;
  if (err == nil) err = begin_to_connect(s, n, to, begun);
  if (err != nil) return {conn{}, err};
  const int file = s.file();
  descriptor_ptr d = std::move(s).watch(err);
  if (err != nil) return {conn{}, err};
  if (begun) err = finish_connecting(ctx, *d);
  if (err != nil) return {conn{}, err};
  sys::socket_address local;
  addr from = sys::local_address(file, local) == 0 ? from_socket_address(n.kind, local) : addr{};
  return {conn(new socket_stream(std::move(d), n, std::move(from), to)), nil};
}

/// A port on this machine to which nobody listens can be chosen for the new socket itself: then it is connected with
/// itself. The system may also run out of ports for a moment. Source: Go (net.spuriousENOTAVAIL, net.selfConnect).
bool is_spurious(const result<conn>& r) {
  if (r.err() == nil) return r.value().local_addr() == r.value().remote_addr();
  const auto* call = errors::as<system_call_error>(r.err());
  return call != nullptr && call->code() == EADDRNOTAVAIL;
}

result<conn> connect_with_patience(const context& ctx, const network_name& n, const addr& to) {
  constexpr int more_tries = 2;
  result<conn> r = connect(ctx, n, to);
  for (int i = 0; i < more_tries && n.is_tcp() && is_spurious(r); ++i) r = connect(ctx, n, to);
  return r;
}

}  // namespace

result<conn> dial(const context& ctx, std::string_view network, std::string_view address) {
  if (ctx == nil) panic("nil context");
  auto [found, list, err] = find_addresses(ctx, network, address, use_of_address::dial);
  if (err != nil) return {conn{}, errors::of<op_error>("dial", network, addr{}, addr{}, err)};
  const network_name& n = *found;
  const dial_one one = [&n](const context& c, const addr& to) -> result<conn> {
    auto [made, why] = connect_with_patience(c, n, reachable(n, to));
    if (why != nil) return {conn{}, errors::of<op_error>("dial", n.text, addr{}, to, why)};
    return {std::move(made), nil};
  };
  const bool both_families = n.is_tcp() && n.any_family();
  return dial_parallel(ctx, plan_of(n.text, both_families, std::move(list)), fallback_delay, one);
}

result<conn> dial(std::string_view network, std::string_view address) {
  return dial(context::background(), network, address);
}

}  // namespace warren::net
