// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include <vector>

using namespace warren;

[[gnu::noinline]] int pick(const std::vector<int>& v, std::size_t i) {
  return v.at(i);  // here: picks
}

[[gnu::noinline]] void count(int n) {
  const std::vector<int> v(3, n);
  println(pick(v, 5));  // here: counts
}

int main() {
  return run(run_options{.max_procs = 1}, [] {
    go(go_options{.name = "counter"}, count, 7);  // here: starts
    make_chan<int>().recv();
  });
}
