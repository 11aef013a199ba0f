// SPDX-License-Identifier: MIT
#pragma once

// Each file of this folder but the drivers defines one fuzz target. With clang and -Dfuzz=true it becomes a program of
// libFuzzer; in all builds `regress.cpp` runs it over its seeds and random changes of them.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace warren::fuzz {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program with the sentence, as a sanitizer does.
inline void require(bool holds, const char* sentence) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %s\n", sentence);
  std::abort();
}

}  // namespace warren::fuzz
