// SPDX-License-Identifier: MIT
#include "tls.hpp"

#include <utility>

#include "../net/acceptor.hpp"
#include "tls_session.hpp"

namespace warren::http {

namespace {

/// The session behind the conn, for as long as that.
tls_session* session_of(const net::conn& c) noexcept { return dynamic_cast<tls_session*>(c.behind()); }

class tls_acceptor final : public net::acceptor {
 public:
  tls_acceptor(net::listener under, tls_config config) : under_(std::move(under)), config_(std::move(config)) {}

  result<net::conn> accept() override {
    auto [c, err] = under_.accept();
    if (err != nil) return {nil, err};
    return {tls_server(std::move(c), config_), nil};
  }
  warren::error close() override { return under_.close(); }
  net::addr address() const override { return under_.addr(); }
  warren::error set_deadline(std::int64_t when) override { return under_.behind()->set_deadline(when); }
  runtime::descriptor* descriptor() noexcept override { return under_.behind()->descriptor(); }

 private:
  const net::listener under_;
  const tls_config config_;
};

warren::error handshake(const context& ctx, const net::conn& under, const net::conn& session) {
  if (ctx.err() != nil) return ctx.err();
  if (ctx.done() == nil) return session_of(session)->handshake();
  const context::stop_func stop = context::after_func(ctx, [under] { under.close(); });
  warren::error err = session_of(session)->handshake();
  // What it ended for is said by the context.
  if (!stop()) return ctx.err();
  return err;
}

}  // namespace

result<net::conn> tls_client(context ctx, net::conn under, const tls_config& config) {
  net::conn session(new tls_session(under, tls_engine::side::client, config));
  if (warren::error err = handshake(ctx, under, session); err != nil) {
    under.close();
    return {nil, std::move(err)};
  }
  return {std::move(session), nil};
}

net::conn tls_server(net::conn under, const tls_config& config) {
  return net::conn(new tls_session(std::move(under), tls_engine::side::server, config));
}

net::listener tls_listener(net::listener under, tls_config config) {
  return net::listener(new tls_acceptor(std::move(under), std::move(config)));
}

std::optional<tls_state> state_of_tls(const net::conn& c) {
  tls_session* s = session_of(c);
  return s != nullptr ? s->state() : std::nullopt;
}

}  // namespace warren::http
