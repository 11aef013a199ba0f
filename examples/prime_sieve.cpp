// SPDX-License-Identifier: MIT
// The first primes by a daisy chain of filters, one goroutine each.
#include <warren/warren.hpp>
using namespace warren;

// Sends 2, 3, 4, ... until nobody wants more.
void generate(context ctx, send_chan<int> out) {
  for (int i = 2;; ++i) {
    if (select(send(out, i), recv(ctx.done())) == 1) return;
  }
}

// Passes on what `prime` does not divide.
void filter(context ctx, recv_chan<int> in, send_chan<int> out, int prime) {
  for (;;) {
    int i = 0;
    if (select(recv(in, i), recv(ctx.done())) == 1) return;
    if (i % prime != 0 && select(send(out, i), recv(ctx.done())) == 1) return;
  }
}

int main() {
  return run([] {
    auto [ctx, cancel] = context::with_cancel(context::background());
    sync::wait_group wg;
    auto numbers = make_chan<int>();
    wg.go([ctx, numbers] { generate(ctx, numbers); });
    for (int n = 0; n < 25; ++n) {
      int prime = numbers.recv();
      println(prime);
      auto rest = make_chan<int>();
      wg.go([ctx, numbers, rest, prime] { filter(ctx, numbers, rest, prime); });
      numbers = rest;
    }
    cancel();
    wg.wait();
  });
}
