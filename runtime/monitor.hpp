// SPDX-License-Identifier: MIT
#pragma once

// The thread that looks after the workers: every 10 ms while anything runs, and not at all while nothing does.
//
// Laws
//   * It never runs user code and never parks a goroutine; what it finds due it makes runnable.
//   * Its sleep and its waking are decided under the scheduler's `places` lock: it goes to sleep for good only while no
//     worker holds a place and no stack waits to be tidied. Who takes the first place wakes it, and who falls asleep and
//     has left worn stacks behind.

#include <atomic>
#include <cstdint>

#include "scheduler.hpp"

namespace warren::runtime {

class monitor {
 public:
  void start() noexcept;
  /// Returns when its thread has ended.
  void stop() noexcept;

  int thread_id() const noexcept { return thread_id_.load(std::memory_order_relaxed); }

 private:
  static void thread_body(void*) noexcept;
  void loop() noexcept;
  void look() noexcept;
  void look_at(worker* w, bool work_waits, bool& one_replaced) noexcept;
  void look_at_timers(std::int64_t now) noexcept;
  bool sleep_if_idle() noexcept;

  std::atomic<std::uint32_t> running_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<int> thread_id_{0};
  owned<std::int64_t> recheck_ns_ = 0;  ///< until the next look for a deadlock while threads of others live
};

extern monitor the_monitor;

}  // namespace warren::runtime
