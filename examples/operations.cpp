// SPDX-License-Identifier: MIT
// A failing operation cancels its sibling through the context they share.
#include <warren/warren.hpp>
using namespace warren;
using namespace std::chrono_literals;

error operation1(context ctx) {
  sleep(100ms);                       // stands for work that fails
  return errors::make("failed");
}

void operation2(context ctx) {
  select(
      recv(time_after(500ms), [] { println("done"); }),
      recv(ctx.done(), [] { println("halted operation2"); }));
}

int main() {
  return run([] {
    context bg = context::background();
    auto [ctx, cancel] = context::with_cancel(bg);
    sync::wait_group wg;
    wg.go([ctx] { operation2(ctx); });
    error err = operation1(ctx);
    if (err != nil) cancel();
    wg.wait();                        // the Go original races with its own exit; this one waits
  });
}
