// SPDX-License-Identifier: MIT
#include "goroutine_pool.hpp"

#include <algorithm>
#include <atomic>
#include <new>

#include "sanitizer.hpp"
#include "spinlock.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace {

/// Constant once published, but for `made`.
struct block_slab {
  block_slab* next;
  std::uint8_t size_class;
  std::uint32_t room;
  char* base;
  std::atomic<std::uint32_t> made{0};  // blocks so far; grows under the depot's lock

  goroutine* at(std::uint32_t n) const noexcept {
    return reinterpret_cast<goroutine*>(base + n * blocks::bytes_of_class(size_class));
  }
};

constexpr std::size_t slab_bytes = 1 << 20;

struct depot {
  spinlock lock;
  goroutine* batches[blocks::classes] = {};  // each the head of a chain; linked to the next chain by `prev`
  block_slab* newest[blocks::classes] = {};  // the only one with room for more
};

constinit depot all;
constinit std::atomic<block_slab*> slabs{nullptr};

/// The depot's lock is held.
block_slab* map_slab(std::uint8_t c) noexcept {
  auto* slab = new (std::nothrow) block_slab{nullptr, c, 0, nullptr};
  if (slab == nullptr) return nullptr;
  slab->base = static_cast<char*>(sys::map(slab_bytes));
  if (slab->base == nullptr) {
    delete slab;
    return nullptr;
  }
  slab->room = static_cast<std::uint32_t>(slab_bytes / blocks::bytes_of_class(c));
  sanitizer::add_root(slab->base, slab_bytes);
  slab->next = slabs.load(std::memory_order_relaxed);
  // Release: pairs with the acquire in for_each_block().
  slabs.store(slab, std::memory_order_release);
  return slab;
}

/// A chain of blocks made of memory never used; the depot's lock is held.
goroutine* make_batch(std::uint8_t c) noexcept {
  block_slab*& slab = all.newest[c];
  const bool full = slab == nullptr || slab->made.load(std::memory_order_relaxed) == slab->room;
  if (full && (slab = map_slab(c)) == nullptr) return nullptr;
  const std::uint32_t first = slab->made.load(std::memory_order_relaxed);
  const std::uint32_t end = std::min<std::uint32_t>(first + blocks::batch, slab->room);
  goroutine* chain = nullptr;
  for (std::uint32_t n = first; n < end; ++n) {
    auto* g = new (slab->at(n)) goroutine;
    g->size_class = c;
    g->next = chain;
    // Release: pairs with the acquires of those who take it, as in block_cache::give().
    g->state.store(goroutine_state::dead, std::memory_order_release);
    chain = g;
  }
  // Release: pairs with the acquire in for_each_block(); the blocks.
  slab->made.store(end, std::memory_order_release);
  return chain;
}

}  // namespace

namespace blocks {

goroutine* take_batch(std::uint8_t c) noexcept {
  spin_guard hold(all.lock);
  goroutine* chain = all.batches[c];
  if (chain == nullptr) return make_batch(c);
  all.batches[c] = chain->prev;
  return chain;
}

void give_batch(std::uint8_t c, goroutine* chain) noexcept {
  if (chain == nullptr) return;
  spin_guard hold(all.lock);
  chain->prev = all.batches[c];
  all.batches[c] = chain;
}

goroutine* take_one(std::uint8_t c) noexcept {
  spin_guard hold(all.lock);
  goroutine* g = all.batches[c];
  if (g != nullptr) {
    all.batches[c] = g->prev;
  } else {
    g = make_batch(c);
    if (g == nullptr) return nullptr;
  }
  if (goroutine* rest = g->next) {
    rest->prev = all.batches[c];
    all.batches[c] = rest;
  }
  // Acquire: pairs with the release in block_cache::give() and give_one().
  (void)g->state.load(std::memory_order_acquire);
  return g;
}

void give_one(goroutine* g) noexcept {
  g->next = nullptr;
  // Release: pairs with the acquire in block_cache::take() and take_one().
  g->state.store(goroutine_state::dead, std::memory_order_release);
  give_batch(g->size_class, g);
}

}  // namespace blocks

void block_cache::give_half(std::uint8_t c) noexcept {
  shelf& s = shelves_[c];
  goroutine* chain = s.head;
  if (chain == nullptr) {  // batches may be short, so `size` may say too much
    s.size = 0;
    return;
  }
  goroutine* last = chain;
  std::uint32_t n = 1;
  for (;; ++n) {
    // Acquire: pairs with the release in give(), which comes after the store of `next`.
    (void)last->state.load(std::memory_order_acquire);
    if (n == blocks::batch || last->next == nullptr) break;
    last = last->next;
  }
  s.head = last->next;
  s.size = s.head != nullptr && s.size > n ? s.size - n : 0;
  last->next = nullptr;
  blocks::give_batch(c, chain);
}

void block_cache::drain() noexcept {
  for (std::uint8_t c = 0; c < blocks::classes; ++c) {
    // In batches: take() counts on no longer chain.
    while (shelves_[c].head != nullptr) give_half(c);
    shelves_[c].size = 0;
  }
}

void for_each_block(void (*f)(goroutine*, void*), void* argument) {
  // Acquire: pairs with the release in map_slab().
  for (block_slab* s = slabs.load(std::memory_order_acquire); s != nullptr; s = s->next) {
    // Acquire: pairs with the release in make_batch().
    for (std::uint32_t n = 0, end = s->made.load(std::memory_order_acquire); n < end; ++n) f(s->at(n), argument);
  }
}

}  // namespace warren::runtime
