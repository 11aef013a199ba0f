// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>

namespace warren::http {

/// A connection as the core of its server knows it, which has it in a list. Counted.
class server_member {
 public:
  server_member(const server_member&) = delete;
  server_member& operator=(const server_member&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what others did is over before the end.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  /// Nothing has been received yet.
  virtual bool is_fresh() const noexcept = 0;
  virtual std::int64_t opened_at() const noexcept = 0;
  /// A request seems to have come, of which nothing was read yet.
  virtual bool is_coming() const noexcept = 0;

  /// Under the core's lock. Returns: whether it waited for a request, or a first one, and is the caller's to be ended by
  /// end_taken().
  virtual bool take_idle(bool coming_too) noexcept = 0;
  virtual bool take_fresh() noexcept = 0;
  virtual void end_taken() = 0;

  /// Ends it from outside: its request is canceled, its stream closed.
  virtual void abort() = 0;

 protected:
  server_member() noexcept = default;
  virtual ~server_member() = default;

 private:
  friend class server_core;

  std::atomic<std::uint32_t> references_{1};
  server_member* next_ = nullptr;  ///< under the core's lock
  server_member* prev_ = nullptr;
};

}  // namespace warren::http
