// SPDX-License-Identifier: MIT
#pragma once

#include <warren/http/client.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "dice.hpp"
#include "handlers.hpp"
#include "pipe_listener.hpp"

namespace warren::tests {

/// What the clients of one round have before them, and what they have done.
struct battlefield {
  std::string http;  ///< address of the server
  std::string echo;  ///< the same of the one that sends everything back
  pipe_listener pipes;
  http::client wild;
  http::client calm;
  witness see;
  bool is_patient = true;              ///< the server waits for everybody: whoever behaves is answered
  std::atomic<bool> ending{false};     ///< nobody may rely on a server any more
  std::atomic<bool> over{false};       ///< clients leave
  std::atomic<std::int64_t> acts{0};
  std::atomic<std::int64_t> answers{0};  ///< whole ones to those who behave
};

/// Speaks HTTP byte by byte, rightly and wrongly, to its end or not.
void act_raw(battlefield& f, dice& d);
/// Uses the client, and cancels, times out, and leaves answers unread.
void act_wild(battlefield& f, dice& d);
/// Talks to the echo server.
void act_echo(battlefield& f, dice& d);
/// Behaves, and objects when it is not answered rightly.
void act_calm(battlefield& f, dice& d);

}  // namespace warren::tests
