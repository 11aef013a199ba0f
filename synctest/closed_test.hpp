// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <exception>

#include "../runtime/closed_world.hpp"
#include "../runtime/run.hpp"
#include "test_body.hpp"

namespace warren::synctest {

/// Midnight of 1 January 2000, UTC, in nanoseconds since 1970.
inline constexpr std::int64_t first_moment = 946'684'800LL * 1'000'000'000;

/// A body on its way through a closed world, once.
class closed_test {
 public:
  closed_test(const test_body& body, runtime::closed_world& world) noexcept : body_(body), world_(world) {}

  /// Throws: std::logic_error when a run is going on.
  void run(const run_options& options);
  /// What left the body.
  const std::exception_ptr& failure() const noexcept { return failure_; }

 private:
  void run_body();

  const test_body& body_;
  runtime::closed_world& world_;
  std::exception_ptr failure_;
};

}  // namespace warren::synctest
