// SPDX-License-Identifier: MIT
#include "service.hpp"

#include <array>
#include <ctime>

#include "../runtime/clock.hpp"
#include "../runtime/print.hpp"
#include "request_keys.hpp"
#include "server_core.hpp"

namespace warren::http {

namespace {

std::int64_t limit_of(clock::duration d, clock::duration if_zero) {
  const clock::duration chosen = d == clock::duration::zero() ? if_zero : d;
  return chosen > clock::duration::zero() ? chosen.count() : 0;
}

context base_of(const server_settings& of, const net::listener& l) {
  if (of.base_context == nullptr) return context::background();
  context base = of.base_context(l);
  if (base == nil) panic("BaseContext returned a nil context");
  return base;
}

/// As Go's log package begins its lines: `2009/11/10 23:00:00`.
std::string date_and_time() {
  const std::time_t now = runtime::wall_ns() / 1'000'000'000;
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::array<char, 32> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y/%m/%d %H:%M:%S", &parts));
}

}  // namespace

service::service(const server_settings& of, server* by, server_core& shared, const net::listener& l)
    : header_timeout(limit_of(of.read_header_timeout, of.read_timeout)),
      read_timeout(limit_of(of.read_timeout, {})),
      write_timeout(limit_of(of.write_timeout, {})),
      idle_timeout(limit_of(of.idle_timeout, of.read_timeout)),
      limits{.max_bytes = of.max_header_bytes != 0 ? of.max_header_bytes : head_limits{}.max_bytes},
      half_close(of.half_close),
      cancel_on_unread_body(of.cancel_on_unread_body),
      max_conns(of.max_conns),
      handler(of.handler),
      error_log(of.error_log),
      conn_context(of.conn_context),
      on_conn_state(of.on_conn_state),
      core(shared),
      base(context::with_value(base_of(of, l), server_key, by)) {
  core.retain();
}

service::~service() { core.release(); }

void service::log(std::string_view line) const {
  if (error_log != nullptr) error_log(line);
  else eprintln(date_and_time(), line);
}

}  // namespace warren::http
