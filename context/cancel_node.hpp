// SPDX-License-Identifier: MIT
#pragma once

// The node that can be canceled: with_cancel and with_deadline. One allocation holds the node, the core of its done
// channel, and the timer of its deadline.
//
//                    cancel(), the timer, the parent's cancel
//          open ────────────────────────────────────────────► canceled
//            │                                                    │
//            │ last reference gone                                │ last reference gone
//            └───────────────────► retired ◄──────────────────────┘
//
// Laws
//   * `claimed_` is set once, under `lock_`: by the cancel that decides, or at the end. `timed_out_` and `cause_` are
//     written under that same hold before the done channel is closed, and read by those who saw it closed. So err() is
//     nil if and only if done() is open, at any moment and for everybody.
//   * References (core::handles) are held by contexts, by done channels, by nodes below, by registrations in the list,
//     and by a firing or a walk under way. When they are gone nobody can see the node any more: it retires.
//     It leaves its parent's list, and its deadline is disarmed.
//   * `holders_` keep the memory: one for all references together, one for each handle of cancel. So a cancel that is
//     kept and never called keeps some bytes, not a timer and not a place in the parent's list.
//   * Children hold references to their parents; a parent's list does not own them. A child in the list may be about to
//     retire. It cannot be freed before it has left the list, for which it takes the parent's lock.
//   * Lock order: parent's `lock_`, then the child's, then the done channel's, then a timer heap. Against that order,
//     a child may only try.
//   * A cancel walks down in a loop, each list in bounded holds of its owner's lock: one pass over n children, and one
//     ready() for all who waited. It has reached all of them when it returns, and so has every other cancel of
//     the same nodes: whoever finds a walk under way (`draining_`) waits at `walking_` until that is over. Such waits
//     go from a node to one further down only, so they make no circle. And a node under whom a walk is under way
//     stays in its parent's list until that is over, so that a cancel from above finds it.
//   * A node is forsaken when nothing can cancel it any more: the last handle of its cancel is gone, no deadline is to
//     come, and no node above can be canceled that is not forsaken itself. Then the functions registered with it are
//     dropped. `forsaken_` is set once, under `lock_`, by the one who asks the children then; a child reads its parent's
//     under its own lock. So one of the two sees what the other did, and one alone walks (`walk_next_` is the walker's).
//   * After close_collecting() others may drop what they hold, and so they may once a holder has counted itself out. From
//     then on the node is touched only under `lock_`, or with a reference. So whoever frees the memory goes through
//     the lock first, unless it was alone already when it last had it.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "../channels/core.hpp"
#include "../errors/error.hpp"
#include "../runtime/spinlock.hpp"
#include "../runtime/timer.hpp"
#include "registration.hpp"
#include "tree.hpp"

namespace warren::context_tree {

/// Why a node is canceled.
struct reason {
  bool timed_out = false;
  error cause;  ///< nil: the same as what err() says
};

/// What a cancel leaves to be done when no lock is held: waking, starting, ending.
struct aftermath {
  runtime::goroutine_list woken;
  registration* started = nullptr;  ///< by `next`
  cancel_node* dead = nullptr;      ///< without references, by `walk_next_`

  /// Runs destructors of the program's own.
  void settle() noexcept;
  /// The same from a worker's own stack: they run in a goroutine, and who is to be woken is left in `woken`.
  void settle_apart() noexcept;

 private:
  void start_all() noexcept;
  static void end_all(cancel_node* dead) noexcept;
};

class cancel_node : public channels::core, public node, public child {
 public:
  /// Deadlines are on the clock; this one is none.
  static constexpr std::int64_t no_deadline = INT64_MIN;

  /// A node with one reference and one handle of its cancel, not in the tree yet.
  cancel_node(kind k, node* above) noexcept;

  /// Goes below the parent, and is canceled at once if that is.
  void join() noexcept;

  void cancel(const reason& why) noexcept;
  void cancel(const reason& why, aftermath& left) noexcept;

  bool timed_out() const noexcept { return timed_out_; }
  /// Nil: no other than err().
  const error& cause() const noexcept { return cause_; }
  std::int64_t deadline() const noexcept { return deadline_; }

  void retain_holder() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  /// A handle of its cancel is gone.
  void drop_canceler() noexcept;

  /// Puts the registration into the list, or marks it forsaken. False: the node is canceled.
  bool enlist(registration* r) noexcept;
  /// What the stop function does: takes the registration out again, wherever it is.
  static bool stop(registration* r) noexcept;

  /// The last reference is gone, the one to the parent left aside.
  void retire() noexcept;

  /// For tests.
  std::size_t count_children() noexcept;

 protected:
  ~cancel_node() = default;

  bool expects_deadline() const noexcept;
  void drop_into(aftermath& left) noexcept;

  std::int64_t deadline_ = no_deadline;

 private:
  friend struct aftermath;
  class walk;

  static void lost_last(channels::counted* c) noexcept { end(static_cast<cancel_node*>(c)); }

  void claim(const reason& why, runtime::goroutine_list& woken) noexcept;
  void walk_down(const reason& why, aftermath& left) noexcept;
  void wait_for_walk() noexcept;
  void delist(registration* r) noexcept;
  void link(child* c) noexcept;
  void unlink(child* c) noexcept;
  void leave_parent() noexcept;
  void leave_parent_if_free() noexcept;
  bool drop_holder() noexcept;
  void free() noexcept;
  void free_after_unlock() noexcept;

  bool forsake() noexcept;
  registration* next_forsaken(cancel_node*& last) noexcept;
  void forsake_children() noexcept;

  runtime::spinlock lock_;
  bool claimed_ = false;
  bool timed_out_ = false;
  std::atomic<bool> draining_{false};  ///< set under lock_ before the close, cleared when the walk is over
  std::atomic<bool> forsaken_{false};
  std::atomic<std::uint32_t> holders_{2};
  runtime::spinlock walking_;          ///< held while draining_
  child* children_ = nullptr;
  cancel_node* walk_next_ = nullptr;   ///< of who claimed or forsook the node; at the end, of the list of the dead
  error cause_;
};

/// A cancel node with a timer of its own.
class deadline_node final : public cancel_node, private runtime::timer_node {
 public:
  /// Not armed yet.
  deadline_node(node* above, std::int64_t at, error cause) noexcept;

  void arm() noexcept;
  void disarm() noexcept { runtime::disarm(*this); }
  reason why() const noexcept { return {true, timeout_cause_}; }

 private:
  static const runtime::timer_kind firing;

  const error timeout_cause_;
};

}  // namespace warren::context_tree
