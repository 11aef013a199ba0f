// SPDX-License-Identifier: MIT
#pragma once

// What the parts of a context tree have in common. A tree is made of nodes that know their parents:
//
//     background ◄── with_value ◄── with_cancel ◄── with_value ◄── with_timeout
//                       values         line           values         line
//
// Laws
//   * A node never changes after it was made, but for what cancel_node.hpp says. It holds a reference to its parent, so
//     what `parent`, `line` and `values` point to lives as long as the node.
//   * `line` and `values` skip the nodes between: whether a context is done is one load, and a look for a value
//     visits only nodes with values.
//   * The two roots are constants. Their `count` is null, and nobody writes to them.
//   * Who drops the last reference to a node ends it, and goes on with its parent in a loop: chains may be long, and a
//     goroutine's stack is small. That runs destructors of the program's own, so no lock is held.

#include <atomic>
#include <cstdint>

#include "../channels/any_channel.hpp"

namespace warren::context_tree {

class cancel_node;
struct value_node;

enum class kind : std::uint8_t { background, todo, without_cancel, value, cancel, deadline };

struct node {
  constexpr node(kind k, channels::counted* c) noexcept : count(c), what(k) {}
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// The node's place in the tree; takes over a reference to the parent.
  void grow_from(node* above) noexcept {
    parent = above;
    line = above->line;
    values = above->values;
  }

  channels::counted* const count;      ///< its references; null for the two roots
  const kind what;
  node* parent = nullptr;              ///< null for the two roots
  cancel_node* line = nullptr;         ///< the nearest that can be canceled, itself or above; null: there is none
  const value_node* values = nullptr;  ///< the nearest that has a value, itself or above; null: there is none
};

inline void retain(const node* n) noexcept {
  if (n != nullptr && n->count != nullptr) n->count->retain();
}

inline void release(const node* n) noexcept {
  if (n != nullptr && n->count != nullptr) n->count->release();
}

/// Drops a reference without ending the node. Returns: whether it was the last, and the node is the caller's to end.
[[nodiscard]] inline bool drop(const node* n) noexcept {
  // Acquire and release: pairs with itself; what others did with the node happens before its end.
  return n->count != nullptr && n->count->handles.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

/// Ends a node without references, then its parent if that has none left, and so on.
void end(node* n) noexcept;

/// A place in the list of those who must hear of a cancel: a node below, or a function that waits for it.
struct child {
  enum class sort : std::uint8_t { node, registration };

  explicit constexpr child(sort s) noexcept : is(s) {}

  const sort is;
  /// Changed under the lock of the node whose list it is. False is stored with release, as the last touch of whoever
  /// takes it out: a child that ends reads it with acquire, and then needs no lock.
  std::atomic<bool> linked{false};
  child* next = nullptr;  ///< in the list; once taken out, the one's who took it
  child* prev = nullptr;
};

}  // namespace warren::context_tree
