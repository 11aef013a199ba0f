// SPDX-License-Identifier: MIT
#include "serving.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <warren/net/net_error.hpp>
#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/sockets.hpp>

namespace warren::tests {

using namespace std::chrono_literals;

// --- the server

void serving::start(http::handler_func h) {
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  ASSERT_EQ(err, nil) << err;
  address_ = to_string(l.addr());
  server.handler = std::move(h);
  if (server.error_log == nullptr) server.error_log = log.sink();
  go([this, l = l] { ended_.send(server.serve(l)); });
}

error serving::wait() {
  over_ = true;
  return ended_.recv();
}

serving::~serving() {
  if (address_.empty()) return;
  server.close();
  server.shutdown(context::background());  // handlers and hooks refer to what is about to go
  if (!over_) wait();
}

// --- pipes

result<net::conn> pipes::accept() {
  auto [c, ok] = ends.recv_ok();
  return {c, ok ? error() : error(net::closed)};
}

error pipes::close() {
  if (!std::exchange(closed_, true)) ends.close();
  return nil;
}

// --- answers

int answer::status() const {
  return status_line.size() < 12 ? 0 : std::atoi(status_line.substr(9, 3).c_str());
}

std::string answer::field(std::string_view name) const {
  for (const auto& [n, v] : fields) {
    if (n == name) return v;
  }
  return {};
}

bool answer::has(std::string_view name) const {
  for (const auto& [n, v] : fields) {
    if (n == name) return true;
  }
  return false;
}

// --- the client

wire::wire(const std::string& address) {
  auto [c, err] = net::dial("tcp", address);
  EXPECT_EQ(err, nil) << err;
  c_ = c;
  if (c_ != nil) c_.set_read_deadline(clock::now() + 10s);
}

void wire::send(std::string_view text) { c_.write(text); }

void wire::reset() {
  using namespace runtime;
  c_.behind()->descriptor()->with_file([](int file) { return sys::set_option(file, sys::socket_option::linger, 0); });
  c_.close();
}

bool wire::more() {
  if (ended_) return false;
  std::array<char, 16384> room;
  const auto [n, err] = c_.read(room);
  buffer_.append(room.data(), n);
  ended_ = err != nil;
  EXPECT_FALSE(errors::is_timeout(err)) << "nothing came for 10 s";
  return !ended_;
}

std::string wire::line() {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (!more()) return {};
  }
  std::string text = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return text;
}

std::string wire::take(std::size_t n) {
  while (buffer_.size() < n && more()) {
  }
  std::string text = buffer_.substr(0, n);
  buffer_.erase(0, text.size());
  return text;
}

answer wire::read(bool head_only) {
  const auto read_fields = [this](auto& to) {
    for (std::string l = line(); !l.empty(); l = line()) {
      const std::size_t colon = l.find(": ");
      to.emplace_back(l.substr(0, colon), colon == std::string::npos ? "" : l.substr(colon + 2));
    }
  };
  answer a;
  a.status_line = line();
  if (a.status_line.empty()) return a;
  read_fields(a.fields);
  const int status = a.status();
  if (head_only || status < 200 || status == 204 || status == 304) return a;
  if (a.field("Transfer-Encoding") == "chunked") {
    a.chunked = true;
    for (;;) {
      const std::size_t size = std::strtoul(line().c_str(), nullptr, 16);
      if (size == 0) break;
      a.body += take(size);
      EXPECT_EQ(take(2), "\r\n");
    }
    read_fields(a.trailers);
  } else if (a.has("Content-Length")) {
    a.body = take(std::strtoul(a.field("Content-Length").c_str(), nullptr, 10));
  } else {
    a.body = rest();
  }
  return a;
}

std::string wire::rest() {
  while (more()) {
  }
  return std::exchange(buffer_, {});
}

bool wire::at_end() {
  if (!buffer_.empty()) return false;
  more();
  return buffer_.empty() && ended_;
}

bool wire::expect(std::string_view text) { return take(text.size()) == text; }

answer ask(const std::string& address, std::string_view text, bool head_only) {
  wire w(address);
  w.send(text);
  return w.read(head_only);
}

bool eventually(const std::function<bool()>& is_so) {
  const auto end = clock::now() + 5s;
  while (!is_so()) {
    if (clock::now() > end) return false;
    sleep(1ms);
  }
  return true;
}

}  // namespace warren::tests
