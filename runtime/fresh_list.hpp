// SPDX-License-Identifier: MIT
#pragma once

// Goroutines that have not started, oldest to newest: the owner takes the newest, so that a tree of goroutines is walked
// in depth and needs few stacks; thieves take the oldest, which stand for the most work.
//
// Law: everything under `lock_`, a leaf; `size_` is also read without it, as a hint.

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"
#include "spinlock.hpp"

namespace warren::runtime {

class fresh_list {
 public:
  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return size() == 0; }

  /// Returns how many there were before.
  std::uint32_t push(goroutine* g) noexcept {
    spin_guard hold(lock_);
    g->next = nullptr;
    g->prev = newest_;
    (newest_ != nullptr ? newest_->next : oldest_) = g;
    newest_ = g;
    const std::uint32_t before = size();
    size_.store(before + 1, std::memory_order_relaxed);
    return before;
  }

  goroutine* pop_newest() noexcept {
    if (empty()) return nullptr;
    spin_guard hold(lock_);
    goroutine* g = newest_;
    if (g == nullptr) return nullptr;
    newest_ = g->prev;
    (newest_ != nullptr ? newest_->next : oldest_) = nullptr;
    size_.store(size() - 1, std::memory_order_relaxed);
    return g;
  }

  /// The oldest, if it was started before the monitor's look `look`.
  goroutine* pop_aged(std::uint32_t look) noexcept {
    if (empty()) return nullptr;
    spin_guard hold(lock_);
    if (oldest_ == nullptr || static_cast<std::int32_t>(look - oldest_->fresh_since) < 2) return nullptr;
    return take_oldest();
  }

  /// Takes half (rounded up), at most `limit`, oldest first. Returns how many.
  std::uint32_t steal(goroutine_list& to, std::uint32_t limit) noexcept {
    if (empty()) return 0;
    spin_guard hold(lock_);
    std::uint32_t n = size() - size() / 2;
    if (n > limit) n = limit;
    for (std::uint32_t i = 0; i < n; ++i) to.push_back(take_oldest());
    return n;
  }

 private:
  goroutine* take_oldest() noexcept {
    goroutine* g = oldest_;
    if (g == nullptr) return nullptr;
    oldest_ = g->next;
    (oldest_ != nullptr ? oldest_->prev : newest_) = nullptr;
    size_.store(size() - 1, std::memory_order_relaxed);
    return g;
  }

  spinlock lock_;
  std::atomic<std::uint32_t> size_{0};
  goroutine* oldest_ = nullptr;
  goroutine* newest_ = nullptr;
};

}  // namespace warren::runtime
