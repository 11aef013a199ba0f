// SPDX-License-Identifier: MIT
#pragma once

#include <new>

namespace warren::http {

/// Closes a connection or a listener unless somebody has: to say that this was so would take memory.
template <class Closable>
void close_quietly(const Closable& c) noexcept {
  try {
    c.close();
  } catch (const std::bad_alloc&) {
    // For the error that says so.
  }
}

}  // namespace warren::http
