// SPDX-License-Identifier: MIT
#include "cond.hpp"

// A queue in which a goroutine stands before it unlocks the caller's lock, and sleeps after that. So a signal
// that comes in between finds it, and has to tell it from one that sleeps:
//
//      in the queue        awake ──── commit of park() ────► asleep
//                            │                                 │
//                            │ signal(): nothing more to do,   │ signal(): ready()
//                            │ the commit refuses to park      │
//                            ▼                                 ▼
//      out of the queue    woken                             woken
//
// Laws
//   * The links, `at_` and the two ends are written under `lock_`. `at_` is cleared when a waiter is taken
//     out; only then may its stage be set to woken, by whoever took it out, who does not touch it any more if
//     it was awake.
//   * A waiter that is woken touches nothing of the cond, and neither does who wakes it after the unlock: the
//     cond may be destroyed then.
//   * `lock_`: nothing is taken under it, and no user code runs.

#include <utility>

#include "../runtime/park.hpp"

namespace warren::sync {

/// What the runtime calls for a waiter, from outside its goroutine.
struct cond::waiter::parking {
  static bool commit(runtime::goroutine*, void* waiting) noexcept {
    auto* w = static_cast<waiter*>(waiting);
    stage now = stage::awake;
    // Release: pairs with the acquire in wake(); the goroutine may be resumed from here on.
    return w->stage_.compare_exchange_strong(now, stage::asleep, std::memory_order_release,
                                             std::memory_order_relaxed);
  }

  static void withdraw(void* waiting) noexcept { static_cast<waiter*>(waiting)->take_out(); }

  /// True: it was asleep, so the caller has to make its goroutine ready. False: it may be gone.
  static bool wake(waiter* w) noexcept {
    // Acquire: pairs with the release in commit(). Release: with the acquire in sleep().
    return w->stage_.exchange(stage::woken, std::memory_order_acq_rel) == stage::asleep;
  }

  static constexpr runtime::park_kind kind{runtime::wait_reason::cond_wait, commit, withdraw};
};

cond::waiter::waiter(cond& c) noexcept {
  runtime::thread* t = runtime::current_thread();
  who_ = t->current;
  runtime::count_waiters(t, 1);
  runtime::spin_guard hold(c.lock_);
  // Release: pairs with the acquire in take_out().
  at_.store(&c, std::memory_order_release);
  prev_ = c.last_;
  if (c.last_ != nullptr) {
    c.last_->next_ = this;
  } else {
    c.first_.store(this, std::memory_order_relaxed);
  }
  c.last_ = this;
}

void cond::waiter::sleep() {
  slept_ = true;
  // Acquire: pairs with the release in wake().
  if (stage_.load(std::memory_order_acquire) == stage::woken) return runtime::switch_point();
  runtime::park(parking::kind, this);
  (void)stage_.load(std::memory_order_acquire);  // pairs with the release in wake(), when the commit refused
}

/// Takes the waiter out of the queue without a signal. False: somebody else has.
bool cond::waiter::take_out() noexcept {
  // Acquire: pairs with the releases in the constructor and in remove().
  cond* c = at_.load(std::memory_order_acquire);
  if (c == nullptr) return false;
  runtime::spin_guard hold(c->lock_);
  if (at_.load(std::memory_order_relaxed) == nullptr) return false;
  c->remove(this);
  return true;
}

/// For one that never slept, because unlock() threw. A waker that has taken it out is waited for.
void cond::waiter::leave() noexcept {
  if (take_out()) return;
  // Acquire: pairs with the release in wake().
  while (stage_.load(std::memory_order_acquire) != stage::woken) runtime::cpu_pause();
}

void cond::remove(waiter* w) noexcept {
  if (w->prev_ != nullptr) {
    w->prev_->next_ = w->next_;
  } else {
    first_.store(w->next_, std::memory_order_relaxed);
  }
  (w->next_ != nullptr ? w->next_->prev_ : last_) = w->prev_;
  // Release: pairs with the acquire in take_out().
  w->at_.store(nullptr, std::memory_order_release);
  runtime::count_waiters(runtime::current_thread(), -1);
}

void cond::wake_first() noexcept {
  runtime::goroutine* who = nullptr;
  waiter* w = nullptr;
  {
    runtime::spin_guard hold(lock_);
    w = first_.load(std::memory_order_relaxed);
    if (w == nullptr) return;
    remove(w);
    who = w->who_;
  }
  if (waiter::parking::wake(w)) runtime::ready(who);
}

cond::waiter* cond::take_all() noexcept {
  runtime::spin_guard hold(lock_);
  waiter* chain = first_.load(std::memory_order_relaxed);
  while (waiter* w = first_.load(std::memory_order_relaxed)) remove(w);
  return chain;
}

void cond::wake_all() noexcept {
  runtime::goroutine_list woken;
  for (waiter *w = take_all(), *next = nullptr; w != nullptr; w = next) {
    next = w->next_;
    runtime::goroutine* who = w->who_;
    if (waiter::parking::wake(w)) woken.push_back(who);
  }
  runtime::ready(std::move(woken));
}

void cond::forsake_waiters() noexcept { take_all(); }

}  // namespace warren::sync
