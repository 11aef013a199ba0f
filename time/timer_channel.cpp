// SPDX-License-Identifier: MIT
#include "timer_channel.hpp"

#include <utility>

#include "../runtime/go.hpp"
#include "../runtime/spinlock.hpp"

namespace warren::timing {

namespace {

constexpr channels::element_type time_point_element{sizeof(clock::time_point), alignof(clock::time_point), nullptr,
                                                    nullptr};

/// `when` of something that is due `ns` from now, at once for what is not positive.
std::int64_t from_now(std::int64_t ns) noexcept {
  const std::int64_t now = runtime::now_ns();
  return ns <= 0 ? now : runtime::saturating_add(now, ns);
}

/// The first of `when`, `when` + `period`, … that is after `now`.
std::int64_t next_tick(std::int64_t when, std::int64_t period, std::int64_t now) noexcept {
  const std::int64_t late = now - when;
  return runtime::saturating_add(now - late % period, period);
}

}  // namespace

constexpr channels::clock_feed timer_channel::feed{
    [](channels::core* c) noexcept {
      auto* self = static_cast<timer_channel*>(c);
      if (self->when_ == idle) return;
      runtime::goroutine_list none;  // nobody waits
      self->come_due(runtime::now_ns(), none);
    },
    [](channels::core* c) noexcept {
      auto* self = static_cast<timer_channel*>(c);
      if (self->when_ != idle) runtime::arm(*self, self->when_);
    },
    [](channels::core* c) noexcept { runtime::disarm(*static_cast<timer_channel*>(c)); },
};

constexpr runtime::timer_kind timer_channel::firing{
    [](runtime::timer_node* n) noexcept { return static_cast<timer_channel*>(n)->try_retain(); },
    [](runtime::timer_node* n, std::int64_t now, runtime::goroutine_list& woken) noexcept {
      static_cast<timer_channel*>(n)->fire(now, woken);
    },
};

timer_channel::timer_channel(std::int64_t ns, std::int64_t period) noexcept
    : core(time_point_element, 1, &slot_,
           [](counted* c) noexcept {
             auto* self = static_cast<timer_channel*>(c);
             runtime::disarm(*self);
             delete self;
           },
           &feed),
      timer_node(firing),
      when_(from_now(ns)),
      period_(period) {}

/// The lock is held, and the node is not armed.
void timer_channel::come_due(std::int64_t now, runtime::goroutine_list& woken) noexcept {
  if (when_ == idle || when_ > now) return;
  clock::time_point value{clock::duration(when_)};
  when_ = period_ == 0 ? idle : next_tick(when_, period_, now);
  deliver(&value, woken);  // a full ring drops it: the receiver is slow
}

void timer_channel::fire(std::int64_t now, runtime::goroutine_list& woken) noexcept {
  lock.lock();
  if (when_ != idle && when_ <= now) {
    // It may have been set again since it was taken out of the heap.
    runtime::disarm(*this);
    come_due(now, woken);
    if (awaited() && when_ != idle) runtime::arm(*this, when_);
  }
  lock.unlock();
  core::release();
}

/// The lock is held. Returns what stop() does.
bool timer_channel::set(std::int64_t at, std::int64_t period) noexcept {
  const bool pending = when_ != idle || !drained();
  when_ = at;
  period_ = period;
  clear_ring();
  if (awaited()) {
    runtime::disarm(*this);
    if (at != idle) runtime::arm(*this, at);
  }
  return pending;
}

bool timer_channel::stop() noexcept {
  const runtime::spin_guard hold(lock);
  return set(idle, period_);
}

bool timer_channel::reset(std::int64_t ns, std::int64_t period) noexcept {
  const runtime::spin_guard hold(lock);
  return set(from_now(ns), period);
}

void timer_channel::abandon() noexcept {
  stop();
  core::release();
}

}  // namespace warren::timing
