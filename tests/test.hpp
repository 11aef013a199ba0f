// SPDX-License-Identifier: MIT
#pragma once

// The fixture of all tests that use goroutines: the body runs as goroutine 1 with 1, 2 and 4 workers, and afterwards
// nothing may be left that was not there before: no goroutine, stack, armed timer or queued waiter.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace warren::tests {

/// What big counts are divided by: 1, or WARREN_TEST_SCALE in the environment (sanitizer builds set it).
int scale();

/// The program was built with ThreadSanitizer.
#if defined(__SANITIZE_THREAD__)
inline constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool under_thread_sanitizer = true;
#else
inline constexpr bool under_thread_sanitizer = false;
#endif
#else
inline constexpr bool under_thread_sanitizer = false;
#endif

/// `count` for this build: count / scale(), at least 1.
std::int64_t scaled(std::int64_t count);

/// Runs `body` inside run() with so many workers and looks for leaks with a second of grace.
void run_and_look_for_leaks(int workers, void (*body)());

/// Lists the body as three tests. Returns true, so that a global can be initialised with it.
bool list_test(const char* suite, const char* name, void (*body)(), const char* file, int line);

}  // namespace warren::tests

/// A test inside run(), with 1, 2 and 4 workers: SUITE_run.NAME/1, /2 and /4.
#define WARREN_TEST(suite, name)                                                                      \
  static void suite##_##name##_body();                                                                \
  [[maybe_unused]] static const bool suite##_##name##_listed =                                        \
      ::warren::tests::list_test(#suite "_run", #name, suite##_##name##_body, __FILE__, __LINE__);    \
  static void suite##_##name##_body()
