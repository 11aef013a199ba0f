// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

namespace warren {

/// Calls a callable at the end of the block: `defer _ = [&] { file.close(); };`, `defer _2 = cancel;`. Several run last
/// first. An exception or goexit() that unwinds the block runs them too; one that nobody catches unwinds nothing.
/// Parks: as the callable does. Throws: never; what the callable throws ends the process.
/// Source: Go's defer statement.
template <class F>
class [[nodiscard("it would run at once")]] defer {
 public:
  defer(F f) noexcept(noexcept(F(std::move(f)))) : f_(std::move(f)) {}
  ~defer() { std::invoke(f_); }
  defer(const defer&) = delete;
  defer& operator=(const defer&) = delete;

 private:
  F f_;
};

}  // namespace warren

#define WARREN_DEFER_JOIN(a, b) a##b
#define WARREN_DEFER_NAME(n) WARREN_DEFER_JOIN(warren_defer_, n)

/// `WARREN_DEFER { ... };` runs the block at the end of the one it stands in.
#define WARREN_DEFER const ::warren::defer WARREN_DEFER_NAME(__COUNTER__) = [&]() -> void
