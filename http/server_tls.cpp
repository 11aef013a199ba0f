// SPDX-License-Identifier: MIT
#include <string>
#include <utility>

#include "server.hpp"
#include "server_core.hpp"
#include "tls.hpp"

namespace warren::http {

warren::error server::listen_and_serve_tls(std::string_view cert_file, std::string_view key_file) {
  if (core_->is_ending()) return server_closed;
  auto [l, err] = net::listen("tcp", addr.empty() ? ":443" : addr);
  return err != nil ? err : serve_tls(std::move(l), cert_file, key_file);
}

warren::error server::serve_tls(net::listener l, std::string_view cert_file, std::string_view key_file) {
  auto [certificate, err] = tls_certificate::load(std::string(cert_file), std::string(key_file));
  if (err != nil) {
    l.close();
    return err;
  }
  tls_config config;
  config.certificate = std::move(certificate);
  return serve(tls_listener(std::move(l), std::move(config)));
}

warren::error listen_and_serve_tls(std::string_view addr, std::string_view cert_file, std::string_view key_file,
                                   handler_func h) {
  server s;
  s.addr = addr;
  s.handler = std::move(h);
  return s.listen_and_serve_tls(cert_file, key_file);
}

}  // namespace warren::http
