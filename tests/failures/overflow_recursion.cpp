// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] int sink(volatile int* n) { return *n; }

// NOLINTNEXTLINE(misc-no-recursion)
[[gnu::noinline]] int dig(int depth) {   // here: digs
  volatile int here = depth;             // here: digs
  if (depth < 0) return 0;               // here: digs
  return dig(depth + 1) + sink(&here);  // here: digs
}

[[gnu::noinline]] void miner() {
  println(dig(0));  // here: begins
}

int main() {
  return run([] {
    go(go_options{.name = "miner"}, miner);  // here: starts
    make_chan<int>().recv();
  });
}
