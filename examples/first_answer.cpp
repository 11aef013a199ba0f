// SPDX-License-Identifier: MIT
// Asks two servers, takes the first answer and stops the other one.
// [program]
#include <warren/warren.hpp>
using namespace warren;
using namespace std::chrono_literals;

void ask(context ctx, std::string server, std::chrono::milliseconds delay, send_chan<std::string> answers) {
  select(
      recv(time_after(delay), [&] { answers.send(server); }),
      recv(ctx.done(), [&] { println(server, "stopped:", ctx.err()); }));
}

int main() {
  return run([] {
    auto [ctx, cancel] = context::with_cancel(context::background());
    auto answers = make_chan<std::string>(2);
    sync::wait_group wg;
    wg.go([=] { ask(ctx, "far", 10s, answers); });
    wg.go([=] { ask(ctx, "near", 10ms, answers); });

    println("first answer from", answers.recv());
    cancel();
    wg.wait();
  });
}
// [/program]
