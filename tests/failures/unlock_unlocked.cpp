// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void release(sync::mutex& m) {
  m.unlock();  // here: unlocks
  println("not reached");
}

int main() {
  return run([] {
    sync::mutex m;
    release(m);  // here: calls
  });
}
