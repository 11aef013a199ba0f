// SPDX-License-Identifier: MIT
#pragma once

// Waiting in tests: for a time, for something to become true, and not for ever.

#include <warren/runtime/clock.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

namespace warren::tests {

using std::chrono_literals::operator""us;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

/// Parks the calling goroutine (or sleeps, on a thread) for so long.
void pause(std::chrono::nanoseconds d);

/// Keeps the processor busy for so long, without a call to the runtime.
void compute(std::chrono::nanoseconds d);

/// Waits in small pauses until `is` says so, at most for `limit`. Returns what it said last.
template <class Is>
bool eventually(Is is, std::chrono::nanoseconds limit = 5s) {
  const std::int64_t end = runtime::now_ns() + limit.count();
  while (!is()) {
    if (runtime::now_ns() > end) return is();
    pause(1ms);
  }
  return true;
}

/// Milliseconds since it was made.
class stopwatch {
 public:
  std::int64_t ms() const { return (runtime::now_ns() - begin_) / 1'000'000; }

 private:
  std::int64_t begin_ = runtime::now_ns();
};

/// Ends the test program with a dump of all goroutines when it lives for longer than `limit`: for tests in which a lost
/// wake-up would hang. Its thread is one that the library does not know, so no deadlock is reported meanwhile.
class watchdog {
 public:
  explicit watchdog(const char* what, std::chrono::seconds limit);
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace warren::tests
