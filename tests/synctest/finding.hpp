// SPDX-License-Identifier: MIT
#pragma once

#include <warren/synctest/explore.hpp>

#include <gtest/gtest.h>

#include <optional>

namespace warren::tests {

/// How it fails, or nothing. What is reported meanwhile stays unseen.
template <class F>
std::optional<synctest::schedule_failure> failure_of(const synctest::explore_options& o, F f) {
  testing::internal::CaptureStderr();
  std::optional<synctest::schedule_failure> found;
  try {
    synctest::explore(o, f);
  } catch (const synctest::schedule_failure& e) {
    found = e;
  }
  testing::internal::GetCapturedStderr();
  return found;
}

}  // namespace warren::tests
