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
        {"text", [] { panic("boom"); }},  // here: text
        {"lines", [] { panic("boom\ngoroutine 1 [running]:"); }},  // here: lines
        {"empty", [] { panic(""); }},  // here: empty
        {"error", [] { panic(errors::make("out of milk")); }},  // here: error
        {"nil", [] { panic(nil); }},  // here: nil
        {"std", [] { throw std::runtime_error("from the standard library"); }},  // here: std
        {"string", [] { throw std::string("a string"); }},  // here: string
        {"chars", [] { throw "a literal"; }},  // here: chars
        {"bare_error", [] { throw errors::make("thrown bare"); }},  // here: bare_error
        {"int", [] { panic(-42); }},  // here: int
        {"unsigned", [] { panic(std::uint64_t{1} << 63); }},  // here: unsigned
        {"double", [] { panic(0.1 + 0.2); }},  // here: double
        {"float", [] { panic(1e6F); }},  // here: float
        {"true", [] { panic(true); }},  // here: true
        {"char", [] { panic('c'); }},  // here: char
        {"struct", [] { panic(shop::order{1}); }},  // here: struct
        {"enum", [] { panic(shop::color::green); }},  // here: enum
    };
    panics.at(argv[1])();  // here: calls
  });
}
