// SPDX-License-Identifier: MIT
#pragma once

// Goroutines that have not started, oldest to newest: the owner takes the newest, so that a tree of goroutines is walked
// in depth and needs few stacks; thieves take the oldest, which stand for the most work.
//
// A ring of pointers, not a chain through the goroutines: a thief reads sixteen of them from two cache lines while it
// holds the lock, instead of one line of another processor for each.
//
// Law: everything under `lock_`, a leaf; `size_` is also read without it, as a hint.

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "goroutine.hpp"
#include "spinlock.hpp"

namespace warren::runtime {

class fresh_list {
 public:
  constexpr fresh_list() noexcept = default;
  ~fresh_list() { std::free(ring_); }
  fresh_list(const fresh_list&) = delete;
  fresh_list& operator=(const fresh_list&) = delete;

  std::uint32_t size() const noexcept { return size_.load(std::memory_order_relaxed); }
  bool empty() const noexcept { return size() == 0; }

  /// False: there is no memory for one more.
  bool push(goroutine* g) noexcept {
    spin_guard hold(lock_);
    if (size() == room_ && !grow()) [[unlikely]] return false;
    at(size()) = g;
    set_size(size() + 1);
    return true;
  }

  goroutine* pop_newest() noexcept {
    if (empty()) return nullptr;
    spin_guard hold(lock_);
    if (empty()) return nullptr;
    goroutine* g = at(size() - 1);
    set_size(size() - 1);
    return g;
  }

  /// The oldest, if it was started before the monitor's look `look`.
  goroutine* pop_aged(std::uint32_t look) noexcept {
    if (empty()) return nullptr;
    spin_guard hold(lock_);
    if (empty() || static_cast<std::int32_t>(look - at(0)->fresh_since) < 2) return nullptr;
    goroutine* g = nullptr;
    take_oldest(&g, 1);
    return g;
  }

  /// Takes half (rounded up), at most `limit`, oldest first. Returns how many.
  std::uint32_t steal(goroutine** to, std::uint32_t limit) noexcept {
    if (empty()) return 0;
    spin_guard hold(lock_);
    std::uint32_t n = size() - size() / 2;
    if (n > limit) n = limit;
    take_oldest(to, n);
    return n;
  }

 private:
  static constexpr std::uint32_t first_room = 64;
  static constexpr std::uint32_t kept_room = 4096;  ///< a ring that was larger is given back when it runs empty

  goroutine*& at(std::uint32_t i) noexcept { return ring_[(first_ + i) & (room_ - 1)]; }
  void set_size(std::uint32_t n) noexcept {
    size_.store(n, std::memory_order_relaxed);
    if (n == 0 && room_ > kept_room) [[unlikely]] shrink();
  }
  void take_oldest(goroutine** to, std::uint32_t n) noexcept {
    for (std::uint32_t i = 0; i < n; ++i) to[i] = at(i);
    first_ += n;
    set_size(size() - n);
  }
  bool grow() noexcept;
  void shrink() noexcept;

  spinlock lock_;
  std::atomic<std::uint32_t> size_{0};
  goroutine** ring_ = nullptr;
  std::uint32_t room_ = 0;   ///< slots of the ring: a power of two, or none
  std::uint32_t first_ = 0;  ///< the oldest one's; wraps
};

}  // namespace warren::runtime
