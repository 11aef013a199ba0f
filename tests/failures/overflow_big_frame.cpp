// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] int sum(const volatile char* from, int n) {
  int total = 0;
  for (int i = 0; i < n; ++i) total += from[i];
  return total;
}

[[gnu::noinline]] int fill() {  // here: fills
  volatile char table[300 * 1024];
  table[0] = 1;  // here: fills
  return sum(table, 1);
}

[[gnu::noinline]] void work() {
  println(fill());  // here: works
}

int main() {
  return run([] {
    go(work);  // here: starts
    make_chan<int>().recv();
  });
}
