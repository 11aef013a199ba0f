// SPDX-License-Identifier: MIT
// Two players share a ball: each takes it from the table, counts a hit and puts it back.
#include <warren/warren.hpp>
using namespace warren;

// [player]
struct ball { int hits = 0; };

void player(std::string name, chan<ball> from, chan<ball> to) {
  for (ball b : from) {
    println(name, ++b.hits);
    if (b.hits == 6) {
      to.close();
      return;
    }
    to.send(b);
  }
  println(name, "has no ball left");
  to.close();
}
// [/player]

int main() {
  return run([] {
    auto left = make_chan<ball>(), right = make_chan<ball>();
    sync::wait_group wg;
    wg.go([=] { player("ping", left, right); });
    wg.go([=] { player("pong", right, left); });
    left.send(ball{});
    wg.wait();
  });
}
