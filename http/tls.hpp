// SPDX-License-Identifier: MIT
#pragma once

#include <optional>

#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "../net/conn.hpp"
#include "../net/listener.hpp"
#include "tls_config.hpp"
#include "tls_state.hpp"

// TLS over any conn: both sides of `https`. A session is a conn again: it reads, writes, has deadlines and closes as the
// conn below it does.

namespace warren::http {

/// Makes a client's session over a conn: the handshake is done, and the certificate checked against `server_name`, when it
/// returns. On failure, and when `ctx` is cancelled before that, the conn below is closed. Afterwards `ctx` is not looked at
/// any more.
/// Parks: yes. Returns: the session, or Go's error: `tls: failed to verify certificate: x509: certificate signed by unknown
/// authority`, `tls: first record does not look like a TLS handshake`, the context's, or what the conn below gave.
/// Source: Go tls.Client and Conn.HandshakeContext.
result<net::conn> tls_client(context ctx, net::conn under, const tls_config& config);

/// Makes a server's session over a conn. The handshake comes with the first read or write, under the deadlines in force
/// then. A peer that speaks plain HTTP is told so, and its read gives a tls_record_header_error. Source: Go tls.Server.
net::conn tls_server(net::conn under, const tls_config& config);

/// Wraps each conn that is accepted as tls_server does. Source: Go tls.NewListener.
net::listener tls_listener(net::listener under, tls_config config);

/// Returns: nothing for a conn that is not a session, or whose handshake is not done.
std::optional<tls_state> state_of_tls(const net::conn& c);

}  // namespace warren::http
