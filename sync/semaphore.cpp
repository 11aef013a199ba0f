// SPDX-License-Identifier: MIT
#include "semaphore.hpp"

// A count, and a line of those for whom there was not enough. Each has a channel that is closed when it is
// served.
//
// Laws
//   * All fields, and those of the waiters in line, are read and written under `lock_`. Nothing is taken
//     under it.
//   * Whoever is at the head of the line could not be served at the last change of `held_` or of the head. So
//     every such change, but one that only raises `held_`, is followed by serve().
//   * A waiter lives on the waiting stack. Who serves it takes it out of the line and copies the handle of
//     its channel under `lock_`, and touches nothing else of it afterwards. The waiter takes itself out when
//     it gives up.
//   * One that was served and finds its context done gives the tokens back: it was too late.

#include "../channels/channel.hpp"
#include "../channels/select.hpp"
#include "../errors/panic.hpp"
#include "../runtime/park.hpp"

namespace warren::sync {

struct semaphore::waiter {
  explicit waiter(std::int64_t tokens) : n(tokens), served(make_chan<void>()) {}

  const std::int64_t n;
  const chan<void> served;
  bool in_line = false;
  waiter* next = nullptr;
  waiter* prev = nullptr;
};

bool semaphore::take_locked(std::int64_t n) noexcept {
  if (first_ != nullptr || size_ - held_ < n) return false;
  held_ += n;
  return true;
}

void semaphore::push_locked(waiter* w) noexcept {
  w->prev = last_;
  (last_ != nullptr ? last_->next : first_) = w;
  last_ = w;
  w->in_line = true;
}

void semaphore::remove_locked(waiter* w) noexcept {
  (w->prev != nullptr ? w->prev->next : first_) = w->next;
  (w->next != nullptr ? w->next->prev : last_) = w->prev;
  w->in_line = false;
}

bool semaphore::try_acquire(std::int64_t n) noexcept {
  runtime::spin_guard hold(lock_);
  return take_locked(n);
}

error semaphore::acquire(const context& ctx, std::int64_t n) {
  runtime::switch_point();
  if (error err = ctx.err(); err != nil) return err;
  if (try_acquire(n)) return nil;
  if (n > size_) {
    ctx.done().recv();
    return ctx.err();
  }
  return wait_for(ctx, n);
}

error semaphore::wait_for(const context& ctx, std::int64_t n) {
  waiter w(n);
  {
    runtime::spin_guard hold(lock_);
    if (take_locked(n)) return nil;
    push_locked(&w);
  }
  select(recv(w.served), recv(ctx.done()));
  error err = ctx.err();
  if (err == nil) return nil;
  bool served = false;
  {
    runtime::spin_guard hold(lock_);
    served = !w.in_line;
    if (w.in_line) remove_locked(&w);
    if (served) held_ -= n;
  }
  serve();
  return err;
}

void semaphore::release(std::int64_t n) {
  bool enough = false;
  {
    runtime::spin_guard hold(lock_);
    enough = held_ >= n;
    if (enough) held_ -= n;
  }
  if (!enough) panic("semaphore: released more than held");
  serve();
}

/// Serves those at the head of the line for whom there is enough.
void semaphore::serve() noexcept {
  for (;;) {
    chan<void> served;
    {
      runtime::spin_guard hold(lock_);
      waiter* w = first_;
      if (w == nullptr || size_ - held_ < w->n) return;
      held_ += w->n;
      remove_locked(w);
      served = w->served;
    }
    served.close();
  }
}

}  // namespace warren::sync
