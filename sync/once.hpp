// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "../runtime/wait_queue.hpp"

namespace warren::sync {

/// Makes something happen exactly once. Source: Go sync.Once.
class once {
 public:
  constexpr once() noexcept = default;
  ~once() {
    if (state_.load(std::memory_order_relaxed) == waited) forsake_waiters();
  }
  once(const once&) = delete;
  once& operator=(const once&) = delete;

  /// Calls f if this is the first call, else waits until the first call's f has returned; one that throws, or
  /// calls goexit(), counts as having returned. f must not call do_ of the same object: it would wait for
  /// itself.
  /// Parks: while f runs elsewhere.
  /// Throws: what f throws, in the first call only.
  template <class F>
  void do_(F&& f) {
    // Acquire: pairs with the release in finish().
    if (state_.load(std::memory_order_acquire) == done) [[likely]] return;
    if (!begin()) return;
    const finished at_the_end{*this};
    std::invoke(std::forward<F>(f));
  }

 private:
  // The state diagram stands in once.cpp.
  static constexpr std::uint32_t idle = 0;
  static constexpr std::uint32_t running = 1;
  static constexpr std::uint32_t waited = 2;
  static constexpr std::uint32_t done = 3;

  // A destructor, not a handler: for an exception that nobody catches it never runs.
  struct finished {
    once& of;
    ~finished() { of.finish(); }
  };

  bool begin();
  void finish() noexcept;
  void forsake_waiters() noexcept;

  std::atomic<std::uint32_t> state_{idle};
  runtime::wait_queue queue_;
};

}  // namespace warren::sync
