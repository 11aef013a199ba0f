// SPDX-License-Identifier: MIT
#pragma once

// Ways in which a text may arrive.

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace warren::tests {

inline std::vector<std::string> at_once(std::string_view text) { return {std::string(text)}; }

inline std::vector<std::string> one_by_one(std::string_view text) {
  std::vector<std::string> pieces;
  for (const char c : text) pieces.emplace_back(1, c);
  return pieces;
}

inline std::vector<std::string> at_random(std::string_view text, std::mt19937& random) {
  std::vector<std::string> pieces;
  // Few or many pieces, both often.
  const std::size_t longest = std::size_t{1} << (random() % 12);
  while (!text.empty()) {
    const std::size_t n = 1 + random() % longest;
    pieces.emplace_back(text.substr(0, n));
    text.remove_prefix(std::min(n, text.size()));
  }
  return pieces;
}

}  // namespace warren::tests
