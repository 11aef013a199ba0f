// SPDX-License-Identifier: MIT
#pragma once

// A function that waits for a cancel: what context::after_func makes. One allocation.
//
// Laws
//   * `state` decides once and for all, by a compare-exchange, what becomes of the function:
//
//                     cancel ┌──► started      a goroutine runs it, then destroys it
//         pending ───────────┼──► stopped      stop() destroyed it ◄──┐ stop()
//                            └──► forsaken     no cancel can come any more: it is destroyed
//
//     Whoever wins owns the function from then on. Whoever loses touches neither it nor `up`.
//   * References: one for each handle of the stop function, one while it is in a list, one for a run. The last frees
//     the memory, and destroys the function only if that is still pending: nothing could ever have canceled it.
//   * While pending in a list, it has a reference to the node `up` whose list that is, which so lives on to be canceled
//     though the program keeps no handle of it. The winner gives it back. (The circle of the two is opened
//     when the node is forsaken: see cancel_node.hpp.)

#include <atomic>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "tree.hpp"

namespace warren::context_tree {

class registration : public child {
 public:
  enum class progress : std::uint8_t { pending, started, stopped, forsaken };

  registration() noexcept : child(sort::registration) {}
  registration(const registration&) = delete;
  registration& operator=(const registration&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what others did happens before the end.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy();
  }

  /// Returns: whether the caller, and nobody else, may go on from pending to `what_comes`.
  bool decide(progress what_comes) noexcept {
    progress expected = progress::pending;
    // Acquire and release: pairs with itself; the losers' view of the winner is not needed, the winner's of the maker is.
    return state_.compare_exchange_strong(expected, what_comes, std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  /// Returns: whether this call is the first to stop what is forsaken already.
  bool stop_forsaken() noexcept {
    progress expected = progress::forsaken;
    return state_.compare_exchange_strong(expected, progress::stopped, std::memory_order_relaxed);
  }

  /// Starts the goroutine, which takes over a reference of the caller's. Called by who decided for `started`.
  void start();
  /// Destroys the function.
  virtual void forget() noexcept = 0;

  cancel_node* up = nullptr;  ///< written before it is listed

 protected:
  ~registration() = default;

 private:
  virtual void run() = 0;
  virtual void destroy() noexcept = 0;

  std::atomic<std::uint32_t> references_{1};
  std::atomic<progress> state_{progress::pending};
};

template <class F>
class registration_of final : public registration {
 public:
  template <class Callable>
  explicit registration_of(Callable&& f) : f_(std::in_place, std::forward<Callable>(f)) {}

  void forget() noexcept override { f_.reset(); }

 private:
  ~registration_of() = default;
  void run() override { static_cast<void>((*f_)()); }
  void destroy() noexcept override { delete this; }

  std::optional<F> f_;
};

}  // namespace warren::context_tree
