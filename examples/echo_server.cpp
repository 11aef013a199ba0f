// SPDX-License-Identifier: MIT
// Sends back what it gets, to any number of clients at a time. Another address than :7000 may be given.
#include <warren/warren.hpp>

#include <array>
using namespace warren;

void echo(net::conn c) {
  std::array<char, 4096> buffer;
  for (;;) {
    auto [n, err] = c.read(buffer);
    if (n > 0) err = c.write({buffer.data(), n}).err();
    if (err != nil) return;  // the last handle closes the connection
  }
}

int main(int argc, char** argv) {
  return run([=] {
    auto [l, err] = net::listen("tcp", argc > 1 ? argv[1] : ":7000");
    if (err == nil && argc > 1) eprintln("listening on", l.addr());
    while (err == nil) {
      net::conn c;
      std::tie(c, err) = l.accept();
      if (err == nil) go(echo, std::move(c));
    }
    eprintln(err);
    return 1;
  });
}
