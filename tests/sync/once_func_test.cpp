// SPDX-License-Identifier: MIT
#include <warren/errors/panic.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/once_func.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(once_func, TestOnceFunc) {
  int calls = 0;
  const sync::once_func f([&] { ++calls; });
  const auto copy = f;
  EXPECT_EQ(calls, 0);
  f();
  copy();
  f();
  EXPECT_EQ(calls, 1);
}

WARREN_TEST(once_func, TestOnceValue) {
  int calls = 0;
  const sync::once_value f([&] { return ++calls; });
  static_assert(std::is_same_v<decltype(f), const sync::once_value<int>>);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(f(), 1);
  const std::function<int()> copy = f;
  EXPECT_EQ(copy(), 1);
  EXPECT_EQ(&f(), &f());
  EXPECT_EQ(calls, 1);
}

WARREN_TEST(once_func, TestOnceValues) {
  int calls = 0;
  const sync::once_value f([&] {
    ++calls;
    return std::pair(calls, calls + 1);
  });
  for (int i = 0; i < 2; ++i) {
    const auto& [a, b] = f();
    EXPECT_EQ(a, 1);
    EXPECT_EQ(b, 2);
  }
  EXPECT_EQ(calls, 1);
}

WARREN_TEST(once_func, the_value_may_be_of_a_type_that_can_only_be_moved) {
  const sync::once_value f([] { return std::make_unique<int>(7); });
  EXPECT_EQ(*f(), 7);
  EXPECT_EQ(f().get(), f().get());
  const sync::once_value<std::string> converted([] { return "text"; });
  EXPECT_EQ(converted(), "text");
}

template <class F>
void expect_x_each_time(const F& f, const int& calls) {
  const std::exception* first = nullptr;
  for (int i = 0; i < 3; ++i) {
    try {
      f();
      ADD_FAILURE() << "it did not throw";
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "x");
      if (first == nullptr) first = &e;
      EXPECT_EQ(&e, first);
    }
  }
  EXPECT_EQ(calls, 1);
}

[[noreturn]] void throw_x(int& calls) {
  ++calls;
  throw std::runtime_error("x");
}

WARREN_TEST(once_func, TestOnceFuncPanic) {
  int calls = 0;
  expect_x_each_time(sync::once_func([&] { throw_x(calls); }), calls);
}

WARREN_TEST(once_func, TestOnceValuePanic) {
  int calls = 0;
  expect_x_each_time(sync::once_value<int>([&]() -> int { throw_x(calls); }), calls);
}

WARREN_TEST(once_func, TestOnceValuesPanic) {
  int calls = 0;
  expect_x_each_time(sync::once_value([&]() -> std::pair<int, int> { throw_x(calls); }), calls);
}

WARREN_TEST(once_func, TestOnceFuncPanicNil) {
  int calls = 0;
  const sync::once_func f([&] {
    ++calls;
    panic(nil);
  });
  for (int i = 0; i < 2; ++i) EXPECT_THROW(f(), panic_error);
  EXPECT_EQ(calls, 1);
}

WARREN_TEST(once_func, TestOnceFuncGoexit) {
  int calls = 0;
  const sync::once_func f([&] {
    ++calls;
    goexit();
  });
  for (int i = 0; i < 2; ++i) {
    sync::wait_group wg;
    wg.go([&] {
      if (i == 0) {
        f();
        ADD_FAILURE() << "goexit returned";
      }
      EXPECT_THROW(f(), panic_error);
    });
    wg.wait();
  }
  EXPECT_EQ(calls, 1);
}

// Go's TestOnceXGC: the function, with what it captured, does not live on in what remembers its result.
WARREN_TEST(once_func, TestOnceXGC) {
  const auto check = [](const auto& f, const std::weak_ptr<int>& captured) {
    EXPECT_FALSE(captured.expired()) << "dropped before the call";
    for (int i = 0; i < 2; ++i) {
      try {
        f();
      } catch (const std::runtime_error&) {
      }
      EXPECT_TRUE(captured.expired()) << "kept after the call";
    }
  };
  const auto fresh = [] { return std::make_shared<int>(1); };
  auto p = fresh();
  std::weak_ptr<int> w = p;
  check(sync::once_func([p = std::move(p)] { ++*p; }), w);
  p = fresh();
  w = p;
  check(sync::once_value([p = std::move(p)] { return ++*p; }), w);
  p = fresh();
  w = p;
  check(sync::once_func([p = std::move(p)] { throw std::runtime_error("x"); }), w);
  p = fresh();
  w = p;
  check(sync::once_value([p = std::move(p)]() -> int { throw std::runtime_error("x"); }), w);
}

WARREN_TEST(once_func, many_call_at_once) {
  const std::int64_t rounds = tests::scaled(1'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    int calls = 0;
    const sync::once_value f([&] {
      if (i % 4 == 0) gosched();
      return ++calls;
    });
    const sync::once_func fails([] { throw std::runtime_error("x"); });
    sync::wait_group wg;
    for (int k = 0; k < 8; ++k) {
      wg.go([&] {
        EXPECT_EQ(f(), 1);
        EXPECT_THROW(fails(), std::runtime_error);
      });
    }
    wg.wait();
  }
}

}  // namespace
