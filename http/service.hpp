// SPDX-License-Identifier: MIT
#pragma once

// What one call of serve() serves with: the fields of the server as they were then. Connections share it, so a server may
// be destroyed, or served again with other fields, while requests are still being answered.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "../context/context.hpp"
#include "../net/listener.hpp"
#include "head_parser.hpp"
#include "server_settings.hpp"

namespace warren::http {

class server;
class server_core;

class service {
 public:
  /// Shares the core. Calls the server's base_context. `by` is a value of what that returns, and not looked at.
  service(const server_settings& of, server* by, server_core& core, const net::listener& l);
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what others did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  /// Writes a line to the server's log.
  void log(std::string_view line) const;

  // Durations in ns; 0: without end.
  const std::int64_t header_timeout;
  const std::int64_t read_timeout;
  const std::int64_t write_timeout;
  const std::int64_t idle_timeout;
  const head_limits limits;
  const on_half_close half_close;
  const bool cancel_on_unread_body;
  const std::size_t max_conns;
  const handler_func handler;
  const std::function<void(std::string_view)> error_log;
  const std::function<context(context, const net::conn&)> conn_context;
  const std::function<void(const net::conn&, conn_state)> on_conn_state;
  server_core& core;
  context base;  ///< with the server in it

 private:
  ~service();

  std::atomic<std::uint32_t> handles_{1};
};

}  // namespace warren::http
