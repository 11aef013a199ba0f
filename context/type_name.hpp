// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <typeinfo>

namespace warren::context_tree {

/// The type as it is written in a program.
std::string name_of(const std::type_info& type);

}  // namespace warren::context_tree
