// SPDX-License-Identifier: MIT
#pragma once

// A server of raw bytes for tests of the client: what it does with a connection is a function of the test's.

#include <warren/net/conn.hpp>
#include <warren/net/listener.hpp>
#include <warren/sync/mutex.hpp>
#include <warren/sync/wait_group.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::tests {

/// A connection as the server sees it.
class peer {
 public:
  peer(net::conn c, int which) : conn(std::move(c)), number(which) {}

  net::conn conn;
  const int number;  ///< the first connection is 0

  /// Reads up to an empty line. Returns: the head with that, empty at the end of the connection.
  std::string read_head();
  /// Reads the body of a request with that head: by its length, or chunks, which come as they stand.
  std::string read_body(std::string_view head);
  std::string read_exactly(std::size_t n);
  /// Reads until the other side closes. Returns: all of it.
  std::string read_to_end();
  bool send(std::string_view text) { return conn.write(text).err() == nullptr; }
  /// What is there beyond the last head.
  const std::string& rest() const { return rest_; }

 private:
  bool read_more();

  std::string rest_;
};

class scripted_server {
 public:
  using script = std::function<void(peer&)>;

  /// Each connection is given to the script in a goroutine of its own, and closed when that returns.
  explicit scripted_server(script s);
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;
  /// Closes what is open and waits for all scripts.
  ~scripted_server();

  std::string address() const;
  std::string url(std::string_view path = "/") const;
  int connections();

 private:
  void accept_all();
  void serve(net::conn c, int number);

  const script script_;
  net::listener listener_;
  sync::mutex mutex_;
  std::vector<net::conn> conns_;
  bool closing_ = false;
  sync::wait_group all_;
};

/// Answers each request of a connection with the same text.
scripted_server::script answer_all(std::string text);

/// `HTTP/1.1 200 OK` with that body.
std::string ok(std::string_view body);

}  // namespace warren::tests
