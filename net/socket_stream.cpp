// SPDX-License-Identifier: MIT
#include "socket_stream.hpp"

#include <string>

#include "../runtime/system.hpp"
#include "eof.hpp"

namespace warren::net {

using runtime::io_result;
using runtime::io_side;
using runtime::io_status;

error socket_stream::failed(std::string_view op, error err) const {
  return errors::of<op_error>(op, network_.text, local_, remote_, std::move(err));
}

// Not the descriptor's own read: that takes a read which does not fill its buffer for the last one, and a datagram
// hardly ever fills it.
io_result socket_stream::read_datagram(std::span<char> to) {
  if (to.empty()) return descriptor_->with_file([](int) { return std::int64_t{0}; });  // takes none
  return descriptor_->perform(io_side::read,
                              [&] { return runtime::sys::receive(descriptor_->file(), to.data(), to.size()); });
}

io_result socket_stream::write_datagram(std::string_view text) {
  return descriptor_->perform(io_side::write, [&]() -> std::int64_t {
    return runtime::sys::send(descriptor_->file(), text.data(), text.size());
  });
}

result<std::size_t> socket_stream::read(std::span<char> to) {
  const bool datagrams = network_.is_udp();
  const io_result r = datagrams ? read_datagram(to) : descriptor_->read(to.data(), to.size());
  if (r.status == io_status::done && r.value > 0) [[likely]] return {static_cast<std::size_t>(r.value), nil};
  if (r.status != io_status::done || r.value < 0) return {0, failed("read", why_failed(r, "read"))};
  if (to.empty() || datagrams) return {0, nil};
  return {0, eof};
}

result<std::size_t> socket_stream::written(const io_result& r, std::size_t wanted) const {
  const std::size_t n = r.value > 0 ? static_cast<std::size_t>(r.value) : 0;
  if (r.status == io_status::done && r.error == 0 && n == wanted) [[likely]] return {n, nil};
  return {n, failed("write", why_failed(r, "write"))};
}

result<std::size_t> socket_stream::write(std::string_view text) {
  return written(network_.is_udp() ? write_datagram(text) : descriptor_->write(text.data(), text.size()), text.size());
}

result<std::size_t> socket_stream::write(std::string_view first, std::string_view second) {
  if (network_.is_udp()) return write(std::string(first).append(second));  // one datagram
  return written(descriptor_->write(first.data(), first.size(), second.data(), second.size()),
                 first.size() + second.size());
}

error socket_stream::close() { return descriptor_->close() ? nil : failed("close", closed); }

error socket_stream::shut_down(runtime::sys::direction which) {
  const io_result r = descriptor_->with_file([&](int file) { return runtime::sys::shut_down(file, which); });
  if (r.status == io_status::done && r.value >= 0) return nil;
  return failed("close", why_failed(r, "shutdown"));
}

error socket_stream::set_deadline(io_side side, std::int64_t when) {
  return descriptor_->set_deadline(side, when) ? nil : failed("set", closed);
}

}  // namespace warren::net
