// SPDX-License-Identifier: MIT
#include "value_node.hpp"

namespace warren::context_tree {

value_node::value_node(const value_type& key_is, equality eq, const value_type& value_is,
                       void (*destroy_all)(value_node*) noexcept) noexcept
    : node(kind::value, this),
      counted([](counted* c) noexcept { end(static_cast<value_node*>(c)); }),
      key_type(&key_is),
      value_type_is(&value_is),
      equal(eq),
      destroy(destroy_all) {}

}  // namespace warren::context_tree
