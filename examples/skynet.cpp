// SPDX-License-Identifier: MIT
// A tree of goroutines ten wide: 100,000 leaves report their number, every node the sum of its children.
#include <warren/warren.hpp>

#include <cstdint>
using namespace warren;

void skynet(send_chan<std::int64_t> parent, std::int64_t number, int leaves) {
  if (leaves == 1) {
    parent.send(number);
    return;
  }
  auto children = make_chan<std::int64_t>(10);
  int below = leaves / 10;
  for (int i = 0; i < 10; ++i) go(skynet, children, number + i * below, below);
  std::int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += children.recv();
  parent.send(sum);
}

int main() {
  return run([] {
    auto result = make_chan<std::int64_t>(1);
    go(skynet, result, 0, 100'000);
    println("sum of the leaves:", result.recv());
  });
}
