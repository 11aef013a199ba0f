// SPDX-License-Identifier: MIT
// A thread that waits for input holds the lock of its stream; the report of another must not wait for it.
#include <warren/warren.hpp>

#include <cstdio>
#include <thread>

using namespace warren;
using namespace std::chrono_literals;

[[gnu::noinline]] void fail() {
  panic("no reason to wait");  // here: panics
}

int main() {
  return run([] {
    go([] { blocking([] { return std::getchar(); }); });
    warren::sleep(50ms);
    std::printf("printed before\n");
    fail();  // here: calls
  });
}
