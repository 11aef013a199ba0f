// SPDX-License-Identifier: MIT
#include "listener.hpp"

#include <cerrno>

#include "../context/context.hpp"
#include "../errors/panic.hpp"
#include "../runtime/system.hpp"
#include "address_list.hpp"
#include "listening_socket.hpp"
#include "socket.hpp"
#include "socket_address.hpp"
#include "socket_stream.hpp"

namespace warren::net {

namespace sys = runtime::sys;
using runtime::io_result;
using runtime::io_side;
using runtime::io_status;

namespace {

/// Listens on a socket: TCP or Unix.
class socket_acceptor final : public acceptor {
 public:
  socket_acceptor(descriptor_ptr d, const network_name& n, net::addr address) noexcept
      : descriptor_(std::move(d)), network_(n), address_(std::move(address)) {}

  result<conn> accept() override;
  error close() override;
  net::addr address() const override { return address_; }
  error set_deadline(std::int64_t when) override;
  runtime::descriptor* descriptor() noexcept override { return descriptor_.get(); }

 protected:
  ~socket_acceptor() override {
    if (!descriptor_->is_closed()) remove_path();
  }

 private:
  error failed(std::string_view op, error err) const {
    return errors::of<op_error>(op, network_.text, net::addr{}, address_, std::move(err));
  }
  result<conn> adopt(new_socket accepted, const sys::socket_address& from) const;
  void remove_path() const noexcept;

  descriptor_ptr descriptor_;
  const network_name& network_;
  net::addr address_;
};

result<conn> socket_acceptor::accept() {
  sys::socket_address from;
  const io_result r = descriptor_->perform(io_side::read, [&]() -> std::int64_t {
    for (;;) {
      const int file = sys::accept_connection(descriptor_->file(), from);
      // It was reset before it was taken: nobody is interested in it.
      if (file != -ECONNABORTED) return file;
    }
  });
  if (r.status != io_status::done || r.value < 0) return {conn{}, failed("accept", why_failed(r, "accept4"))};
  return adopt(new_socket(static_cast<int>(r.value)), from);
}

result<conn> socket_acceptor::adopt(new_socket accepted, const sys::socket_address& from) const {
  // A listener that is bound to one address accepts on that alone.
  net::addr local = network_.is_tcp() && address_.is_wildcard() ? accepted.local(network_.kind) : address_;
  error err;
  descriptor_ptr d = std::move(accepted).watch(err);
  if (d == nullptr) return {conn{}, failed("accept", std::move(err))};
  return {conn(new socket_stream(std::move(d), network_, std::move(local), from_socket_address(network_.kind, from))),
          nil};
}

error socket_acceptor::close() {
  if (!descriptor_->close()) return failed("close", closed);
  remove_path();
  return nil;
}

void socket_acceptor::remove_path() const noexcept {
  if (network_.is_unix() && !address_.path().empty() && address_.path()[0] != '@') {
    sys::remove_path(address_.path().c_str());
  }
}

error socket_acceptor::set_deadline(std::int64_t when) {
  return descriptor_->set_deadline(io_side::read, when) ? nil : failed("set", closed);
}

error start_listening(const new_socket& s, const network_name& n) {
  if (error err = checked_call("listen", sys::listen_on(s.file(), sys::max_backlog())); err != nil) return err;
  return n.is_tcp() ? s.set_tcp_defaults() : nil;
}

result<listener> listen_at(const network_name& n, const addr& at) {
  auto [s, err] = bound_socket(n, at);
  if (err == nil) err = start_listening(s, n);
  if (err != nil) return {listener{}, err};
  addr local = s.local(n.kind);
  descriptor_ptr d = std::move(s).watch(err);
  if (d == nullptr) return {listener{}, err};
  return {listener(new socket_acceptor(std::move(d), n, std::move(local))), nil};
}

}  // namespace

void listener::used_nil() { panic("runtime error: invalid memory address or nil pointer dereference"); }

result<listener> listen(std::string_view network, std::string_view address) {
  const auto failed = [&](const addr& at, error err) -> result<listener> {
    return {listener{}, errors::of<op_error>("listen", network, addr{}, at, std::move(err))};
  };
  auto [at, n, err] = listening_address(network, address);
  if (err != nil) return failed({}, err);
  if (n->is_udp()) return failed(at, errors::of<addr_error>("unexpected address type", address));
  auto [made, why] = listen_at(*n, at);
  if (why != nil) return failed(at, why);
  return {made, nil};
}

}  // namespace warren::net
