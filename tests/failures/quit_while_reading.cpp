// SPDX-License-Identifier: MIT
// The thread that waits for input is stopped for the dump while it holds the lock of its stream.
#include <warren/warren.hpp>

#include <cstdio>

using namespace warren;
using namespace std::chrono_literals;

[[gnu::noinline]] void read_line() {
  blocking([] { return std::getchar(); });  // here: reads
  println("not reached");
}

[[gnu::noinline]] void doze() {
  warren::sleep(1h);  // here: sleeps
  println("not reached");
}

int main() {
  return run([] {
    go(read_line);  // here: starts
    warren::sleep(50ms);
    std::puts("ready");
    std::fflush(stdout);
    std::printf("printed before\n");
    doze();  // here: dozes
  });
}
