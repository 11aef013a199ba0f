// SPDX-License-Identifier: MIT
// Answers after two seconds, unless the client hangs up before. Another address than :8000 may be given.
#include <warren/warren.hpp>
using namespace warren;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
  return run([=] {
    http::handler_func slowly = [](http::response_writer& w, http::request& r) {
      context ctx = r.ctx();
      println("processing request");
      select(
          recv(time_after(2s), [&] { w.write("request processed"); }),
          recv(ctx.done(), [] { eprintln("request cancelled"); }));
    };
    if (argc < 2) {
      eprintln(http::listen_and_serve(":8000", slowly));
      return 1;
    }
    auto [l, err] = net::listen("tcp", argv[1]);
    if (err == nil) {
      eprintln("listening on", l.addr());
      err = http::serve(l, slowly);
    }
    eprintln(err);
    return 1;
  });
}
