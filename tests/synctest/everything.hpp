// SPDX-License-Identifier: MIT
#pragma once

#include <warren/warren.hpp>

namespace warren::tests {

/// A little of all that waits: what runs in which order depends on the seed alone.
inline void everything() {
  using namespace std::chrono_literals;
  const chan<int> c = make_chan<int>();
  const chan<int> d = make_chan<int>(2);
  auto [ctx, cancel] = context::with_timeout(context::background(), 10ms);
  sync::wait_group g;
  sync::mutex m;
  for (int i = 0; i < 3; ++i) {
    g.go([=, &m, ctx = ctx] {
      for (int k = 0; k < 5; ++k) {
        select(send(c, k), send(d, k), recv(ctx.done()));
        std::lock_guard hold(m);
        sleep(1ms);
      }
    });
  }
  g.go([=, ctx = ctx] {
    while (select(recv(c), recv(d), recv(ctx.done())) != 2) {
    }
  });
  g.wait();
  cancel();
}

}  // namespace warren::tests
