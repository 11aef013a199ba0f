// SPDX-License-Identifier: MIT
#pragma once

// The readable name of a function from its mangled one (Itanium C++ ABI, section 5.1), short as a trace wants it:
// qualified, template arguments as <...>, a lambda as {lambda#1}, parameters as (...) or ().
//
//     _ZZ4mainENKUlvE_clEv                    main::{lambda#1}()
//     _ZN4shop5queueIiE3addERKiNS_8priorityE  shop::queue<...>::add(...)
//
// Laws
//   * May be used in a signal handler: no allocation, bounded stack. That is why it is not abi::__cxa_demangle, which
//     allocates and would wait for ever for a lock that the interrupted thread holds.
//   * What it cannot read (an expression in a signature) it gives back as it came.

#include <cstddef>
#include <string_view>

namespace warren::runtime {

/// Writes the name to `room`, cut off where that ends. `mangled` may be the plain name of a C function.
std::string_view readable_name(const char* mangled, char* room, std::size_t bytes) noexcept;

}  // namespace warren::runtime
