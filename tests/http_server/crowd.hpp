// SPDX-License-Identifier: MIT
#pragma once

// Many clients in a process of their own, so that what they cost is not the server's.

#include <string>
#include <string_view>
#include <sys/types.h>

namespace warren::tests {

/// Raises the soft limit of descriptors to the hard one. Returns: that.
std::size_t raise_descriptor_limit();

/// A child process that opens `size` connections to 127.0.0.1, sends `text` on each, waits for an answer if that is to be
/// expected, and then keeps all of them open until it is destroyed.
class crowd {
 public:
  crowd(const std::string& address, std::size_t size, std::string_view text, bool answered);
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  /// Waits until all connections stand. Returns: whether they do.
  bool is_there();

 private:
  pid_t child_ = -1;
  int from_child_ = -1;
};

}  // namespace warren::tests
