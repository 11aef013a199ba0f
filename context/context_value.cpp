// SPDX-License-Identifier: MIT
#include "context_value.hpp"

#include "type_name.hpp"

namespace warren {

bad_context_value::bad_context_value(const std::type_info* stored, const std::type_info& wanted)
    : text_("interface conversion: interface {} is " +
            (stored != nullptr ? context_tree::name_of(*stored) : std::string("nil")) + ", not " +
            context_tree::name_of(wanted)) {}

void context_value::fail(const std::type_info& wanted) const {
  throw bad_context_value(node_ != nullptr ? node_->value_type_is->info : nullptr, wanted);
}

}  // namespace warren
