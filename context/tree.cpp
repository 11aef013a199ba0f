// SPDX-License-Identifier: MIT
#include "tree.hpp"

#include "cancel_node.hpp"
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

value_node::value_node(const value_type& key_is, equality eq, const value_type& value_is,
                       void (*destroy_all)(value_node*) noexcept) noexcept
    : node(kind::value, this),
      counted([](counted* c) noexcept { end(static_cast<value_node*>(c)); }),
      key_type(&key_is),
      value_type_is(&value_is),
      equal(eq),
      destroy(destroy_all) {}

}  // namespace warren::context_tree
