// SPDX-License-Identifier: MIT
#pragma once

// A socket on its way to becoming a connection or a listener: whatever goes wrong meanwhile, it is closed.

#include <memory>
#include <utility>

#include "../errors/error.hpp"
#include "../runtime/descriptor.hpp"
#include "../runtime/sockets.hpp"
#include "addr.hpp"
#include "net_error.hpp"
#include "network_name.hpp"

namespace warren::net {

struct descriptor_release {
  void operator()(runtime::descriptor* d) const noexcept { d->release(); }
};
/// The one owner of a descriptor.
using descriptor_ptr = std::unique_ptr<runtime::descriptor, descriptor_release>;

class new_socket {
 public:
  explicit new_socket(int file) noexcept : file_(file) {}
  new_socket(new_socket&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  new_socket& operator=(new_socket&&) = delete;
  ~new_socket();

  /// Opens one. Returns: an error as `socket: too many open files`.
  static result<new_socket> open(runtime::sys::socket_family family, runtime::sys::socket_kind kind);

  int file() const noexcept { return file_; }
  /// Returns: nil, or an error as `setsockopt: …`.
  error set(runtime::sys::socket_option which, int value) const;
  error bind(const addr& to, runtime::sys::socket_family family) const;
  /// What every TCP connection of this library begins with. Those that are accepted inherit it from their listener.
  error set_tcp_defaults() const;
  addr local(network n) const;

  /// Makes it a descriptor, which then owns the file. Returns: null and `err`, as `epoll_ctl: …`.
  descriptor_ptr watch(error& err) &&;

 private:
  int file_;
};

/// Returns: nil for 0 and more; else an error of the call with the text of -value.
error checked_call(const char* call, std::int64_t value);

/// What went wrong in an operation on a descriptor, without saying on what: net::closed, a timeout or the call's errno.
error why_failed(const runtime::io_result& r, const char* call);

}  // namespace warren::net
