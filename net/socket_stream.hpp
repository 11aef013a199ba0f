// SPDX-License-Identifier: MIT
#pragma once

#include "net_error.hpp"
#include "network_name.hpp"
#include "socket.hpp"
#include "stream.hpp"

namespace warren::net {

/// A connected socket: TCP, Unix, or UDP with a peer.
class socket_stream final : public stream {
 public:
  socket_stream(descriptor_ptr d, const network_name& n, addr local, addr remote) noexcept
      : descriptor_(std::move(d)), network_(n), local_(std::move(local)), remote_(std::move(remote)) {}

  result<std::size_t> read(std::span<char> to) override;
  result<std::size_t> write(std::string_view text) override;
  result<std::size_t> write(std::string_view first, std::string_view second) override;
  error close() override;
  error close_read() override { return shut_down(runtime::sys::direction::reading); }
  error close_write() override { return shut_down(runtime::sys::direction::writing); }
  error set_read_deadline(std::int64_t when) override { return set_deadline(runtime::io_side::read, when); }
  error set_write_deadline(std::int64_t when) override { return set_deadline(runtime::io_side::write, when); }
  addr local_addr() const override { return local_; }
  addr remote_addr() const override { return remote_; }
  runtime::descriptor* descriptor() noexcept override { return descriptor_.get(); }

 private:
  runtime::io_result read_datagram(std::span<char> to);
  runtime::io_result write_datagram(std::string_view text);
  result<std::size_t> written(const runtime::io_result& r, std::size_t wanted) const;
  error shut_down(runtime::sys::direction which);
  error set_deadline(runtime::io_side side, std::int64_t when);
  error failed(std::string_view op, error err) const;

  descriptor_ptr descriptor_;
  const network_name& network_;
  addr local_;
  addr remote_;
};

}  // namespace warren::net
