// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void leave() {
  goexit();  // here: leaves
}

int main() {
  leave();  // here: calls
}
