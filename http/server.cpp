// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <memory>
#include <utility>

#include "../runtime/defer.hpp"
#include "accept_loop.hpp"
#include "close_quietly.hpp"
#include "server_core.hpp"
#include "service.hpp"

namespace warren::http {

server::server() : core_(new server_core) {}

server::~server() {
  core_->close();
  core_->release();
}

warren::error server::listen_and_serve() {
  if (core_->is_ending()) return server_closed;
  auto [l, err] = net::listen("tcp", addr.empty() ? ":80" : addr);
  return err != nil ? err : serve(std::move(l));
}

warren::error server::serve(net::listener l) {
  // The server may be gone when this returns: its destructor ends the loop.
  server_core* const core = core_;
  core->retain();
  const defer let_core_go = [core] { core->release(); };
  const defer end_listening = [&l] {
    if (l != nil) close_quietly(l);
  };
  auto* const s = new service(*this, this, *core, l);
  const defer let_service_go = [s] { s->release(); };
  if (!core->add(l)) return server_closed;
  const defer take_out = [core, &l] { core->remove(l); };
  return accept_loop(*s, l);
}

warren::error server::shutdown(const context& ctx) { return core_->shutdown(ctx); }

warren::error server::close() { return core_->close(); }

void server::register_on_shutdown(std::function<void()> f) { core_->on_shutdown(std::move(f)); }

void server::set_keep_alives_enabled(bool on) { core_->set_keep_alives(on); }

warren::error listen_and_serve(std::string_view addr, handler_func h) {
  server s;
  s.addr = addr;
  s.handler = std::move(h);
  return s.listen_and_serve();
}

warren::error serve(net::listener l, handler_func h) {
  server s;
  s.handler = std::move(h);
  return s.serve(std::move(l));
}

}  // namespace warren::http
