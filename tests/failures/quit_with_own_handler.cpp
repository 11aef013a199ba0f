// SPDX-License-Identifier: MIT
// The program's own handler for SIGQUIT is called after the dump.
#include <warren/warren.hpp>

#include <csignal>
#include <cstdio>
#include <unistd.h>

using namespace warren;
using namespace std::chrono_literals;

void own_handler(int) {
  constexpr char text[] = "the program's own handler\n";
  [[maybe_unused]] const ssize_t n = ::write(2, text, sizeof text - 1);
}

[[gnu::noinline]] void doze() {
  warren::sleep(1h);  // here: sleeps
  println("not reached");
}

int main() {
  std::signal(SIGQUIT, own_handler);
  return run([] {
    std::puts("ready");
    std::fflush(stdout);
    doze();  // here: dozes
  });
}
