// SPDX-License-Identifier: MIT
// Two goroutines on two threads leave their stacks at the same moment: one report, whole.
#include <warren/warren.hpp>

#include <atomic>

using namespace warren;

std::atomic<int> present{0};

[[gnu::noinline]] int sink(volatile int* n) { return *n; }

// NOLINTNEXTLINE(misc-no-recursion)
[[gnu::noinline]] int dig(int depth) {   // here: digs
  volatile int here = depth;             // here: digs
  if (depth < 0) return 0;               // here: digs
  return dig(depth + 1) + sink(&here);   // here: digs
}

[[gnu::noinline]] void miner() {
  present.fetch_add(1, std::memory_order_relaxed);
  while (present.load(std::memory_order_relaxed) < 2) {
  }
  println(dig(0));  // here: begins
}

int main() {
  return run(run_options{.max_procs = 2}, [] {
    for (int i = 0; i < 2; ++i) go(miner);  // here: starts
    make_chan<int>().recv();
  });
}
