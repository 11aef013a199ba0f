// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

struct bye {
  ~bye() { println("an uncaught exception unwinds nothing"); }
};

[[gnu::noinline]] void fail() {
  bye b;
  panic(errors::wrap("open config", errors::make("no such file\nor directory")));  // here: panics
}

int main() {
  return run([] {
    fail();  // here: calls
  });
}
