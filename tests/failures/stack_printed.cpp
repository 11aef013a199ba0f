// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void inner(const char* word) {
  println(word);
  print_stack();  // here: prints
  println("and goes on");
}

[[gnu::noinline]] void outer() {
  inner("before");  // here: calls
  println("after");
}

int main() {
  outer();  // here: on a thread
  return run([] {
    sync::wait_group wg;
    wg.go(outer);  // here: starts
    wg.wait();
  });
}
