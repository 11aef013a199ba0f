// SPDX-License-Identifier: MIT
#pragma once

// The goroutine: a control block that holds the callable, apart from the stack, which is attached at the first run.
//
//              go()             first run                     f returned
//     (free) ───────► fresh ───────────────► running ─────────────────────► dead ──► (free)
//                                   ▲           │  ▲
//                              run  │    park() │  │ commit refused
//                                   │           ▼  │
//                               runnable ◄──── parked
//                                        ready()
//
//   dead       in a free list. Nobody touches it but the list's owner.
//   fresh      has no stack. In exactly one fresh_list or inject_queue, or in the hands of one worker.
//   runnable   in exactly one queue, or in the hands of one worker; nobody touches its stack.
//   running    only its thread touches it.
//   parked     its context is stored. Whoever takes its waiter out of the queue it waits in calls ready(), exactly once.
//              It is set to parked by the thread that has left its stack, before commit lets others find the waiter.
//
// Blocks are type-stable: their memory is never given back, so a stale pointer reads a block, never freed memory. That
// is what lets a dump walk all of them.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "exception_state.hpp"
#include "owned.hpp"
#include "wait_reason.hpp"

namespace warren::runtime {

struct goroutine;
struct stack;
struct worker;

enum class goroutine_state : std::uint8_t { dead, fresh, runnable, running, parked };

/// One way to wait. A constant beside the code that waits.
struct park_kind {
  wait_reason reason;
  /// Called after the switch, on another stack: publishes the waiter or releases the lock that guards it. False
  /// refuses the park: the goroutine is made runnable again. Null: always parks.
  bool (*commit)(goroutine*, void* waiting_on) noexcept;
  /// Takes the parked goroutine out of every queue it waits in, at the end of a run. Null: it waits in none.
  void (*withdraw)(void* waiting_on) noexcept;
};

struct alignas(16) goroutine {
  static constexpr std::uint8_t is_thread = 1;  ///< stands for a thread that is no worker; has no stack of ours
  static constexpr std::uint8_t exiting = 2;    ///< in goexit()
  static constexpr std::uint8_t swallowed = 4;  ///< its goexit was caught by somebody else
  static constexpr std::uint8_t first = 8;      ///< runs the function of run()
  static constexpr std::uint8_t closure_outside = 16;  ///< the callable was too big for the block
  static constexpr std::uint8_t locked = 32;           ///< runs on `home` only (lock_os_thread)
  static constexpr std::uint8_t no_queue = is_thread | locked;  ///< ready() has a way of its own for these

  void* context = nullptr;     ///< where to go on; valid while runnable or parked
  owned<stack*> stack_at = nullptr;  ///< null until the first run; owner: the worker that has the goroutine in hands
  exception_state exceptions;  ///< while not running
  goroutine* next = nullptr;   ///< link of the one queue or list it is in
  goroutine* prev = nullptr;
  void (*invoke)(void* closure) = nullptr;  ///< runs the callable and ends it
  owned<std::uint64_t> id = 0;
  owned<const park_kind*> kind = nullptr;   ///< how it waits; owner: the goroutine itself, before it parks
  owned<void*> waiting_on = nullptr;
  worker* home = nullptr;             ///< the only worker that may run it (lock_os_thread)
  owned<char*> name = nullptr;        ///< malloc'ed, or null
  owned<void*> created_at = nullptr;  ///< the call of go()
  owned<std::uint64_t> creator = 0;   ///< id of the goroutine that called go(); 0: none
  std::uint32_t fresh_since = 0;      ///< the monitor's look count at go()
  std::atomic<goroutine_state> state{goroutine_state::dead};
  owned<std::uint8_t> flags = 0;
  std::uint8_t size_class = 0;
  std::uint8_t stack_class = 0;       ///< of the stack it wants
  std::atomic<std::uint32_t> wake_word{0};  ///< is_thread: what the thread sleeps on
  std::uint16_t locks = 0;                  ///< depth of lock_os_thread()
  std::atomic<bool> left_over{false};       ///< its run is over: it is never resumed; set by its worker or by run()
  std::atomic<bool> written_off{false};     ///< it was taken out of the counts: who sets it does so

  void* closure() noexcept { return this + 1; }
  /// For sanitizer::hand_over_begin(). A block's next goroutine has another, or it would be taken for ordered after all
  /// that ever was handed to the last one.
  void* hand_over_key() noexcept { return reinterpret_cast<char*>(this) + id % 16 * 8; }
  bool has(std::uint8_t flag) const noexcept { return (flags & flag) != 0; }
  void set(std::uint8_t flag) noexcept { flags = static_cast<std::uint8_t>(flags | flag); }
  void unset(std::uint8_t flag) noexcept { flags = static_cast<std::uint8_t>(flags & ~flag); }
};
static_assert(sizeof(goroutine) <= 144);

/// A chain of goroutines by `next`, first in first out.
class goroutine_list {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  std::uint32_t size() const noexcept { return size_; }

  void push_back(goroutine* g) noexcept {
    g->next = nullptr;
    (tail_ != nullptr ? tail_->next : head_) = g;
    tail_ = g;
    ++size_;
  }

  goroutine* pop_front() noexcept {
    goroutine* g = head_;
    if (g == nullptr) return nullptr;
    head_ = g->next;
    if (head_ == nullptr) tail_ = nullptr;
    --size_;
    return g;
  }

  void append(goroutine_list&& other) noexcept {
    if (other.empty()) return;
    (tail_ != nullptr ? tail_->next : head_) = other.head_;
    tail_ = other.tail_;
    size_ += other.size_;
    other = {};
  }

 private:
  goroutine* head_ = nullptr;
  goroutine* tail_ = nullptr;
  std::uint32_t size_ = 0;
};

}  // namespace warren::runtime
