// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "../runtime/go.hpp"
#include "../runtime/wait_queue.hpp"

namespace warren::sync {

/// Counts tasks, and lets others wait until none is left.
///
/// It may be used again once wait() has returned, and be destroyed then, even if the last done() has not
/// returned yet.
/// Source: Go sync.WaitGroup.
class wait_group {
 public:
  constexpr wait_group() noexcept = default;
  ~wait_group() {
    if ((state_.load(std::memory_order_relaxed) & waited) != 0) forsake_waiters();
  }
  wait_group(const wait_group&) = delete;
  wait_group& operator=(const wait_group&) = delete;

  /// Adds n, which may be negative, to the count of tasks. At zero all who wait are released. Never switches.
  /// A positive n with the count at zero must come before wait(), not beside it.
  /// Throws: panic_error `sync: negative WaitGroup counter`; `sync: WaitGroup misuse: Add called concurrently
  /// with Wait`.
  void add(int n) {
    const std::uint64_t more = static_cast<std::uint64_t>(std::int64_t{n}) << count_at;
    // Release: pairs with the acquires in wait() and settle().
    const std::uint64_t now = state_.fetch_add(more, std::memory_order_release) + more;
    if ((now & (waited | negative)) != 0) [[unlikely]] settle(now, n);
  }

  /// Takes one task off. Never switches.
  void done() { add(-1); }

  /// Waits until no task is left. Parks: while there is one; a switch point in any case.
  /// Order: what happened before the last done() happens before the return.
  void wait();

  /// Starts a goroutine that calls f, and counts it as a task until f has returned or has called goexit().
  /// f is gone before the task is counted off. An exception that leaves f ends the program, as that of any
  /// goroutine, and leaves the count as it is, so that nobody who waits gets ahead of the report. Never
  /// switches.
  template <class F>
  void go(F&& f);

 private:
  // The count of tasks, signed, in the upper half.
  static constexpr int count_at = 32;
  static constexpr std::uint64_t waited = 1;  ///< somebody may stand in the queue
  static constexpr std::uint64_t negative = std::uint64_t{1} << 63;

  template <class F>
  class task;

  void settle(std::uint64_t now, int n);
  void forsake_waiters() noexcept;

  std::atomic<std::uint64_t> state_{0};
  runtime::wait_queue queue_;
};

/// The callable, which is to be destroyed before done(): what it refers to may go when wait() returns.
template <class F>
class wait_group::task {
 public:
  template <class G>
  task(wait_group& group, G&& f) : group_(&group), f_(std::forward<G>(f)) {}

  // A destructor, not a handler: for an exception that nobody catches it never runs.
  void operator()() {
    const counted_off at_the_end{*this};
    std::invoke(*std::move(f_));
  }

 private:
  struct counted_off {
    task& t;
    ~counted_off() {
      t.f_.reset();
      t.group_->done();
    }
  };

  wait_group* group_;
  std::optional<F> f_;
};

// Not inlined, and past warren::go: the call that a dump shows is the one in the user's function.
template <class F>
[[gnu::noinline]] void wait_group::go(F&& f) {
  struct not_started {
    wait_group* group;
    ~not_started() {
      if (group != nullptr) group->done();
    }
  };
  task<std::decay_t<F>> t(*this, std::forward<F>(f));
  add(1);
  not_started undo{this};
  runtime::go_with({}, std::move(t));
  undo.group = nullptr;
}

}  // namespace warren::sync
