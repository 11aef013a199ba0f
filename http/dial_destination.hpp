// SPDX-License-Identifier: MIT
#pragma once

#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "../net/conn.hpp"
#include "client_connection.hpp"
#include "transport_options.hpp"

namespace warren::http {

/// Connects to a destination within the transport's limits of time, and makes the session where it is a secure one.
/// Parks: until then or `ctx` is done.
result<net::conn> dial_destination(const transport_options& o, const context& ctx, const destination& to);

}  // namespace warren::http
