// SPDX-License-Identifier: MIT
// A handler that works for ten seconds, and stops when its client gives up. Another address than :8090 may be given.
#include <warren/warren.hpp>
using namespace warren;
using namespace std::chrono_literals;

void hello(http::response_writer& w, http::request& r) {
  context ctx = r.ctx();
  println("server: hello handler started");
  defer _ = [] { println("server: hello handler ended"); };

  select(
      recv(time_after(10s), [&] { w.write("hello\n"); }),
      recv(ctx.done(), [&] {
        error err = ctx.err();
        println("server:", err);
        http::error(w, err.message(), http::status_internal_server_error);
      }));
}

int main(int argc, char** argv) {
  return run([=] {
    http::handle_func("/hello", hello);
    auto [l, err] = net::listen("tcp", argc > 1 ? argv[1] : ":8090");
    if (err == nil) {
      if (argc > 1) eprintln("listening on", l.addr());
      err = http::serve(l, nil);
    }
    eprintln(err);
    return 1;
  });
}
