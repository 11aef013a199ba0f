// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include <thread>

using namespace warren;

[[gnu::noinline]] void read_all(chan<int> c) {
  c.recv();  // here: receives
  println("not reached");
}

int main() {
  return run(run_options{.max_procs = 1}, [] {
    chan<int> c = make_chan<int>();
    std::thread(read_all, c).detach();
    read_all(make_chan<int>());  // here: calls
  });
}
