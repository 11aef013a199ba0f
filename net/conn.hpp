// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "../errors/error.hpp"
#include "../errors/nil.hpp"
#include "../errors/result.hpp"
#include "addr.hpp"
#include "deadline.hpp"
#include "eof.hpp"
#include "stream.hpp"

namespace warren::net {

/// A connection of bytes to a peer, or one end of a pipe. A handle: copies share, a default one is nil, the last one
/// closes the connection.
///
/// All functions may be called by several goroutines and threads at once. Reads take turns, and so do writes: what one
/// write gives is never mixed with what another does. On a nil one all but `==` throw panic_error.
/// Source: Go net.Conn.
class conn {
 public:
  constexpr conn() noexcept = default;
  constexpr conn(std::nullptr_t) noexcept {}
  /// Takes over the caller's reference: a new stream has one.
  explicit conn(stream* owned) noexcept : stream_(owned) {}
  conn(const conn& other) noexcept : stream_(other.stream_) {
    if (stream_ != nullptr) stream_->retain();
  }
  conn(conn&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
  conn& operator=(conn other) noexcept {
    std::swap(stream_, other.stream_);
    return *this;
  }
  ~conn() {
    if (stream_ != nullptr) stream_->release();
  }

  /// Reads what has come, at least one byte unless there is room for none.
  /// Parks: until something comes. Returns: how much; net::eof at the end; an op_error that says `i/o timeout` after the
  /// deadline and wraps net::closed after close(). The connection is as usable after a timeout as before.
  result<std::size_t> read(std::span<char> to) const { return checked()->read(to); }

  /// Writes all of it.
  /// Parks: until the system has taken it. Returns: how much was written, less than all only with an error.
  result<std::size_t> write(std::string_view text) const { return checked()->write(text); }
  /// The same for two pieces, in one system call where that is possible.
  result<std::size_t> write(std::string_view first, std::string_view second) const {
    return checked()->write(first, second);
  }

  /// Ends the connection, and all waiting on it. Never parks. Returns: an error that wraps net::closed when it was before.
  error close() const { return checked()->close(); }
  /// Lets the peer know that nothing more comes.
  error close_write() const { return checked()->close_write(); }
  error close_read() const { return checked()->close_read(); }

  /// From `t` on, reads and writes fail with a timeout, those that wait as well as later ones; a zero time point ends that.
  /// Never parks.
  template <class Clock, class Duration>
  error set_deadline(std::chrono::time_point<Clock, Duration> t) const {
    const std::int64_t when = deadline_ns(t);
    error err = checked()->set_read_deadline(when);
    return err != nil ? err : stream_->set_write_deadline(when);
  }
  template <class Clock, class Duration>
  error set_read_deadline(std::chrono::time_point<Clock, Duration> t) const {
    return checked()->set_read_deadline(deadline_ns(t));
  }
  template <class Clock, class Duration>
  error set_write_deadline(std::chrono::time_point<Clock, Duration> t) const {
    return checked()->set_write_deadline(deadline_ns(t));
  }

  addr local_addr() const { return checked()->local_addr(); }
  addr remote_addr() const { return checked()->remote_addr(); }

  /// What stands behind the handle, as a smart pointer's get(); nullptr for nil.
  stream* behind() const noexcept { return stream_; }

  friend bool operator==(const conn& a, const conn& b) noexcept { return a.stream_ == b.stream_; }
  friend bool operator==(const conn& c, std::nullptr_t) noexcept { return c.stream_ == nullptr; }

 private:
  stream* checked() const {
    if (stream_ == nullptr) [[unlikely]] used_nil();
    return stream_;
  }
  [[noreturn]] static void used_nil();

  stream* stream_ = nullptr;
};

/// Returns: a connection whose first reads give `prefix`, which was read from `c` already; closing it closes `c`.
conn with_prefix(conn c, std::string prefix);

}  // namespace warren::net

template <>
struct std::hash<warren::net::conn> {
  std::size_t operator()(const warren::net::conn& c) const noexcept { return std::hash<const void*>{}(c.behind()); }
};
