// SPDX-License-Identifier: MIT
// usage: hello_server — answers every request with 13 bytes; prints the address it listens on.
#include <warren/warren.hpp>

using namespace warren;

int main() {
  return run([] {
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    if (err != nil) {
      eprintln(err);
      return 1;
    }
    println(l.addr());
    eprintln(http::serve(l, [](http::response_writer& w, http::request&) { w.write("Hello, world!"); }));
    return 1;
  });
}
