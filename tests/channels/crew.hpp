// SPDX-License-Identifier: MIT
#pragma once

// What the channel tests share: goroutines that are waited for, and short waits.

#include <warren/channels/channel.hpp>
#include <warren/runtime/clock.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/timer.hpp>

#include <cstdint>
#include <utility>

namespace warren::tests {

/// Starts goroutines and waits for their ends, by a channel.
class crew {
 public:
  template <class F>
  void go(F f) {
    ++working_;
    warren::go([f = std::move(f), ended = ended_]() mutable {
      f();
      ended.send();
    });
  }

  void wait() {
    for (; working_ > 0; --working_) ended_.recv();
  }

 private:
  chan<void> ended_ = make_chan<void>();
  int working_ = 0;
};

/// Long enough for others to come as far as they can.
inline void pause(std::int64_t milliseconds = 1) {
  runtime::sleep_until_ns(runtime::now_ns() + milliseconds * 1'000'000);
}

/// Waits until as many goroutines more than before wait in a queue; a select counts once for each case.
class queue_watch {
 public:
  void wait_for(std::int64_t more) const {
    while (runtime::count_all().queued_waiters - before_ != more) pause();
  }

 private:
  std::int64_t before_ = runtime::count_all().queued_waiters;
};

}  // namespace warren::tests
