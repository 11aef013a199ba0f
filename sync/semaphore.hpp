// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../runtime/spinlock.hpp"

namespace warren::sync {

/// A number of tokens that many share; each takes as many as its work weighs.
/// Source: golang.org/x/sync/semaphore.Weighted.
class semaphore {
 public:
  /// With `size` tokens, all free.
  constexpr explicit semaphore(std::int64_t size) noexcept : size_(size) {}
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;

  /// Takes n tokens, or gives up when the context is done. With more than there can ever be it waits for that
  /// alone.
  /// Parks: until they are free; a switch point in any case.
  /// Order: first come, first served: one that waits for many keeps those behind it waiting for few.
  /// Returns: nil when it holds the tokens, else `ctx.err()`: always, if the context was done before it got
  /// them.
  [[nodiscard]] error acquire(const context& ctx, std::int64_t n = 1);

  /// Takes n tokens if that is possible without waiting and nobody waits. Returns: whether it did.
  [[nodiscard]] bool try_acquire(std::int64_t n = 1) noexcept;

  /// Gives n tokens back. Never switches. Throws: panic_error `semaphore: released more than held`.
  void release(std::int64_t n = 1);

 private:
  struct waiter;

  bool take_locked(std::int64_t n) noexcept;
  void push_locked(waiter* w) noexcept;
  void remove_locked(waiter* w) noexcept;
  error wait_for(const context& ctx, std::int64_t n);
  void serve() noexcept;

  runtime::spinlock lock_;
  const std::int64_t size_;
  std::int64_t held_ = 0;
  waiter* first_ = nullptr;
  waiter* last_ = nullptr;
};

}  // namespace warren::sync
