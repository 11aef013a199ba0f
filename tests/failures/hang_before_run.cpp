// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include <cstdio>

using namespace warren;

volatile bool configured = false;

[[gnu::noinline]] void read_config() {
  while (!configured) {  // here: spins
  }
}

int main() {
  std::puts("ready");
  std::fflush(stdout);
  read_config();  // here: reads
  return run([] {});
}
