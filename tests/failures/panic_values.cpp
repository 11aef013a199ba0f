// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include <cstdint>
#include <map>
#include <string>

using namespace warren;

namespace shop {
struct order {
  int id;
};
enum class color { red, green };
}  // namespace shop

int main(int, char** argv) {
  return run([&] {
    const std::map<std::string, std::function<void()>> panics = {
        {"text", [] { panic("boom"); }},
        {"lines", [] { panic("boom\ngoroutine 1 [running]:"); }},
        {"empty", [] { panic(""); }},
        {"error", [] { panic(errors::make("out of milk")); }},
        {"nil", [] { panic(nil); }},
        {"std", [] { throw std::runtime_error("from the standard library"); }},
        {"string", [] { throw std::string("a string"); }},
        {"chars", [] { throw "a literal"; }},
        {"bare_error", [] { throw errors::make("thrown bare"); }},
        {"int", [] { panic(-42); }},
        {"unsigned", [] { panic(std::uint64_t{1} << 63); }},
        {"double", [] { panic(0.1 + 0.2); }},
        {"float", [] { panic(1e6F); }},
        {"true", [] { panic(true); }},
        {"char", [] { panic('c'); }},
        {"struct", [] { panic(shop::order{1}); }},
        {"enum", [] { panic(shop::color::green); }},
    };
    panics.at(argv[1])();
  });
}
