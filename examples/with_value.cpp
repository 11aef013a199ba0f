// SPDX-License-Identifier: MIT
// A value travels in a context under a key of the program's own type.
#include <warren/warren.hpp>
using namespace warren;

struct fav_context_key { std::string name; bool operator==(const fav_context_key&) const = default; };

int main() {
  return run([] {
    auto f = [](context ctx, fav_context_key k) {
      if (auto v = ctx.value(k)) { println("found value:", v.as<std::string>()); return; }
      println("key not found:", k.name);
    };
    fav_context_key k{"language"};
    context ctx = context::with_value(context::background(), k, "Go");
    f(ctx, k);                            // found value: Go
    f(ctx, fav_context_key{"color"});     // key not found: color
  });
}
