// SPDX-License-Identifier: MIT
#pragma once

#include <warren/net/conn.hpp>
#include <warren/net/listener.hpp>

namespace warren::tests {

/// A listener for connections without a descriptor: what a server serves over pipes takes other paths than over sockets.
class pipe_listener {
 public:
  pipe_listener();

  const net::listener& listener() const { return listener_; }
  /// Returns: the client's end; nil when nobody accepts it soon. Parks: until then.
  net::conn connect() const;

 private:
  class pipes;

  pipes* pipes_;  ///< owned by listener_
  net::listener listener_;
};

}  // namespace warren::tests
