// SPDX-License-Identifier: MIT
#pragma once

// Signals that tests send to their own process, and wait for.

#include <warren/channels/channel.hpp>

#include <csignal>
#include <unistd.h>

#include "../runtime/waiting.hpp"
#include "../test.hpp"

namespace warren::tests {

/// To the process, as another process would send it. A race detector holds that back from a thread that waits in a system
/// call which it does not know; what a thread sends to itself comes at once.
inline void send_to_self(int signal) {
  if (under_thread_sanitizer) {
    ::raise(signal);
  } else {
    ::kill(::getpid(), signal);
  }
}

/// The next signal in the channel; 0: none came in time.
inline int arriving(const chan<int>& c, std::chrono::nanoseconds limit = 10s) {
  int signal = 0;
  eventually([&] { return c.try_recv(signal) == recv_status::value; }, limit);
  return signal;
}

/// Nothing comes for a while.
inline bool stays_silent(const chan<int>& c) { return arriving(c, 20ms) == 0; }

/// A handler of the program's own, in place while it lives.
class own_handler {
 public:
  explicit own_handler(int signal) : signal_(signal) {
    struct sigaction mine {};
    mine.sa_handler = [](int) { calls_ = calls_ + 1; };
    calls_ = 0;
    ::sigaction(signal, &mine, &before_);
  }
  ~own_handler() { ::sigaction(signal_, &before_, nullptr); }
  own_handler(const own_handler&) = delete;
  own_handler& operator=(const own_handler&) = delete;

  static int calls() { return calls_; }

 private:
  static inline volatile std::sig_atomic_t calls_ = 0;
  int signal_;
  struct sigaction before_ {};
};

}  // namespace warren::tests
