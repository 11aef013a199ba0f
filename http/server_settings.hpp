// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "../context/context.hpp"
#include "../net/conn.hpp"
#include "../net/listener.hpp"
#include "../runtime/clock.hpp"
#include "conn_state.hpp"
#include "handler.hpp"

namespace warren::http {

/// What it means that a client closes its sending side while its request is answered.
enum class on_half_close : std::uint8_t {
  cancel,  ///< it has gone, as in Go: the request's context is canceled
  ignore,  ///< it waits for the answer
};

/// The fields of a server.
struct server_settings {
  /// Where listen_and_serve() listens, ":http" (or ":https") when empty.
  std::string addr;
  /// nil: the default mux.
  handler_func handler;

  /// How long the head of a request may take, from its first byte (on a new connection: from the beginning);
  /// 0: as read_timeout; negative: for ever, as with the others.
  clock::duration read_header_timeout = std::chrono::seconds(10);
  /// How long a whole request may take, its body included; 0: for ever.
  clock::duration read_timeout{0};
  /// How long the answer may take, from the end of the request's head; 0: for ever.
  clock::duration write_timeout{0};
  /// How long a connection waits for the next request; 0: as read_timeout.
  clock::duration idle_timeout = std::chrono::seconds(120);
  /// How much of a request line and fields is taken; 0: 64 KiB.
  std::size_t max_header_bytes = 64 * 1024;

  on_half_close half_close = on_half_close::cancel;
  /// Whether a disconnect cancels a request whose body has not been read to its end. Go does not look before that, so a
  /// failing read or write has to tell; this looks at once.
  bool cancel_on_unread_body = false;
  /// How many connections may be open; more are left to wait in the listener. 0: any number.
  std::size_t max_conns = 0;

  /// Is given lines of text without their end, from any goroutine; nil: standard error, with date and time before each.
  std::function<void(std::string_view)> error_log;
  /// Makes the context that all requests of a listener are below; nil: the background.
  std::function<context(const net::listener&)> base_context;
  /// Makes the context that all requests of a connection are below, from that.
  std::function<context(context, const net::conn&)> conn_context;
  /// Is told of each step in a connection's life, by the goroutine that makes it. shutdown() waits until the last step has
  /// been told, so it must not wait for shutdown() itself.
  std::function<void(const net::conn&, conn_state)> on_conn_state;
};

}  // namespace warren::http
