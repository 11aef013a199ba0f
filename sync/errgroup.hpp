// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "../channels/channel.hpp"
#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../runtime/go.hpp"
#include "once.hpp"
#include "wait_group.hpp"

namespace warren::errgroup {

/// Goroutines that work on parts of one task: waits for all, and reports the first error.
///
/// With a context, the parts get one of their own, which is canceled by the first error, with that as its
/// cause. It may be destroyed when wait() has returned. Source: golang.org/x/sync/errgroup.Group.
class group {
 public:
  /// Without a context: an error cancels nothing.
  group() = default;
  /// `ctx()` is made from `parent`.
  explicit group(const context& parent);
  group(const group&) = delete;
  group& operator=(const group&) = delete;

  /// Returns: the context for the parts, done when one of them has failed or wait() has returned; without one
  /// of its own the background.
  const context& ctx() const noexcept { return ctx_; }

  /// Starts a goroutine that calls f, which returns an error, or void. f is gone before the part counts as
  /// ended. An exception that leaves f ends the program, as that of any goroutine.
  /// Parks: while as many run as set_limit() allows; without a limit it never switches.
  template <class F>
  void go(F&& f);

  /// The same if the limit allows it at once. Never switches. Returns: whether it was started.
  template <class F>
  bool try_go(F&& f);

  /// Lets at most n run at a time; none at all with 0, any number when n is negative, as at the beginning.
  /// Throws: panic_error `errgroup: modify limit while N goroutines in the group are still active`.
  void set_limit(int n);

  /// Waits until all have ended, and cancels the context. Parks: until then; a switch point in any case.
  /// Returns: the first error, nil if there was none.
  [[nodiscard]] error wait();

 private:
  template <class F>
  class part;

  template <class F>
  void start(F&& f);
  void fail(error err);
  void ended();

  context ctx_ = context::background();
  cancel_cause_func cancel_;
  chan<void> running_;  ///< nil, or with one element for each part that runs
  sync::wait_group all_;
  sync::once failed_;
  error err_;
};

/// The callable, which is to be destroyed before the part counts as ended: what it refers to may go after
/// wait().
template <class F>
class group::part {
 public:
  template <class G>
  part(group& of, G&& f) : of_(&of), f_(std::forward<G>(f)) {}

  // A destructor, not a handler: for an exception that nobody catches it never runs.
  void operator()() {
    const counted_off at_the_end{*this};
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      std::invoke(*std::move(f_));
    } else {
      error err = std::invoke(*std::move(f_));
      if (err != nil) of_->fail(std::move(err));
    }
  }

 private:
  struct counted_off {
    part& p;
    ~counted_off() {
      p.f_.reset();
      p.of_->ended();
    }
  };

  group* of_;
  std::optional<F> f_;
};

template <class F>
[[gnu::always_inline]] inline void group::start(F&& f) {
  struct not_started {
    group* of;
    ~not_started() {
      if (of != nullptr) of->ended();
    }
  };
  all_.add(1);
  not_started undo{this};
  runtime::go_with({}, part<std::decay_t<F>>(*this, std::forward<F>(f)));
  undo.of = nullptr;
}

// Not inlined, and past warren::go: the call that a dump shows is the one in the user's function.
template <class F>
[[gnu::noinline]] void group::go(F&& f) {
  if (running_ != nil) running_.send();
  start(std::forward<F>(f));
}

template <class F>
[[gnu::noinline]] bool group::try_go(F&& f) {
  if (running_ != nil && !running_.try_send()) return false;
  start(std::forward<F>(f));
  return true;
}

}  // namespace warren::errgroup
