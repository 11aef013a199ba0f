// SPDX-License-Identifier: MIT
#pragma once

// What goes wrong with connections, with Go's texts. An op_error says which operation failed on which addresses and
// wraps why: a system_call_error (which wraps the error code), net::closed, a timeout, a dns_error, an addr_error.

#include <string>
#include <string_view>

#include "../errors/error.hpp"
#include "addr.hpp"
#include "addr_error.hpp"
#include "parse_error.hpp"

namespace warren::net {

class timeout_error final : public errors::base {
 public:
  constexpr timeout_error() noexcept = default;
  std::string message() const override;
  bool is_timeout() const override;
};

inline constexpr errors::sentinel closed_object{"use of closed network connection"};
inline constexpr errors::sentinel closed_pipe_object{"io: read/write on closed pipe"};
inline constexpr errors::immortal<timeout_error> deadline_exceeded_object{};

/// What operations on a closed conn or listener wrap. Source: Go net.ErrClosed.
inline constexpr error closed{closed_object};
/// What operations on a closed pipe give, and writes to one whose other end is closed. Source: Go io.ErrClosedPipe.
inline constexpr error closed_pipe{closed_pipe_object};
/// `i/o timeout`: what reads, writes and accepts wrap after their deadline. Source: Go os.ErrDeadlineExceeded.
inline constexpr error deadline_exceeded{deadline_exceeded_object};

/// What failed on what. Source: Go net.OpError.
class op_error final : public errors::base {
 public:
  op_error(std::string_view op, std::string_view network, addr source, addr address, error err);

  /// `dial`, `listen`, `accept`, `read`, `write`, `close`, `set`.
  const std::string& op() const noexcept { return op_; }
  const std::string& network() const noexcept { return network_; }
  /// The local address of a connection; nil for operations without one.
  const addr& source() const noexcept { return source_; }
  /// The remote address of a connection, the local one of a listener; nil when not known.
  const addr& address() const noexcept { return address_; }

  /// Returns: `op network source->address: why`.
  std::string message() const override;
  error unwrap() const override { return err_; }

 private:
  std::string op_;
  std::string network_;
  addr source_;
  addr address_;
  error err_;
};

/// A system call that failed: `connect: connection refused`. Wraps the error code. Source: Go os.SyscallError.
class system_call_error final : public errors::base {
 public:
  /// `code` is an errno.
  system_call_error(const char* call, int code);

  const char* call() const noexcept { return call_; }
  int code() const noexcept { return code_; }

  std::string message() const override;
  error unwrap() const override { return err_; }

 private:
  const char* call_;
  int code_;
  error err_;
};

/// A name that could not be looked up: `lookup host.invalid: no such host`. Source: Go net.DNSError.
class dns_error final : public errors::base {
 public:
  enum class kind : unsigned char { not_found, temporary, timeout, other };

  dns_error(std::string name, std::string text, kind what, error cause = nil);

  const std::string& name() const noexcept { return name_; }
  bool is_not_found() const noexcept { return kind_ == kind::not_found; }
  bool is_temporary() const noexcept { return kind_ == kind::temporary || kind_ == kind::timeout; }

  std::string message() const override;
  error unwrap() const override { return cause_; }
  bool is_timeout() const override { return kind_ == kind::timeout; }

 private:
  std::string name_;
  std::string text_;
  kind kind_;
  error cause_;  ///< the context's, where that ended the look-up
};

/// `unknown network X`. Source: Go net.UnknownNetworkError.
class unknown_network_error final : public errors::base {
 public:
  explicit unknown_network_error(std::string_view network) : network_(network) {}

  const std::string& network() const noexcept { return network_; }
  std::string message() const override;

 private:
  std::string network_;
};

/// Returns: whether the same operation may well succeed a little later: a timeout, no descriptor or memory left, a
/// connection that was reset before it was accepted. Source: Go net.Error.Temporary.
bool is_temporary(const error& err);

/// Returns: Go's text for an errno, as `connection refused`.
std::string errno_text(int code);

/// Returns: a done context's error as a dial, or a look-up, gives it: `operation was canceled` or `i/o timeout`.
error mapped_context_error(const error& err);

}  // namespace warren::net
