// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "../test.hpp"

namespace shop {

struct order {
  int id;
  friend std::ostream& operator<<(std::ostream& out, const order& o) { return out << "order " << o.id; }
};

struct refuses {
  friend std::ostream& operator<<(std::ostream&, const refuses&) { throw std::runtime_error("no"); }
};

enum plain_enum { three = 3 };

}  // namespace shop

namespace {

using namespace warren;

/// What a descriptor is given while it lives.
class captured {
 public:
  explicit captured(int descriptor) : descriptor_(descriptor), before_(::dup(descriptor)), file_(std::tmpfile()) {
    std::fflush(nullptr);
    ::dup2(::fileno(file_), descriptor);
  }
  ~captured() { end(); }

  std::string text() {
    end();
    std::string all;
    std::rewind(file_);
    for (int c = 0; (c = std::fgetc(file_)) != EOF;) all += static_cast<char>(c);
    return all;
  }

 private:
  void end() {
    if (before_ < 0) return;
    std::fflush(nullptr);
    ::dup2(before_, descriptor_);
    ::close(before_);
    before_ = -1;
  }

  int descriptor_;
  int before_;
  std::FILE* file_;
};

template <class... Ts>
std::string printed(const Ts&... values) {
  captured c(1);
  println(values...);
  return c.text();
}

TEST(println, separates_operands_by_spaces) {
  EXPECT_EQ(printed(), "\n");
  EXPECT_EQ(printed("a"), "a\n");
  EXPECT_EQ(printed("a", std::string("b"), std::string_view("c"), 'd'), "a b c d\n");
  EXPECT_EQ(printed("", "", ""), "  \n");
}

TEST(println, prints_what_has_an_operator) {
  EXPECT_EQ(printed(shop::order{7}, 1, shop::order{8}), "order 7 1 order 8\n");
  EXPECT_EQ(printed(shop::three), "3\n");
  EXPECT_EQ(printed(std::make_error_code(std::errc::timed_out)), "generic:110\n");
  char letters[] = "abc";
  const char* const nothing = nullptr;
  EXPECT_EQ(printed(letters, static_cast<char*>(letters), nothing, nullptr, nil), "abc abc <nil> <nil> <nil>\n");
  EXPECT_EQ(printed(errors::make("failed"), error()), "failed <nil>\n");
}

TEST(println, prints_numbers_and_bools) {
  EXPECT_EQ(printed(0, -1, 42U, INT64_MIN, UINT64_MAX, short{3}), "0 -1 42 -9223372036854775808 18446744073709551615 3\n");
  EXPECT_EQ(printed(true, false), "true false\n");
  EXPECT_EQ(printed(1.5, 0.1 + 0.2, 1e6, 2.5F), "1.5 0.30000000000000004 1e+06 2.5\n");
}

TEST(println, prints_nothing_when_an_operand_throws) {
  captured c(1);
  EXPECT_THROW(println("before", shop::refuses{}), std::runtime_error);
  println("after");
  EXPECT_EQ(c.text(), "after\n");
}

TEST(println, comes_after_what_stdio_was_given_before) {
  captured c(1);
  std::printf("1 ");
  println("2");
  std::cout << "3 ";
  println("4");
  std::puts("5");
  println("6");
  EXPECT_EQ(c.text(), "1 2\n3 4\n5\n6\n");
}

TEST(eprintln, goes_to_standard_error) {
  captured out(1);
  captured err(2);
  eprintln("wrong:", 3);
  EXPECT_EQ(err.text(), "wrong: 3\n");
  EXPECT_EQ(out.text(), "");
}

TEST(println, goes_where_stdout_goes) {
  char* text = nullptr;
  std::size_t bytes = 0;
  std::FILE* const before = stdout;
  stdout = ::open_memstream(&text, &bytes);
  println("into", "memory");
  std::fclose(stdout);
  stdout = before;
  EXPECT_EQ(std::string(text, bytes), "into memory\n");
  std::free(text);
}

void print_lines(char letter, int lines, std::size_t length) {
  const std::string line(length, letter);
  for (int i = 0; i < lines; ++i) println(line, i);
}

/// Each line must be whole, and all that a printer printed must be there in its order.
void check_lines(const std::string& all, int lines, std::size_t length) {
  std::map<char, int> next;
  std::istringstream in(all);
  for (std::string line; std::getline(in, line);) {
    ASSERT_GT(line.size(), length);
    const char letter = line[0];
    ASSERT_EQ(line, std::string(length, letter) + ' ' + std::to_string(next[letter]));
    ++next[letter];
  }
  EXPECT_EQ(next.size(), 4U);
  for (const auto& [letter, n] : next) EXPECT_EQ(n, lines) << letter;
}

WARREN_TEST(println, never_mixes_lines_of_goroutines) {
  constexpr int lines = 200;
  constexpr std::size_t length = 5000;  // longer than what a pipe takes at once
  captured c(1);
  sync::wait_group wg;
  for (const char letter : {'a', 'b', 'c', 'd'}) wg.go([=] { print_lines(letter, lines, length); });
  wg.wait();
  check_lines(c.text(), lines, length);
}

TEST(println, never_mixes_lines_of_threads) {
  constexpr int lines = 200;
  constexpr std::size_t length = 5000;
  captured c(1);
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b', 'c', 'd'}) threads.emplace_back(print_lines, letter, lines, length);
  for (std::thread& t : threads) t.join();
  check_lines(c.text(), lines, length);
}

TEST(println, writes_a_line_at_once) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_DIRECT), 0);  // each write is a packet of its own
  const int before = ::dup(1);
  std::fflush(stdout);
  ::dup2(ends[1], 1);
  println("one", 2, shop::order{3});
  ::dup2(before, 1);
  ::close(before);
  ::close(ends[1]);
  char packet[100];
  const ssize_t n = ::read(ends[0], packet, sizeof packet);
  ::close(ends[0]);
  ASSERT_GT(n, 0);
  EXPECT_EQ(std::string(packet, static_cast<std::size_t>(n)), "one 2 order 3\n");
}

}  // namespace
