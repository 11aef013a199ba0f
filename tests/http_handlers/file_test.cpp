// SPDX-License-Identifier: MIT
#include <warren/http/file.hpp>
#include <warren/runtime/files.hpp>
#include <warren/runtime/system.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <system_error>

#include "../test.hpp"
#include "folder.hpp"

namespace {

using namespace warren;
namespace sys = runtime::sys;
using http::file;

std::string text_of(file& f) {
  std::string all;
  std::array<char, 7> piece;
  for (;;) {
    const auto [n, err] = f.read_at(static_cast<std::int64_t>(all.size()), piece);
    EXPECT_EQ(err, nil) << err;
    if (n == 0) return all;
    all.append(piece.data(), n);
  }
}

std::errc code_of(const error& err) {
  const auto* code = errors::as<std::error_code>(err);
  return code == nullptr ? std::errc() : static_cast<std::errc>(code->value());
}

WARREN_TEST(file, Reads) {
  const tests::folder at;
  at.write("a/b.txt", "some text");
  auto [f, err] = file::open(at.path(), "a/b.txt");
  ASSERT_EQ(err, nil) << err;
  EXPECT_FALSE(f.is_folder());
  EXPECT_EQ(f.size(), 9);
  EXPECT_EQ(text_of(f), "some text");
  EXPECT_EQ(f.read_at(1000, {}).value(), 0U);
  const auto age = std::chrono::system_clock::now() - f.modified();
  EXPECT_LT(age, std::chrono::minutes(1));
  EXPECT_GT(age, -std::chrono::minutes(1));
  file moved = std::move(f);
  EXPECT_EQ(text_of(moved), "some text");
}

WARREN_TEST(file, Lists) {
  const tests::folder at;
  at.write("c", "");
  at.write("B/inside", "");
  at.write(".hidden", "");
  at.link("a", "B");
  auto [f, err] = file::open(at.path(), ".");
  ASSERT_EQ(err, nil) << err;
  EXPECT_TRUE(f.is_folder());
  for (int twice = 0; twice < 2; ++twice) {
    const auto [entries, failed] = f.entries();
    ASSERT_EQ(failed, nil) << failed;
    std::string all;
    for (const auto& e : entries) all += e.name + (e.is_folder ? "/ " : " ");
    EXPECT_EQ(all, ".hidden B/ a c ");
  }
}

WARREN_TEST(file, NothingOutside) {
  const tests::folder at;
  at.write("secret", "secret");
  at.write("root/in", "in");
  at.link("root/out", "../secret");
  at.link("root/absolute", at.path("secret"));
  at.link("root/up", "..");
  at.link("root/stays", "in");
  at.link("root/loop", "loop");
  const std::string root = at.path("root");
  for (const char* path :
       {"out", "absolute", "up/secret", "../secret", "/etc/passwd", "missing", "./../secret"}) {
    EXPECT_EQ(code_of(file::open(root, path).err()), std::errc::no_such_file_or_directory) << path;
  }
  EXPECT_EQ(code_of(file::open(root, "in/x").err()), std::errc::not_a_directory);
  EXPECT_EQ(code_of(file::open(root, "loop").err()), std::errc::too_many_symbolic_link_levels);
  EXPECT_EQ(code_of(file::open(at.path("none"), "in").err()), std::errc::no_such_file_or_directory);
  auto [f, err] = file::open(root, "stays");
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(text_of(f), "in");
}

/// What is there but is no file does not hold anybody up.
WARREN_TEST(file, NoPipes) {
  const tests::folder at;
  ASSERT_EQ(::mkfifo(at.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(code_of(file::open(at.path(), "pipe").err()), std::errc::no_such_file_or_directory);
}

/// On systems that lack openat2.
TEST(file, Stepwise) {
  const tests::folder at;
  at.write("secret", "secret");
  at.write("root/a/b/in", "in");
  at.link("root/stays", "a");
  at.link("root/a/file", "b/in");
  const int root = sys::open_folder(at.path("root").c_str());
  ASSERT_GE(root, 0);
  const int found = sys::open_stepwise(root, "a/b/in");
  ASSERT_GE(found, 0);
  std::array<char, 8> text;
  EXPECT_EQ(sys::read_at(found, text, 0), 2);
  sys::close_file(found);
  EXPECT_EQ(sys::open_stepwise(root, "stays/b/in"), -ENOTDIR);
  EXPECT_EQ(sys::open_stepwise(root, "a/file"), -ELOOP);
  EXPECT_EQ(sys::open_stepwise(root, "../secret"), -ENOENT);
  EXPECT_EQ(sys::open_stepwise(root, "a/../../secret"), -ENOENT);
  EXPECT_EQ(sys::open_stepwise(root, ".."), -ENOENT);
  EXPECT_EQ(sys::open_stepwise(root, "a/none"), -ENOENT);
  EXPECT_EQ(sys::open_stepwise(root, std::string(300, 'x').c_str()), -ENAMETOOLONG);
  const int folder = sys::open_stepwise(root, ".");
  EXPECT_GE(folder, 0);
  sys::close_file(folder);
  sys::close_file(root);
}

// Faults are not for use beside other threads that make calls: these tests have no run().

/// Makes the n-th of the calls of a kind fail, which `state` counts down.
struct failing {
  sys::call which;
  int left;
  int number;
};

int fail_nth(sys::call c, void* state) noexcept {
  auto& f = *static_cast<failing*>(state);
  return c == f.which && f.left-- == 0 ? f.number : 0;
}

// Whatever fails is reported, and no descriptor is left open: the next one has the same number as before.
TEST(file, FailuresOfTheSystem) {
  const tests::folder at;
  at.write("in", "in");
  const int before = sys::open_folder(at.path().c_str());
  sys::close_file(before);
  const struct {
    sys::call which;
    int nth;
  } cases[] = {{sys::call::open, 0}, {sys::call::open, 1}, {sys::call::read, 0}};
  for (const auto& c : cases) {
    failing f{c.which, c.nth, EMFILE};
    sys::set_fault(fail_nth, &f);
    const error err = file::open(at.path(), "in").err();
    sys::set_fault(nullptr, nullptr);
    EXPECT_EQ(code_of(err), std::errc::too_many_files_open) << c.nth;
  }
  // Without openat2 the same file is found a step at a time.
  failing no_such_call{sys::call::open, 1, ENOSYS};
  sys::set_fault(fail_nth, &no_such_call);
  auto [found, err] = file::open(at.path(), "in");
  sys::set_fault(nullptr, nullptr);
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(text_of(found), "in");
  found = file();
  const int after = sys::open_folder(at.path().c_str());
  sys::close_file(after);
  EXPECT_EQ(after, before);
}

// Where the page cache says that it does not know, the disk is asked.
TEST(file, ReadsPastTheCache) {
  const tests::folder at;
  at.write("in", "in");
  auto [f, err] = file::open(at.path(), "in");
  ASSERT_EQ(err, nil) << err;
  failing not_cached{sys::call::read, 0, EAGAIN};
  sys::set_fault(fail_nth, &not_cached);
  EXPECT_EQ(text_of(f), "in");
  failing broken{sys::call::read, 0, EIO};
  sys::set_fault(fail_nth, &broken);
  std::array<char, 8> text;
  const error failed = f.read_at(0, text).err();
  sys::set_fault(nullptr, nullptr);
  EXPECT_EQ(code_of(failed), std::errc::io_error);
}

}  // namespace
