// SPDX-License-Identifier: MIT
// Nobody reads what the program prints, and the pipe is full: a report must not wait for room in it.
#include <warren/warren.hpp>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

using namespace warren;

/// Standard output becomes a pipe into which not one byte more goes.
void print_into_full_pipe() {
  int ends[2];
  if (::pipe(ends) != 0) std::perror("pipe");
  ::dup2(ends[1], STDOUT_FILENO);
  ::fcntl(STDOUT_FILENO, F_SETFL, O_NONBLOCK);
  while (::write(STDOUT_FILENO, "x", 1) == 1) {
  }
  ::fcntl(STDOUT_FILENO, F_SETFL, 0);
}

[[gnu::noinline]] void fail() {
  panic("no room");  // here: panics
}

int main() {
  print_into_full_pipe();
  return run([] {
    std::printf("never read\n");
    fail();  // here: calls
  });
}
