// SPDX-License-Identifier: MIT
// Writes the seeds as files into a folder, as libFuzzer wants them: write_seeds FOLDER
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "seeds.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: write_seeds FOLDER\n");
    return 2;
  }
  const std::vector<std::string> all = warren::fuzz::seeds();
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::ofstream file(std::string(argv[1]) + "/seed_" + std::to_string(i), std::ios::binary);
    file << all[i];
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write to %s\n", argv[1]);
      return 1;
    }
  }
  return 0;
}
