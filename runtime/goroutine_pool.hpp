// SPDX-License-Identifier: MIT
#pragma once

// Control blocks: where they come from, and the list of all of them.
//
// Laws
//   * Blocks lie in slabs that are never given back, so that a dump may walk them while goroutines come and go.
//   * A free block is in one worker's cache or in the depot, chained by `next`. Caches and depot exchange whole batches,
//     so a program that starts goroutines on one worker and ends them on another takes the depot's lock once a batch.
//   * `state` is stored with release when a block becomes free and read with acquire when it is taken: what the last
//     goroutine in it did happens before what the next one does.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "goroutine.hpp"

namespace warren::runtime {

namespace blocks {

/// Bytes for the callable in a block of each class. A bigger one is allocated apart.
inline constexpr std::size_t closure_room[] = {32, 128};
inline constexpr std::uint8_t classes = 2;
inline constexpr std::uint32_t batch = 64;

constexpr std::size_t bytes_of_class(std::uint8_t c) noexcept { return sizeof(goroutine) + closure_room[c]; }

/// A chain of at most `batch` free blocks by `next`; null when the system gives no more memory.
goroutine* take_batch(std::uint8_t size_class) noexcept;
void give_batch(std::uint8_t size_class, goroutine* chain) noexcept;

/// One block, without a cache: for threads that are no workers.
goroutine* take_one(std::uint8_t size_class) noexcept;
void give_one(goroutine* g) noexcept;

}  // namespace blocks

/// A worker's own free blocks. Owner: the worker.
class block_cache {
 public:
  goroutine* take(std::uint8_t size_class) noexcept {
    shelf& s = shelves_[size_class];
    goroutine* g = s.head;
    if (g == nullptr) {
      g = blocks::take_batch(size_class);
      if (g == nullptr) return nullptr;
      s.size = blocks::batch;
    }
    // Acquire: pairs with the release in give(); what the block's last goroutine did is over.
    (void)g->state.load(std::memory_order_acquire);
    s.head = g->next;
    s.size = s.size - 1;
    return g;
  }

  void give(goroutine* g) noexcept {
    shelf& s = shelves_[g->size_class];
    if (s.size >= 2 * blocks::batch) give_half(g->size_class);
    g->next = s.head;
    // Release: pairs with the acquire in take() and in the depot's users.
    g->state.store(goroutine_state::dead, std::memory_order_release);
    s.head = g;
    s.size = s.size + 1;
  }

  void drain() noexcept;

 private:
  struct shelf {
    owned<goroutine*> head = nullptr;
    owned<std::uint32_t> size = 0;  ///< at least the length of the chain
  };

  void give_half(std::uint8_t size_class) noexcept;

  shelf shelves_[blocks::classes];
};

/// Calls f with every block there is, free ones too. Blocks may change while it runs.
void for_each_block(void (*f)(goroutine*, void*), void* argument);

template <class F>
void for_each_goroutine(F&& f) {
  for_each_block(
      [](goroutine* g, void* raw) {
        if (g->state.load(std::memory_order_relaxed) != goroutine_state::dead) (*static_cast<F*>(raw))(g);
      },
      &f);
}

}  // namespace warren::runtime
