// SPDX-License-Identifier: MIT
#pragma once

// What stands behind a conn: a socket, one end of a pipe, or a TLS session over another conn.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../errors/error.hpp"
#include "../errors/result.hpp"

namespace warren::runtime {
class descriptor;
}

namespace warren::net {

class addr;

class stream {
 public:
  stream() noexcept = default;
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  virtual result<std::size_t> read(std::span<char> to) = 0;
  virtual result<std::size_t> write(std::string_view text) = 0;
  /// Both pieces, in one system call where that is possible.
  virtual result<std::size_t> write(std::string_view first, std::string_view second) = 0;
  virtual error close() = 0;
  virtual error close_read() = 0;
  virtual error close_write() = 0;
  /// On the monotonic clock in ns; 0: none.
  virtual error set_read_deadline(std::int64_t when) = 0;
  virtual error set_write_deadline(std::int64_t when) = 0;
  virtual addr local_addr() const = 0;
  virtual addr remote_addr() const = 0;
  /// The socket that the poller watches for this stream; null when there is none.
  virtual runtime::descriptor* descriptor() noexcept = 0;
  /// What was received and not read yet lies in the stream itself (a TLS record), not in the socket.
  virtual bool has_buffered() const noexcept { return false; }

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~stream() = default;

 private:
  std::atomic<std::uint32_t> handles_{1};
};

}  // namespace warren::net
