// SPDX-License-Identifier: MIT
#pragma once

// What stands behind a listener: a socket, or TLS over another listener.

#include <atomic>
#include <cstdint>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "addr.hpp"
#include "conn.hpp"

namespace warren::net {

class acceptor {
 public:
  acceptor() noexcept = default;
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;

  virtual result<conn> accept() = 0;
  virtual error close() = 0;
  virtual net::addr address() const = 0;
  /// On the monotonic clock in ns; 0: none.
  virtual error set_deadline(std::int64_t when) = 0;
  /// The socket that the poller watches for it; null when there is none.
  virtual runtime::descriptor* descriptor() noexcept { return nullptr; }

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~acceptor() = default;

 private:
  std::atomic<std::uint32_t> handles_{1};
};

}  // namespace warren::net
