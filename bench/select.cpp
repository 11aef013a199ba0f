// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

// One case that is never ready, and a default.
void select_nonblocking(std::int64_t n) {
  chan<std::int64_t> c = make_chan<std::int64_t>();
  std::int64_t v = 0, defaults = 0;
  for (std::int64_t i = 0; i < n; i++) {
    if (select(recv(c, v), otherwise) == 1) defaults++;
  }
  verify(defaults == n, "select_nonblocking");
}

// Two goroutines that offer and take on two unbuffered channels at once.
void select_two(std::int64_t n) {
  chan<std::int64_t> a = make_chan<std::int64_t>(), b = make_chan<std::int64_t>(),
                     done = make_chan<std::int64_t>();
  go([a, b, done, n] {
    std::int64_t sent = 0;
    for (std::int64_t i = 0; i < n; i++) {
      if (select(send(a, i), send(b, i)) >= 0) sent++;
    }
    done.send(sent);
  });
  std::int64_t v = 0, sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    select(recv(a, v), recv(b, v));
    sum += v;
  }
  verify(done.recv() == n && sum == n * (n - 1) / 2, "select_2");
}

const bool measured[] = {
    measure("select_nonblocking", 1, select_nonblocking),
    measure("select_2", 1, select_two),
};

}  // namespace
