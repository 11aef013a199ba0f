// SPDX-License-Identifier: MIT
// The stack ends in the midst of printf, which holds the lock of its stream.
#include <warren/warren.hpp>

#include <cstdio>
#include <cstdlib>

using namespace warren;

[[gnu::noinline]] int sink(volatile int* n) { return *n; }

// NOLINTNEXTLINE(misc-no-recursion)
[[gnu::noinline]] int dig(int depth) {   // here: digs
  volatile int here = depth;             // here: digs
  if (depth < 0) return 0;               // here: digs
  return dig(depth + 1) + sink(&here);   // here: digs
}

ssize_t write_by_digging(void*, const char*, std::size_t) {
  return dig(0);  // here: begins
}

[[gnu::noinline]] void print() {
  FILE* stream = ::fopencookie(nullptr, "w", {nullptr, write_by_digging, nullptr, nullptr});
  std::setvbuf(stream, nullptr, _IONBF, 0);
  std::fprintf(stream, "%d", 1);  // here: prints
  std::abort();
}

int main() {
  return run([] {
    go(print);  // here: starts
    make_chan<int>().recv();
  });
}
