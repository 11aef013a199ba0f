// SPDX-License-Identifier: MIT
// One goroutine computes, one is in a blocking call, two wait, one was never started for want of a worker; a thread waits too.
#include <warren/warren.hpp>

#include <cstdio>
#include <thread>
#include <unistd.h>

using namespace warren;
using namespace std::chrono_literals;

volatile long steps = 0;

[[gnu::noinline]] void compute() {
  for (;;) steps = steps + 1;  // here: computes
}

[[gnu::noinline]] void read_all(chan<int> c) {
  c.recv();  // here: receives
  println("not reached");
}

[[gnu::noinline]] void call_out() {
  blocking([] { ::pause(); });  // here: calls out
  println("not reached");
}

[[gnu::noinline]] void doze() {
  warren::sleep(1h);  // here: sleeps
  println("not reached");
}

int main() {
  return run(run_options{.max_procs = 2}, [] {
    chan<int> c = make_chan<int>();
    std::thread(read_all, c).detach();
    go(go_options{.name = "sums"}, compute);  // here: starts sums
    go(read_all, c);                          // here: starts reader
    go(call_out);                             // here: starts caller
    warren::sleep(100ms);
    std::puts("ready");
    std::fflush(stdout);
    doze();  // here: dozes
  });
}
