// SPDX-License-Identifier: MIT
#pragma once

// A worker's bounded queue of goroutines that are ready: the owner pushes, everybody pops.
//
// Laws
//   * `tail_` and the slots between tail and head + room are written by the owner only.
//   * `head_` only grows, by compare-exchange: who moves it over a slot owns what the slot held. A thief reads slots
//     before it moves `head_`; the owner does not write them again until `head_` has passed, so what was read is true
//     when the exchange succeeds. (Go's runq; the indices wrap, 2^32 is a multiple of the room.)

#include <atomic>
#include <cstdint>

#include "goroutine.hpp"

namespace warren::runtime {

class run_queue {
 public:
#if defined(WARREN_STEPPING)  // small, so that explored schedules go round it
  static constexpr std::uint32_t room = 4;
#else
  static constexpr std::uint32_t room = 256;
#endif

  bool empty() const noexcept {
    return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_relaxed);
  }

  std::uint32_t size() const noexcept {
    const std::uint32_t n = tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_relaxed);
    return n <= room ? n : 0;  // a torn look: head moved between the loads
  }

  /// Owner. False when full.
  bool push(goroutine* g) noexcept {
    // Acquire: pairs with the release below, by an owner that was another thread of control: a thief that sees our tail
    // takes what that one pushed as well.
    const std::uint32_t tail = tail_.load(std::memory_order_acquire);
    // Acquire: pairs with the release of head_ in pop() and steal(); their reads of the slot are over.
    if (tail - head_.load(std::memory_order_acquire) >= room) return false;
    slots_[tail % room].store(g, std::memory_order_relaxed);
    // Release: pairs with the acquire of tail_ in steal(); publishes the slot and the goroutine.
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Owner.
  goroutine* pop() noexcept {
    std::uint32_t head = head_.load(std::memory_order_relaxed);
    while (head != tail_.load(std::memory_order_relaxed)) {
      goroutine* g = slots_[head % room].load(std::memory_order_relaxed);
      // Release: pairs with the acquire in push(). Acquire: with push() by an owner that was another thread of control.
      if (head_.compare_exchange_weak(head, head + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
        // Acquire: pairs with the release of tail_ in push().
        (void)tail_.load(std::memory_order_acquire);
        return g;
      }
    }
    return nullptr;
  }

  /// Anybody: takes half (rounded up), at most `limit`, to the list. Returns how many.
  std::uint32_t steal(goroutine_list& to, std::uint32_t limit) noexcept {
    goroutine* taken[room];
    for (;;) {
      // Acquire: pairs with the release of head_ in pop() and steal(), so that tail is not older than head.
      std::uint32_t head = head_.load(std::memory_order_acquire);
      // Acquire: pairs with the release of tail_ in push(); the slots and goroutines are there.
      const std::uint32_t tail = tail_.load(std::memory_order_acquire);
      std::uint32_t n = tail - head;
      n -= n / 2;
      if (n == 0) return 0;
      if (n > room / 2) continue;  // head moved between the loads
      if (n > limit) n = limit;
      for (std::uint32_t i = 0; i < n; ++i) taken[i] = slots_[(head + i) % room].load(std::memory_order_relaxed);
      // Release: pairs with the acquire in push(). Acquire: see pop().
      if (!head_.compare_exchange_strong(head, head + n, std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
      for (std::uint32_t i = 0; i < n; ++i) to.push_back(taken[i]);
      return n;
    }
  }

 private:
  alignas(64) std::atomic<std::uint32_t> head_{0};
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  std::atomic<goroutine*> slots_[room] = {};
};

}  // namespace warren::runtime
