// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string_view>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../net/listener.hpp"
#include "conn_state.hpp"
#include "handler.hpp"
#include "request_keys.hpp"
#include "server_error.hpp"
#include "server_settings.hpp"

namespace warren::http {

class server_core;

/// An HTTP/1.1 server. The fields are set before serving begins; those that are not are good for the open internet.
///
/// A request's context is canceled when its client disconnects, when the handler returns, and when the server is closed.
/// Several serve() may go on at a time. The destructor does what close() does; handlers that still run go on.
/// Source: Go net/http.Server.
class server : public server_settings {
 public:
  server();
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Listens on `addr` and serves. Parks: until that ends. Returns: why, never nil; server_closed after shutdown() or
  /// close().
  warren::error listen_and_serve();
  warren::error listen_and_serve_tls(std::string_view cert_file, std::string_view key_file);

  /// Serves what the listener accepts, and closes the listener at the end. Parks, Returns: as listen_and_serve().
  warren::error serve(net::listener l);
  warren::error serve_tls(net::listener l, std::string_view cert_file, std::string_view key_file);

  /// Ends serving gently: closes the listeners and what is idle, and waits until all requests have been answered. What
  /// was hijacked is not waited for. Parks: until then, or `ctx` is done. Returns: nil, or why `ctx` is done; what runs
  /// then goes on.
  warren::error shutdown(const context& ctx);

  /// Ends serving at once: closes listeners and connections, which cancels the contexts of their requests. Returns: the
  /// first error of a listener's close.
  warren::error close();

  /// Is called in a goroutine of its own when shutdown() begins: to end what was hijacked.
  void register_on_shutdown(std::function<void()> f);

  /// False: each connection is closed after its answer; idle ones at once.
  void set_keep_alives_enabled(bool on);

 private:
  server_core* core_;
};

/// Serves HTTP on `addr` with `h`; nil: the default mux. Parks: until that fails. Returns: why, never nil.
warren::error listen_and_serve(std::string_view addr, handler_func h);
warren::error listen_and_serve_tls(std::string_view addr, std::string_view cert_file, std::string_view key_file,
                           handler_func h);

/// Serves HTTP on what `l` accepts. Parks, Returns: as listen_and_serve().
warren::error serve(net::listener l, handler_func h);

}  // namespace warren::http
