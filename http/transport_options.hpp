// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string_view>

#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "../net/conn.hpp"
#include "../runtime/clock.hpp"
#include "tls_config.hpp"

namespace warren::http {

/// The limits of a transport, and how it connects. A duration of 0 is no limit, and so is a number of 0 but that of idle
/// connections a host. Source: Go net/http.Transport.
struct transport_options {
  std::size_t max_idle_conns = 100;         ///< of all hosts together; beyond it the one idle longest is closed
  std::size_t max_idle_conns_per_host = 2;  ///< a connection that finds no place is closed after its response
  std::size_t max_conns_per_host = 0;       ///< idle, busy and being dialed; requests beyond it wait in line
  bool disable_keep_alives = false;         ///< a connection for every request

  clock::duration dial_timeout = std::chrono::seconds(30);  ///< name look-up included
  clock::duration tls_handshake_timeout = std::chrono::seconds(10);
  clock::duration idle_conn_timeout = std::chrono::seconds(90);
  clock::duration response_header_timeout{0};  ///< from the end of the request to the head of its response
  /// How long a request with `Expect: 100-continue` holds its body back; 0: not at all.
  clock::duration expect_continue_timeout = std::chrono::seconds(1);

  /// Of the head of a response, together with the informational ones before it.
  std::size_t max_response_header_bytes = std::size_t{10} << 20;

  tls_config tls{};  ///< for `https`; an empty server_name stands for the URL's host

  /// Connects to "host:port"; nil: net::dial. The context tells when to give up. For `https` the session is made over
  /// what it returns.
  std::function<result<net::conn>(const context&, std::string_view network, std::string_view address)> dial{};
};

}  // namespace warren::http
