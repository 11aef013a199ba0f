// SPDX-License-Identifier: MIT
#pragma once

// The switch of the seeded faults. seed_mutants.py writes calls of it into a copy of the library's sources, and has every
// file of that build include this one; the library itself knows nothing of it.
//
// Law: the number is chosen before anything that could ask for it. It is a variable of each program (one, because it is
// inline), it is read from the environment when the first file that includes this is initialised, and every file that asks
// includes this first. So it never changes while anybody looks, and a plain int will do for all threads.

#include <cstdlib>
#include <optional>  // faults leave out locks: a guard that is there or not

namespace warren {

inline const int chosen_mutant = [] {
  const char* text = std::getenv("WARREN_MUTANT");
  return text != nullptr ? std::atoi(text) : 0;
}();

/// Whether the fault of that number is the one to be shown.
inline bool mutant(int number) noexcept { return chosen_mutant == number; }

/// Holds a fault's window open for so many microseconds or less, as the system does by itself now and then: real threads
/// would meet in it too rarely.
inline void dawdle(int microseconds = 1) noexcept {
  for (int i = 0; i < microseconds * 1000; ++i) asm volatile("" : : : "memory");
}

}  // namespace warren
