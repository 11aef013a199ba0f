// SPDX-License-Identifier: MIT
// Prints the schedules of 20 seeds. Whoever runs it, however it was compiled: they are the same.
#include "everything.hpp"

#include <cstdio>
#include <string>

int main() {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::string trace;
    warren::synctest::explore({.seeds = 1, .first_seed = seed, .trace = &trace}, warren::tests::everything);
    std::printf("seed %u\n%s", seed, trace.c_str());
  }
}
