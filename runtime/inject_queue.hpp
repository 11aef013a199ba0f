// SPDX-License-Identifier: MIT
#pragma once

// The queue that all workers share: what overflows a run queue, what threads that are no workers make ready, and what a
// worker that lost its place was running. Fresh and ready goroutines alike.
//
// Law: everything under `lock_`, a leaf; `size_` is also read without it, as a hint.

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"
#include "spinlock.hpp"

namespace warren::runtime {

class inject_queue {
 public:
  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return size() == 0; }

  void push(goroutine* g) noexcept {
    spin_guard hold(lock_);
    list_.push_back(g);
    size_.store(list_.size(), std::memory_order_relaxed);
  }

  void append(goroutine_list&& more) noexcept {
    spin_guard hold(lock_);
    list_.append(static_cast<goroutine_list&&>(more));
    size_.store(list_.size(), std::memory_order_relaxed);
  }

  /// Takes at most `limit` to the list.
  void take(goroutine_list& to, std::uint32_t limit) noexcept {
    if (empty()) return;
    spin_guard hold(lock_);
    for (std::uint32_t n = 0; n < limit; ++n) {
      goroutine* g = list_.pop_front();
      if (g == nullptr) break;
      to.push_back(g);
    }
    size_.store(list_.size(), std::memory_order_relaxed);
  }

 private:
  spinlock lock_;
  std::atomic<std::uint32_t> size_{0};
  goroutine_list list_;
};

}  // namespace warren::runtime
