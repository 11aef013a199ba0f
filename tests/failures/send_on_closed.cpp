// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

using namespace warren;

[[gnu::noinline]] void feed(chan<int> c) {
  c.close();
  c.send(1);  // here: sends
  println("not reached");
}

int main() {
  return run([] {
    std::printf("printed before\n");  // stdio holds this when the process ends
    feed(make_chan<int>(1));          // here: feeds
  });
}
