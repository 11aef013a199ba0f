// SPDX-License-Identifier: MIT
#include "packet_conn.hpp"

#include <atomic>
#include <cerrno>

#include "../errors/panic.hpp"
#include "listening_socket.hpp"
#include "net_error.hpp"
#include "socket.hpp"
#include "socket_address.hpp"

namespace warren::net {

namespace sys = runtime::sys;
using runtime::io_result;
using runtime::io_side;
using runtime::io_status;

class packet_socket {
 public:
  packet_socket(descriptor_ptr d, const network_name& n, sys::socket_family family, addr local) noexcept
      : descriptor_(std::move(d)), network_(n), family_(family), local_(std::move(local)) {}

  result<datagram> read_from(std::span<char> to);
  result<std::size_t> write_to(std::string_view text, const addr& to);
  error close() { return descriptor_->close() ? nil : failed("close", nil, closed); }
  error set_deadline(io_side side, std::int64_t when) {
    return descriptor_->set_deadline(side, when) ? nil : failed("set", nil, closed);
  }
  const addr& local() const noexcept { return local_; }

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  error failed(std::string_view op, const addr& peer, error err) const {
    if (op != "write") return errors::of<op_error>(op, network_.text, addr{}, local_, std::move(err));
    return errors::of<op_error>(op, network_.text, local_, peer, std::move(err));
  }

  descriptor_ptr descriptor_;
  const network_name& network_;
  sys::socket_family family_;
  addr local_;
  std::atomic<std::uint32_t> handles_{1};
};

result<datagram> packet_socket::read_from(std::span<char> to) {
  sys::socket_address from;
  const io_result r = descriptor_->perform(io_side::read, [&]() -> std::int64_t {
    return sys::receive_from(descriptor_->file(), to.data(), to.size(), from);
  });
  if (r.status != io_status::done || r.value < 0) return {datagram{}, failed("read", nil, why_failed(r, "recvfrom"))};
  return {datagram{static_cast<std::size_t>(r.value), from_socket_address(network_.kind, from)}, nil};
}

result<std::size_t> packet_socket::write_to(std::string_view text, const addr& to) {
  sys::socket_address address;
  if (to == nil) return {0, failed("write", to, errors::of<addr_error>("missing address", ""))};
  if (!to_socket_address(to, family_, address)) {
    return {0, failed("write", to, errors::of<addr_error>("non-IPv4 address", to.ip()))};
  }
  const io_result r = descriptor_->perform(io_side::write, [&]() -> std::int64_t {
    return sys::send_to(descriptor_->file(), text.data(), text.size(), address);
  });
  if (r.status != io_status::done || r.value < 0) return {0, failed("write", to, why_failed(r, "sendto"))};
  return {static_cast<std::size_t>(r.value), nil};
}

packet_conn::packet_conn(const packet_conn& other) noexcept : socket_(other.socket_) {
  if (socket_ != nullptr) socket_->retain();
}

packet_conn::~packet_conn() {
  if (socket_ != nullptr) socket_->release();
}

packet_socket* packet_conn::checked() const {
  if (socket_ == nullptr) panic("runtime error: invalid memory address or nil pointer dereference");
  return socket_;
}

result<datagram> packet_conn::read_from(std::span<char> to) const { return checked()->read_from(to); }

result<std::size_t> packet_conn::write_to(std::string_view text, const addr& to) const {
  return checked()->write_to(text, to);
}

error packet_conn::close() const { return checked()->close(); }

addr packet_conn::local_addr() const { return checked()->local(); }

error packet_conn::set_read_deadline_ns(std::int64_t when) const { return checked()->set_deadline(io_side::read, when); }

error packet_conn::set_write_deadline_ns(std::int64_t when) const {
  return checked()->set_deadline(io_side::write, when);
}

namespace {

result<packet_conn> open_at(const network_name& n, const addr& at) {
  auto [s, err] = bound_socket(n, at);
  if (err != nil) return {packet_conn{}, err};
  addr local = s.local(n.kind);
  descriptor_ptr d = std::move(s).watch(err);
  if (d == nullptr) return {packet_conn{}, err};
  return {packet_conn(new packet_socket(std::move(d), n, listening_family(n, at), std::move(local))), nil};
}

}  // namespace

result<packet_conn> listen_packet(std::string_view network, std::string_view address) {
  const auto failed = [&](const addr& at, error err) -> result<packet_conn> {
    return {packet_conn{}, errors::of<op_error>("listen", network, addr{}, at, std::move(err))};
  };
  auto [at, n, err] = listening_address(network, address);
  if (err != nil) return failed({}, err);
  if (!n->is_udp()) return failed(at, errors::of<addr_error>("unexpected address type", address));
  auto [made, why] = open_at(*n, at);
  if (why != nil) return failed(at, why);
  return {made, nil};
}

}  // namespace warren::net
