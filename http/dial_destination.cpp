// SPDX-License-Identifier: MIT
#include "dial_destination.hpp"

#include <string>
#include <utility>

#include "../net/dial.hpp"
#include "../net/host_port.hpp"
#include "scheme_mismatch.hpp"
#include "timeout_error.hpp"
#include "tls.hpp"

namespace warren::http {

namespace {

/// A child that ends after `limit`, or the context itself when that is none.
std::pair<context, cancel_func> limited(const context& ctx, clock::duration limit) {
  if (limit.count() <= 0) return {ctx, nil};
  return context::with_timeout(ctx, limit);
}

/// Disarms a deadline that is not needed any more.
struct end_of_limit {
  cancel_func cancel;
  ~end_of_limit() {
    if (cancel != nil) cancel();
  }
};

result<net::conn> connect(const transport_options& o, const context& ctx, std::string_view address) {
  const auto [dial_ctx, cancel] = limited(ctx, o.dial_timeout);
  const end_of_limit end{cancel};
  if (o.dial == nullptr) return net::dial(dial_ctx, "tcp", address);
  auto dialed = o.dial(dial_ctx, "tcp", address);
  if (dialed.err() == nil && dialed.value() == nil) {
    return {nil, errors::make("net/http: transport_options::dial returned (nil, nil)")};
  }
  return dialed;
}

bool speaks_plain_http(const warren::error& err) {
  const auto* not_tls = errors::as<tls_record_header_error>(err);
  return not_tls != nullptr && not_tls->header() == "HTTP/";
}

result<net::conn> secured(const transport_options& o, const context& ctx, net::conn plain, std::string_view address) {
  tls_config config = o.tls;
  if (config.server_name.empty()) config.server_name = net::split_host_port(address).value().host;
  const auto [tls_ctx, cancel] = limited(ctx, o.tls_handshake_timeout);
  const end_of_limit end{cancel};
  auto session = tls_client(tls_ctx, std::move(plain), config);
  if (session.err() != nil && ctx.err() == nil && tls_ctx.err() != nil) {
    return {nil, timeout_error("net/http: TLS handshake timeout")};
  }
  if (speaks_plain_http(session.err())) return {nil, scheme_mismatch};
  return session;
}

}  // namespace

result<net::conn> dial_destination(const transport_options& o, const context& ctx, const destination& to) {
  auto dialed = connect(o, ctx, to.address());
  if (dialed.err() != nil || !to.secure()) return dialed;
  return secured(o, ctx, std::move(dialed.value()), to.address());
}

}  // namespace warren::http
