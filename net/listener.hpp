// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "../errors/error.hpp"
#include "../errors/nil.hpp"
#include "../errors/result.hpp"
#include "acceptor.hpp"
#include "addr.hpp"
#include "conn.hpp"
#include "deadline.hpp"

namespace warren::net {

/// Waits for connections. A handle: copies share, a default one is nil, the last one closes it.
///
/// All functions may be called by several goroutines and threads at once. On a nil one all but `==` throw panic_error.
/// Source: Go net.Listener.
class listener {
 public:
  constexpr listener() noexcept = default;
  constexpr listener(std::nullptr_t) noexcept {}
  /// Takes over the caller's reference: a new acceptor has one.
  explicit listener(acceptor* owned) noexcept : acceptor_(owned) {}
  listener(const listener& other) noexcept : acceptor_(other.acceptor_) {
    if (acceptor_ != nullptr) acceptor_->retain();
  }
  listener(listener&& other) noexcept : acceptor_(std::exchange(other.acceptor_, nullptr)) {}
  listener& operator=(listener other) noexcept {
    std::swap(acceptor_, other.acceptor_);
    return *this;
  }
  ~listener() {
    if (acceptor_ != nullptr) acceptor_->release();
  }

  /// Takes the next connection.
  /// Parks: until one comes. Returns: an error for which net::is_temporary is true when the process has no descriptor
  /// left for it (the caller waits a little and tries again), one that wraps net::closed after close().
  result<conn> accept() const { return checked()->accept(); }

  /// Ends it, and all accepts that wait; the path of a Unix socket is removed. Never parks.
  error close() const { return checked()->close(); }

  /// Returns: where it listens, with the port that the system chose.
  net::addr addr() const { return checked()->address(); }

  /// From `t` on, accepts fail with a timeout; a zero time point ends that. Never parks.
  template <class Clock, class Duration>
  error set_deadline(std::chrono::time_point<Clock, Duration> t) const {
    return checked()->set_deadline(deadline_ns(t));
  }

  /// What stands behind the handle, as a smart pointer's get(); nullptr for nil.
  acceptor* behind() const noexcept { return acceptor_; }

  friend bool operator==(const listener& a, const listener& b) noexcept { return a.acceptor_ == b.acceptor_; }
  friend bool operator==(const listener& l, std::nullptr_t) noexcept { return l.acceptor_ == nullptr; }

 private:
  acceptor* checked() const {
    if (acceptor_ == nullptr) [[unlikely]] used_nil();
    return acceptor_;
  }
  [[noreturn]] static void used_nil();

  acceptor* acceptor_ = nullptr;
};

/// Listens on an address of the network: `tcp`, `tcp4` or `tcp6` with `host:port`, `unix` with a path. Without a host,
/// and for `0.0.0.0` and `::` in `tcp`, on all addresses of both families; with port 0 on one that the system chooses.
/// Parks: while a name is looked up. Returns: an op_error as `listen tcp :80: bind: address already in use`.
result<listener> listen(std::string_view network, std::string_view address);

}  // namespace warren::net

template <>
struct std::hash<warren::net::listener> {
  std::size_t operator()(const warren::net::listener& l) const noexcept {
    return std::hash<const void*>{}(l.behind());
  }
};
