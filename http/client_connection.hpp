// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "../net/conn.hpp"
#include "../runtime/descriptor.hpp"
#include "head_parser.hpp"
#include "input.hpp"

namespace warren::http {

/// Where a request goes: connections to equal destinations stand for each other.
class destination {
 public:
  destination() = default;
  /// `host` is as a URL has it, its port left out where it is the scheme's own.
  destination(bool secure, std::string_view host);

  bool secure() const noexcept { return key_.front() == secure_mark; }
  /// As net::dial takes it: with a port.
  std::string_view address() const noexcept { return std::string_view(key_).substr(1); }
  const std::string& key() const noexcept { return key_; }

 private:
  static constexpr char secure_mark = 's';
  static constexpr char plain_mark = 'p';

  std::string key_ = {plain_mark};  ///< a mark and the address: one allocation at most
};

struct pool_place;

/// A connection of a client's, and what stays with it from one exchange to the next. The laws of who owns it and may
/// touch its links stand in connection_pool.hpp.
/// As a watcher it is the pool's.
struct client_connection : runtime::peer_watcher {
  client_connection(net::conn c, pool_place& at, const head_limits& limits)
      : peer_watcher{nullptr}, stream(std::move(c)), in(stream.behind()), parser(limits), belongs_to(&at) {}

  net::conn stream;
  input in;
  std::string out;             ///< the head of a request; keeps its memory
  response_parser parser;
  bool used = false;           ///< has carried an exchange to its end
  bool has_deadlines = false;  ///< the stream's may be set

  // The pool's.
  pool_place* const belongs_to;        ///< there as long as the connection is
  client_connection* older = nullptr;  ///< of all idle ones
  client_connection* newer = nullptr;
  client_connection* below = nullptr;  ///< of the idle ones to this destination
  client_connection* above = nullptr;
  std::int64_t idle_since = 0;
};

}  // namespace warren::http
