// SPDX-License-Identifier: MIT
// usage: echo_server — sends back what it reads; prints the address it listens on.
#include <warren/warren.hpp>

using namespace warren;

namespace {

void echo(net::conn c) {
  char room[4096];
  for (;;) {
    auto [n, err] = c.read(room);
    if (err != nil) return;
    auto [written, write_err] = c.write({room, n});
    if (write_err != nil) return;
  }
}

}  // namespace

int main() {
  return run([] {
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    if (err != nil) {
      eprintln(err);
      return 1;
    }
    println(l.addr());
    for (;;) {
      auto [c, accept_err] = l.accept();
      if (accept_err != nil) return 1;
      go(echo, c);
    }
  });
}
