// SPDX-License-Identifier: MIT
// Global errors: made while compiling, never counted, never destroyed.
#include <warren/errors/error.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using warren::error;
using warren::nil;
namespace errors = warren::errors;

void say_last_words();
bool has_last_words = false;

/// Stands before every global error of this file, so that its destructor runs after all of theirs.
struct last_words {
  last_words() noexcept {}
  ~last_words() {
    if (has_last_words) say_last_words();
  }
} const before_the_errors;

/// Uses the global errors before anything in this file was initialised at run time.
struct first_words {
  first_words();
  std::string text;
  bool was_itself;
} const during_start;

struct timeout final : errors::base {
  std::string message() const override { return "deadline exceeded"; }
  bool is_timeout() const override { return true; }
};

/// Its destructor is not constexpr, and must not run.
struct fragile final : errors::base {
  int number;
  constexpr explicit fragile(int n) noexcept : number(n) {}
  ~fragile() override { std::abort(); }
  std::string message() const override { return "fragile " + std::to_string(number); }
};

constexpr errors::sentinel canceled_object{"canceled"};
constexpr error canceled{canceled_object};

constexpr errors::immortal<timeout> deadline_object{};
constinit const error deadline{deadline_object};

constinit const errors::immortal<fragile> fragile_object{7};
constinit error changeable{fragile_object};

/// As a class gives its errors.
class owner {
 public:
  static constexpr errors::sentinel closed_object{"closed"};
  static constexpr error closed{closed_object};
  static const error also_closed;
};
constexpr error owner::also_closed{closed_object};

constinit error plain_nil;
constexpr error also_nil{nil};

static_assert(canceled != nil && also_nil == nil && canceled == canceled);
static_assert(canceled == error(canceled_object));
static_assert(!std::is_constructible_v<error, errors::sentinel>, "a temporary is not immortal");
static_assert(!std::is_copy_constructible_v<errors::sentinel>);
static_assert(!std::is_constructible_v<error, errors::base*>);

constexpr bool copies_while_compiling() {
  error copy = canceled;
  error moved = static_cast<error&&>(copy);
  copy = moved;
  moved = nil;
  return copy == canceled && moved == nil;
}
static_assert(copies_while_compiling());

first_words::first_words()
    : text(canceled.message() + ", " + deadline.message()), was_itself(deadline == deadline_object) {}

TEST(error_global, is_ready_before_any_constructor_runs) {
  EXPECT_EQ(during_start.text, "canceled, deadline exceeded");
  EXPECT_TRUE(during_start.was_itself);
}

TEST(error_global, is_an_error_like_others) {
  error err = canceled;
  EXPECT_TRUE(err == canceled);
  EXPECT_TRUE(err == canceled_object);
  EXPECT_TRUE(canceled != nil);
  EXPECT_TRUE(canceled) << "and no warning that its address is never null";
  EXPECT_EQ(err.message(), "canceled");
  EXPECT_TRUE(errors::is(errors::wrap("read", err), canceled));
  EXPECT_TRUE(errors::is(errors::join(deadline, canceled), canceled));
  EXPECT_FALSE(errors::is(canceled, deadline));
  EXPECT_TRUE(errors::is_timeout(deadline));
  EXPECT_TRUE(errors::is_timeout(errors::wrap("dial", deadline)));
  EXPECT_FALSE(errors::is_timeout(canceled));
  EXPECT_NE(errors::as<timeout>(deadline), nullptr);
  EXPECT_EQ(owner::closed.message(), "closed");
  EXPECT_TRUE(owner::also_closed == owner::closed);
  EXPECT_TRUE(plain_nil == nil);
}

TEST(error_global, outlives_every_handle_to_it) {
  for (int i = 0; i < 3; ++i) {
    error a = changeable;
    error b = fragile_object;
    error c = errors::wrap("x", b);
    EXPECT_TRUE(a == b);
    EXPECT_EQ(c.message(), "x: fragile 7");
  }
  error kept = changeable;
  changeable = nil;
  kept = nil;
  changeable = fragile_object;
  EXPECT_EQ(changeable.message(), "fragile 7");
}

TEST(error_global, is_shared_by_threads_without_a_write) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) {
        error a = canceled;
        error b = errors::wrap("x", deadline);
        a = b;
        if (!errors::is(a, deadline)) std::abort();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(canceled.message(), "canceled");
}

void say_last_words() {
  error copy = changeable;
  error wrapped = errors::wrap("at the end", errors::join(canceled, deadline, copy, owner::closed));
  std::fprintf(stderr, "[%s]", wrapped.message().c_str());
  if (!errors::is(wrapped, canceled) || !errors::is_timeout(wrapped)) std::_Exit(9);
}

TEST(error_global_death_test, works_in_exit_handlers_and_in_the_destructors_of_older_globals) {
  const std::string once = R"(\[at the end: canceled.deadline exceeded.fragile 7.closed\])";
  auto leave = [] {
    has_last_words = true;
    std::atexit(say_last_words);
    std::exit(3);
  };
  EXPECT_EXIT(leave(), testing::ExitedWithCode(3), once + once);
}

}  // namespace
