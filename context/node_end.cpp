// SPDX-License-Identifier: MIT

// The end of nodes of all kinds.

#include "cancel_node.hpp"
#include "tree.hpp"
#include "value_node.hpp"
#include "without_cancel_node.hpp"

namespace warren::context_tree {

namespace {

/// Frees the node, the reference to its parent left aside.
void end_one(node* n) noexcept {
  switch (n->what) {
    case kind::background:
    case kind::todo: return;
    case kind::without_cancel: return delete static_cast<without_cancel_node*>(n);
    case kind::value: return static_cast<value_node*>(n)->destroy(static_cast<value_node*>(n));
    case kind::cancel:
    case kind::deadline: return static_cast<cancel_node*>(n)->retire();
  }
}

}  // namespace

void end(node* n) noexcept {
  while (n != nullptr) {
    node* parent = n->parent;
    end_one(n);
    n = drop(parent) ? parent : nullptr;
  }
}

}  // namespace warren::context_tree
