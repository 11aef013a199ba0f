// SPDX-License-Identifier: MIT
// What a user writes: built against the installed library, or against it as a subproject.
#include <warren/warren.hpp>

#include <stdexcept>
#include <string>
using namespace warren;
using namespace std::chrono_literals;

int main() {
  return run([] {
    auto [ctx, cancel] = context::with_timeout(context::background(), 10s);
    auto words = make_chan<std::string>(1);
    errgroup::group g(ctx);
    g.go([=]() -> error {
      for (int i = 0; i < 1000; ++i) words.send(std::string(100, 'x'));
      words.close();
      return nil;
    });
    std::size_t letters = 0;
    for (std::string w : words) letters += w.size();
    println("letters:", letters);
    println("error:", g.wait());

    try {
      try {
        throw std::runtime_error("caught and kept");
      } catch (...) {
        sleep(1ms);  // parks inside the handler
        throw;
      }
    } catch (const std::exception& e) {
      println(e.what());
    }
    cancel();
    println(ctx.err());
  });
}
