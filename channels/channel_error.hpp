// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace warren {

/// What misuse of a channel throws; what() is Go's text: `send on closed channel`, `close of closed channel`,
/// `close of nil channel`, `makechan: size out of range`.
class channel_error : public std::runtime_error {
 public:
  explicit channel_error(const char* text);
};

}  // namespace warren
