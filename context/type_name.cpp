// SPDX-License-Identifier: MIT
#include "type_name.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>

namespace warren::context_tree {

std::string name_of(const std::type_info& type) {
  // The demangler writes out the default arguments of the one template that is everywhere.
  if (type == typeid(std::string)) return "std::string";
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                         &std::free);
  return status == 0 ? name.get() : type.name();
}

}  // namespace warren::context_tree
