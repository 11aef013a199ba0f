// SPDX-License-Identifier: MIT
#include "exchange.hpp"

#include <gtest/gtest.h>

#include "../net/network.hpp"
#include "conversation.hpp"

namespace warren::tests {

namespace {

constexpr std::string_view greeting = "good morning";

void answer(http::response_writer& w, http::request& r) {
  if (r.method == "GET") {
    w.write(greeting);
    return;
  }
  const auto [text, err] = read_all(r.body);
  if (err == nil)
    w.write(text);
  else
    w.write_header(400);
}

std::string told(const result<http::response>& r, std::string_view wanted) {
  const auto& [res, err] = r;
  if (err != nil) return err.message();
  auto [text, failed] = read_all(res.body());
  if (failed != nil) return failed.message();
  if (res.status_code() == 200 && text == wanted) return "";
  return std::string(res.status_code() == 200 ? wrong_answer : "") + res.status() + ", " +
         std::to_string(text.size()) + " bytes";
}

}  // namespace

echo_server::echo_server() {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  url_ = "http://" + to_string(l.addr()) + "/";
  server_.error_log = [](std::string_view) {};
  server_.handler = answer;
  go([this, l] { ended_.send(server_.serve(l)); });
  // Faults that come now find it serving.
  http::client first;
  first.transport = http::transport(http::transport_options{});
  EXPECT_EQ(get(first, url_), "");
  first.close_idle();
}

echo_server::~echo_server() {
  server_.close();
  EXPECT_EQ(server_.shutdown(context::background()), nil);
  EXPECT_EQ(ended_.recv(), http::server_closed);
}

std::string post(const http::client& c, const std::string& url, std::size_t bytes) {
  const std::string text = alphabet(bytes);
  return told(c.post(url, "text/plain", text), text);
}

std::string get(const http::client& c, const std::string& url, const context& ctx) {
  return told(c.do_(must(http::new_request(ctx, "GET", url))), greeting);
}

}  // namespace warren::tests
