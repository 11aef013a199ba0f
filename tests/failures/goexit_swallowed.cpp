// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void stay() {
  try {
    goexit();
  } catch (...) {
    println("swallowed");
  }
  gosched();  // here: goes on
  println("not reached");
}

int main() {
  return run(run_options{.max_procs = 1}, [] {
    go(stay);                 // here: starts
    make_chan<int>().recv();
  });
}
