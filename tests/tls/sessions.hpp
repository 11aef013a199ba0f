// SPDX-License-Identifier: MIT
#pragma once

// Both ends of TLS sessions for tests: over sockets, over pipes.

#include <warren/http/tls.hpp>
#include <warren/net/dial.hpp>
#include <warren/net/listener.hpp>
#include <warren/net/net_error.hpp>
#include <warren/net/pipe.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "certificates.hpp"

namespace warren::tests {

inline http::tls_config server_config(const pem_pair& pair) {
  auto [certificate, err] = http::tls_certificate::parse(pair.certificate, pair.key);
  EXPECT_EQ(err, nil) << err;
  return {.certificate = certificate};
}

inline http::tls_config server_config() {
  static const http::tls_config config = server_config(the_authority().issue());
  return config;
}

inline http::tls_config client_config(const std::string& server_name = "localhost") {
  static const http::tls_roots roots = http::tls_roots::parse(the_authority().certificate()).value();
  return {.roots = roots, .server_name = server_name};
}

using conns = std::pair<net::conn, net::conn>;

/// A connection between sockets of this machine.
inline conns socket_pair() {
  auto [l, lerr] = net::listen("tcp", "127.0.0.1:0");
  EXPECT_EQ(lerr, nil) << lerr;
  auto [a, derr] = net::dial("tcp", to_string(l.addr()));
  EXPECT_EQ(derr, nil) << derr;
  auto [b, aerr] = l.accept();
  EXPECT_EQ(aerr, nil) << aerr;
  return {a, b};
}

/// A server that begins with its first read or write, and a client whose handshake is to come.
struct ends {
  net::conn client_below;
  net::conn server;

  explicit ends(const conns& below, const http::tls_config& config = server_config())
      : client_below(below.first), server(http::tls_server(below.second, config)) {}

  result<net::conn> client(const http::tls_config& config = client_config(),
                           const context& ctx = context::background()) const {
    return http::tls_client(ctx, client_below, config);
  }
};

/// Reads to the end, or until something goes wrong.
inline std::pair<std::string, error> read_to_end(const net::conn& c) {
  std::string all;
  char room[16 * 1024];
  for (;;) {
    auto [n, err] = c.read(room);
    all.append(room, n);
    if (err != nil) return {std::move(all), err};
  }
}

/// Reads until something goes wrong, which is returned.
inline error read_until_error(const net::conn& c) { return read_to_end(c).second; }

}  // namespace warren::tests
