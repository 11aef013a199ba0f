// SPDX-License-Identifier: MIT
#include "scripted_server.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <mutex>
#include <utility>

namespace warren::tests {

namespace {

/// The value of a field, empty if there is none. Names as this project's client writes them.
std::string_view field(std::string_view head, std::string_view name) {
  const std::string line = "\r\n" + std::string(name) + ": ";
  const std::size_t at = head.find(line);
  if (at == std::string_view::npos) return {};
  const std::string_view value = head.substr(at + line.size());
  return value.substr(0, value.find("\r\n"));
}

/// Nothing comes behind it, and the data has no such lines.
bool has_last_chunk(std::string_view chunks) {
  if (!chunks.ends_with("\r\n\r\n")) return false;
  return chunks.starts_with("0\r\n") || chunks.find("\r\n0\r\n") != std::string_view::npos;
}

}  // namespace

bool peer::read_more() {
  char room[4096];
  const auto [n, err] = conn.read(room);
  rest_.append(room, n);
  return err == nullptr;
}

std::string peer::read_head() {
  std::size_t end;
  while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return {};
  }
  std::string head = rest_.substr(0, end + 4);
  rest_.erase(0, end + 4);
  return head;
}

std::string peer::read_exactly(std::size_t n) {
  while (rest_.size() < n) {
    if (!read_more()) break;
  }
  std::string got = rest_.substr(0, n);
  rest_.erase(0, n);
  return got;
}

std::string peer::read_body(std::string_view head) {
  if (field(head, "Transfer-Encoding") != "chunked") {
    return read_exactly(std::strtoull(std::string(field(head, "Content-Length")).c_str(), nullptr, 10));
  }
  while (!has_last_chunk(rest_)) {
    if (!read_more()) break;
  }
  return std::exchange(rest_, {});
}

std::string peer::read_to_end() {
  while (read_more()) {
  }
  return std::exchange(rest_, {});
}

scripted_server::scripted_server(script s) : script_(std::move(s)) {
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  EXPECT_EQ(err, nullptr);
  listener_ = std::move(l);
  all_.go([this] { accept_all(); });
}

scripted_server::~scripted_server() {
  listener_.close();
  {
    const std::lock_guard guard(mutex_);
    closing_ = true;
    for (const net::conn& c : conns_) c.close();
  }
  all_.wait();
}

std::string scripted_server::address() const { return to_string(listener_.addr()); }

std::string scripted_server::url(std::string_view path) const { return "http://" + address() + std::string(path); }

int scripted_server::connections() {
  const std::lock_guard guard(mutex_);
  return static_cast<int>(conns_.size());
}

void scripted_server::accept_all() {
  for (;;) {
    auto [c, err] = listener_.accept();
    if (err != nullptr) return;
    const std::lock_guard guard(mutex_);
    if (closing_) return;
    const int number = static_cast<int>(conns_.size());
    conns_.push_back(c);
    all_.go([this, c, number] { serve(c, number); });
  }
}

void scripted_server::serve(net::conn c, int number) {
  peer p(std::move(c), number);
  script_(p);
  p.conn.close();
}

scripted_server::script answer_all(std::string text) {
  return [text = std::move(text)](peer& p) {
    for (std::string head; !(head = p.read_head()).empty();) {
      p.read_body(head);
      if (!p.send(text)) return;
    }
  };
}

std::string ok(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace warren::tests
