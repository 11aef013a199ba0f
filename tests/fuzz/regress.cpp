// SPDX-License-Identifier: MIT
// Runs a fuzz target without libFuzzer: over the seeds, over files given as arguments, and over random changes of the
// seeds, always the same ones. WARREN_TEST_SCALE divides their number.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "seeds.hpp"
#include "target.hpp"

namespace {

using random_bits = std::mt19937;

constexpr int rounds = 100'000;
constexpr unsigned seed = 20260101;

std::string current;

/// Shows the text that the target did not stand: as a literal, to be made a case of a test.
void show_current(int) {
  std::fputs("with \"", stderr);
  for (const unsigned char c : current) {
    std::fprintf(stderr, c >= ' ' && c < 0x7f && c != '"' && c != '\\' ? "%c" : "\\%03o", c);
  }
  std::fputs("\"\n", stderr);
}

void run(const std::string& text) {
  current = text;
  // On the heap and of just that size, so that a read behind its end is noticed.
  std::vector<std::uint8_t> bytes(text.begin(), text.end());
  bytes.shrink_to_fit();
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::size_t below(random_bits& random, std::size_t n) { return n == 0 ? 0 : random() % n; }

/// What a byte is likely to do harm as.
char harmful(random_bits& random) {
  constexpr char bytes[] = {'\0', '\t', '\n', '\r', ' ', '"', '#',  '%', ',', '/',    '0',    '1',
                            ':',  ';',  '=',  '?',  '@', '[', '\\', ']', 'f', '\x7f', '\x80', '\xff'};
  return random() % 4 == 0 ? static_cast<char>(random()) : bytes[below(random, sizeof bytes)];
}

void change(std::string& text, const std::string& other, random_bits& random) {
  const std::size_t at = below(random, text.size() + 1);
  const std::size_t some = below(random, 16);
  switch (random() % 6) {
    case 0:
      text.insert(at, 1, harmful(random));
      break;
    case 1:
      text.erase(at, 1 + some);
      break;
    case 2:
      if (at < text.size()) text[at] = harmful(random);
      break;
    case 3:
      text.insert(at, other.substr(below(random, other.size() + 1), some));
      break;
    case 4:
      text.insert(at, text.substr(below(random, text.size() + 1), some));
      break;
    default:
      text = text.substr(0, at) + other.substr(below(random, other.size() + 1));
      break;
  }
}

int scale() {
  const char* text = std::getenv("WARREN_TEST_SCALE");
  return std::max(1, text != nullptr ? std::atoi(text) : 1);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGABRT, show_current);
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    run(std::string(std::istreambuf_iterator<char>(file), {}));
  }
  if (argc > 1) return 0;

  const std::vector<std::string> seeds = warren::fuzz::seeds();
  for (const std::string& text : seeds) run(text);
  random_bits random(seed);
  const int count = rounds / scale();
  for (int i = 0; i < count; ++i) {
    std::string text = seeds[below(random, seeds.size())];
    for (std::size_t n = 1 + below(random, 5); n > 0; --n)
      change(text, seeds[below(random, seeds.size())], random);
    run(text);
  }
  std::printf("%zu seeds, %d changes of them\n", seeds.size(), count);
  return 0;
}
