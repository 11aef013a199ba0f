// SPDX-License-Identifier: MIT
// All goroutines wait for a thread that the library knows nothing of: no deadlock.
#include <warren/warren.hpp>

#include <chrono>
#include <thread>

using namespace warren;

int main() {
  return run([] {
    chan<int> c = make_chan<int>();
    std::thread sender([c] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      c.send(42);
    });
    println("received", c.recv());
    sender.join();
  });
}
