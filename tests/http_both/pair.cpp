// SPDX-License-Identifier: MIT
#include "pair.hpp"

#include <algorithm>

namespace warren::tests {

using namespace std::chrono_literals;

http::tls_config trusting_config() {
  static const http::tls_roots roots = http::tls_roots::parse(the_authority().certificate()).value();
  return {.roots = roots};
}

namespace {

http::tls_config server_config() {
  static const pem_pair pems = the_authority().issue();
  return {.certificate = http::tls_certificate::parse(pems.certificate, pems.key).value()};
}

http::transport transport_over(over what, http::transport_options o) {
  if (what == over::tls && o.tls.roots == nil) o.tls.roots = trusting_config().roots;
  return http::transport(std::move(o));
}

}  // namespace

pair::pair(http::handler_func h, over what, http::transport_options o)
    : pair([](http::server&) {}, std::move(h), what, std::move(o)) {}

pair::pair(const std::function<void(http::server&)>& prepare, http::handler_func h, over what,
           http::transport_options o) {
  server.error_log = [](std::string_view) {};
  prepare(server);
  client.transport = transport_over(what, std::move(o));
  start(std::move(h), what);
}

void pair::start(http::handler_func h, over what) {
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  ASSERT_EQ(err, nil) << err;
  listener_ = l;
  base_ = (what == over::tls ? "https://" : "http://") + address();
  server.handler = std::move(h);
  server.on_conn_state = [this](const net::conn&, http::conn_state s) {
    if (s == http::conn_state::fresh) {
      accepted_.fetch_add(1, std::memory_order_relaxed);
      open_.fetch_add(1, std::memory_order_relaxed);
    } else if (s == http::conn_state::closed || s == http::conn_state::hijacked) {
      open_.fetch_sub(1, std::memory_order_relaxed);
    }
  };
  const net::listener served = what == over::tls ? http::tls_listener(l, server_config()) : l;
  go([this, served] { ended_.send(server.serve(served)); });
}

pair::~pair() {
  client.close_idle();
  server.close();
  server.shutdown(context::background());
  if (!over_) served();
}

std::string answer_to(const http::client& c, const http::request& r) {
  auto [res, err] = c.do_(r);
  if (err != nil) return "error: " + err.message();
  auto [text, read_err] = read_all(res.body());
  if (read_err != nil) return "error: " + read_err.message();
  return std::to_string(res.status_code()) + " " + text;
}

std::string fetch(const http::client& c, const std::string& url) {
  return answer_to(c, http::new_request("GET", url).value());
}

std::string why(const error& err) {
  const auto* e = errors::as<http::url_error>(err);
  return e == nullptr ? err.message() : e->unwrap().message();
}

bool soon(const std::function<bool()>& holds) {
  for (int i = 0; i < 5000; ++i) {
    if (holds()) return true;
    sleep(1ms);
  }
  return holds();
}

result<std::size_t> letters::read(std::span<char> to) {
  const std::int64_t begin = given();
  const std::int64_t n = std::min<std::int64_t>(size_ - begin, static_cast<std::int64_t>(to.size()));
  if (n == 0 && !to.empty()) return {0, net::eof};
  for (std::int64_t i = 0; i < n; ++i) to[static_cast<std::size_t>(i)] = at(begin + i);
  given_.store(begin + n, std::memory_order_relaxed);
  return {static_cast<std::size_t>(n), nil};
}

bool are_letters(std::string_view text, std::int64_t size) {
  if (static_cast<std::int64_t>(text.size()) != size) return false;
  for (std::int64_t i = 0; i < size; ++i) {
    if (text[static_cast<std::size_t>(i)] != letters::at(i)) return false;
  }
  return true;
}

}  // namespace warren::tests
