// SPDX-License-Identifier: MIT
#pragma once

#include <warren/runtime/counters.hpp>

#include <chrono>
#include <cstddef>
#include <iosfwd>

namespace warren::tests {

/// All that a process holds and has to give back.
struct ledger {
  runtime::counters library;
  int files = 0;         ///< open descriptors
  std::size_t heap = 0;  ///< bytes of malloc's; 0 where a sanitizer has a heap of its own

  static ledger now();
  /// Waits until library and files are as in `wanted`, for at most so long. Returns: how they stand then.
  static ledger settled(const ledger& wanted, std::chrono::seconds patience);

  /// But for the heap.
  friend bool operator==(const ledger& a, const ledger& b) { return a.library == b.library && a.files == b.files; }
};

std::ostream& operator<<(std::ostream& out, const ledger& l);

}  // namespace warren::tests
