// SPDX-License-Identifier: MIT
#pragma once

// Stacks: address space reserved in slabs, memory committed by the first touch, a guard at the low end of each.
//
//   low addresses                                                              high addresses
//   | guard, 64 KiB | usable ...                                  frames grow down ◄─ | header |
//
// Laws
//   * A stack belongs to one goroutine, to one worker's cache, to the depot, or to who tidies it. Its header is written by its
//     owner only.
//   * A slab is never unmapped and its record never freed: the handler of overflow faults walks them without a lock.
//   * In the depot a stack is worn (linked by its header; what a deep call left behind is resident), warm (linked; only its
//     top page is resident), cooling (a bit in its slab's mask; its top page is resident still), or cold (a bit in another
//     mask; no page is resident, so it has no header). Worn ones are taken first. The monitor tidies those that nobody has
//     wanted from one of its looks to the next: what lies below the top page goes back to the system, which to ask at each
//     end of a goroutine costs more than the rest of its life. Stacks of a slab are made cold together, when the last of
//     them cools or there are too many: a million goroutines that end one after the other cost a call each 64.
//   * Lock: the depot's, a leaf.
//
// Guards are markers in the page tables where the kernel has them (Linux 6.13, MADV_GUARD_INSTALL): they split no mapping,
// so a million stacks need a few dozen. Before that mprotect, two mappings each, until half of vm.max_map_count is used;
// then a canary above the place of the guard, looked at whenever the goroutine parks.

#include <cstddef>
#include <cstdint>

#include "owned.hpp"
#include "sanitizer.hpp"

namespace warren::runtime {

struct slab;

struct stack {
  static constexpr std::size_t guard_bytes = 64 * 1024;
  static constexpr std::uint64_t canary = 0x57A2A2E57A2A2E57ULL;

  char* low = nullptr;        ///< the lowest usable byte
  stack* next = nullptr;
  slab* in = nullptr;
  std::uint8_t size_class = 0;
  std::uint8_t index = 0;     ///< in its slab
  bool canary_only = false;   ///< no guard could be had
  sanitizer::fiber fiber;

  char* base() noexcept { return low - guard_bytes; }
  /// Where the first frame begins: the header, coloured within the page.
  void* top() noexcept { return this; }
  std::size_t usable_bytes() noexcept { return static_cast<std::size_t>(reinterpret_cast<char*>(this) - low); }
  bool overflowed(const void* frame) noexcept {
    if (frame < low) return true;
    return canary_only && *reinterpret_cast<const volatile std::uint64_t*>(low) != canary;
  }
};

namespace stacks {

/// Address space of a class, guard included: 64 KiB << c.
constexpr std::size_t bytes_of_class(std::uint8_t c) noexcept { return std::size_t{64 * 1024} << c; }
inline constexpr std::uint8_t smallest_class = 1;
inline constexpr std::uint8_t largest_class = 20;
/// The class of 256 KiB, the default size.
inline constexpr std::uint8_t default_class = 2;

/// The smallest class with at least so many bytes, guard included.
std::uint8_t class_of(std::size_t bytes) noexcept;

/// A stack of the class, or null when the system gives no more memory.
stack* take(std::uint8_t size_class) noexcept;
/// Gives back a stack that nobody runs on.
void give(stack* s) noexcept;
/// Whether stacks lie there with all that was left in them, which tidy() has yet to look at.
bool any_worn() noexcept;
/// Gives the system back what deep calls have left in stacks that nobody has wanted since the last time. Takes at most some
/// 2 ms, and leaves the others for the next time.
void tidy() noexcept;
/// The same for all that are there.
void tidy_all() noexcept;

/// The usable bytes of the stack whose guard contains the address; 0 if it is in no guard. Safe in a signal handler.
std::size_t of_guard(const void* address) noexcept;
/// Of the stack that contains the address, guard included; 0 if none does. Safe in a signal handler.
std::size_t of_address(const void* address) noexcept;

}  // namespace stacks

/// A worker's own few stacks of the default class, as they were left, and taken without a lock. Owner: the worker.
class stack_cache {
 public:
  static constexpr std::uint32_t room = 64;
  /// So many stacks stay out of use, in turns, while a tool watches: it takes a goroutine for ordered after the last one
  /// on its stack, and stale pointers into a stack are found only while that has no new owner.
  static constexpr std::uint32_t rest = room / 2;

  /// take() has not to ask the depot.
  bool has_one() const noexcept { return head_ != nullptr && !(sanitizer::watching_switches && size_ <= rest); }

  /// Null when the system gives no more memory.
  stack* take() noexcept {
    if (!has_one()) return stacks::take(stacks::default_class);
    stack* s = head_;
    head_ = s->next;
    size_ = size_ - 1;
    return s;
  }

  void give(stack* s) noexcept {
    if (s->size_class != stacks::default_class || size_ >= room) return stacks::give(s);
    if (sanitizer::watching_switches) return give_last(s);
    s->next = head_;
    head_ = s;
    size_ = size_ + 1;
  }

  void drain() noexcept;
  std::uint32_t size() const noexcept { return size_; }

 private:
  void give_last(stack* s) noexcept;

  owned<stack*> head_ = nullptr;
  owned<std::uint32_t> size_ = 0;
};

}  // namespace warren::runtime
