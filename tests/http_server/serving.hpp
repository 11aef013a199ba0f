// SPDX-License-Identifier: MIT
#pragma once

// A server on a port of its own for one test, and a client that speaks to it byte by byte.

#include <warren/warren.hpp>
#include <warren/http/request.hpp>
#include <warren/http/response_writer.hpp>
#include <warren/http/server.hpp>
#include <warren/net/dial.hpp>
#include <warren/net/net_error.hpp>
#include <warren/net/pipe.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace warren::tests {

/// Lines that a server has logged.
class log_lines {
 public:
  std::function<void(std::string_view)> sink() {
    return [this](std::string_view line) {
      const std::lock_guard hold(mutex_);
      lines_.emplace_back(line);
    };
  }
  std::vector<std::string> lines() const {
    const std::lock_guard hold(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// Serves from start() to its end, which closes the server and waits for it.
class serving {
 public:
  serving() = default;
  explicit serving(http::handler_func h) { start(std::move(h)); }
  ~serving();

  void start(http::handler_func h);
  const std::string& address() const { return address_; }
  /// What serve() has returned.
  error wait();

  log_lines log;
  http::server server;

 private:
  std::string address_;
  chan<error> ended_ = make_chan<error>(1);
  bool over_ = false;
};

/// Accepts the ends of pipes that it is given: streams without descriptors, and without buffers.
class pipes final : public net::acceptor {
 public:
  result<net::conn> accept() override;
  error close() override;
  net::addr address() const override { return net::addr::of_pipe(); }
  error set_deadline(std::int64_t) override { return nil; }

  chan<net::conn> ends = make_chan<net::conn>();

 private:
  bool closed_ = false;
};

/// An answer, taken apart.
struct answer {
  std::string status_line;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool chunked = false;

  int status() const;
  /// The first of that name, empty for none.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;
};

/// A client's end of a connection. Reads fail after 10 s.
class wire {
 public:
  explicit wire(const std::string& address);
  explicit wire(net::conn c) : c_(std::move(c)) {}

  const net::conn& conn() const { return c_; }
  void send(std::string_view text);
  void close() { c_.close(); }
  /// Closes so that the peer gets a reset.
  void reset();
  void close_write() { c_.close_write(); }

  /// Reads one answer. `head_only`: it is to HEAD. An empty status line: the connection ended instead.
  answer read(bool head_only = false);
  /// Reads until the end.
  std::string rest();
  /// Whether the peer has closed the connection, and nothing came before that.
  bool at_end();
  /// Reads at least this text, which must come.
  bool expect(std::string_view text);

 private:
  bool more();
  std::string line();
  std::string take(std::size_t n);

  net::conn c_;
  std::string buffer_;
  bool ended_ = false;
};

/// One request on a connection of its own.
answer ask(const std::string& address, std::string_view text, bool head_only = false);

/// Waits until `is_so`, for at most 5 s.
bool eventually(const std::function<bool()>& is_so);

}  // namespace warren::tests
