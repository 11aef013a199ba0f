// SPDX-License-Identifier: MIT
#pragma once

// A server and a client of ours for one test, over TCP or over TLS.

#include <warren/warren.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "../tls/certificates.hpp"
#include "test.hpp"

namespace warren::tests {

enum class over { tcp, tls };

/// The roots that the servers' certificates lead to.
http::tls_config trusting_config();

/// From its beginning to its end the server serves; then it is closed, and the client keeps nothing.
class pair {
 public:
  explicit pair(http::handler_func h, over what = over::tcp, http::transport_options o = {});
  /// `prepare` sets the fields of the server before it serves.
  pair(const std::function<void(http::server&)>& prepare, http::handler_func h, over what = over::tcp,
       http::transport_options o = {});
  ~pair();
  pair(const pair&) = delete;
  pair& operator=(const pair&) = delete;

  std::string url(std::string_view path = "/") const { return base_ + std::string(path); }
  std::string address() const { return to_string(listener_.addr()); }
  /// How many connections the server has accepted, and how many of them are not closed yet.
  int accepted() const { return accepted_.load(std::memory_order_relaxed); }
  int open() const { return open_.load(std::memory_order_relaxed); }
  /// What serve() has returned, once.
  error served() { over_ = true; return ended_.recv(); }

  http::server server;
  http::client client;

 private:
  void start(http::handler_func h, over what);

  net::listener listener_;
  std::string base_;
  std::atomic<int> accepted_{0};
  std::atomic<int> open_{0};
  chan<error> ended_ = make_chan<error>(1);
  bool over_ = false;
};

/// Sends it and reads the answer. Returns: `STATUS BODY`, or `error: ` and why not.
std::string answer_to(const http::client& c, const http::request& r);
/// The same for a GET.
std::string fetch(const http::client& c, const std::string& url);
/// The error without the URL.
std::string why(const error& err);

/// Waits until it holds, for five seconds at most. Returns: whether it does.
bool soon(const std::function<bool()>& holds);

/// `size` bytes of which each place has its own letter; a length that is told beforehand only if that is wished.
class letters : public http::body_source {
 public:
  letters(std::int64_t size, bool told) noexcept : size_(size), told_(told) {}

  static char at(std::int64_t place) noexcept { return static_cast<char>('a' + place % 23); }

  result<std::size_t> read(std::span<char> to) override;
  error close() override { return nil; }
  std::int64_t length() const override { return told_ ? size_ : -1; }
  std::int64_t given() const noexcept { return given_.load(std::memory_order_relaxed); }

 private:
  const std::int64_t size_;
  const bool told_;
  std::atomic<std::int64_t> given_{0};
};

/// Whether the text is what `letters` of that size gives.
bool are_letters(std::string_view text, std::int64_t size);

}  // namespace warren::tests
