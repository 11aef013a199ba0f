// SPDX-License-Identifier: MIT
#pragma once

// What the context tests share: short waits, a look at done channels, and a look into the tree.

#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/context/cancel_node.hpp>
#include <warren/context/context.hpp>

#include <chrono>
#include <cstddef>

namespace warren::tests {

constexpr auto short_time = std::chrono::milliseconds(1);
constexpr auto very_long_time = std::chrono::hours(1000);

inline bool is_done(const context& c) { return select(recv(c.done()), otherwise) == 0; }

/// Waits until `true_at_last()`, a long time at most. Returns: whether that came.
template <class F>
bool comes(F true_at_last) {
  for (int i = 0; i < 20'000; i++) {
    if (true_at_last()) return true;
    sleep(short_time);
  }
  return false;
}

/// How many would hear of a cancel of `c` from it directly.
inline std::size_t children_of(const context& c) {
  context_tree::cancel_node* line = node_of(c)->line;
  return line != nullptr ? line->count_children() : 0;
}

}  // namespace warren::tests
