// SPDX-License-Identifier: MIT
#pragma once

#include "tree.hpp"

namespace warren::context_tree {

/// Has the values of its parent, and nothing that could cancel it.
struct without_cancel_node final : node, channels::counted {
  explicit without_cancel_node(node* above) noexcept
      : node(kind::without_cancel, this),
        counted([](counted* c) noexcept { end(static_cast<without_cancel_node*>(c)); }) {
    context_tree::retain(above);
    grow_from(above);
    line = nullptr;
  }
};

}  // namespace warren::context_tree
