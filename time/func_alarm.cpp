// SPDX-License-Identifier: MIT
#include "func_alarm.hpp"

#include <cstddef>
#include <new>

#include "../runtime/clock.hpp"
#include "../runtime/go.hpp"

namespace warren::timing {

constexpr runtime::timer_kind func_alarm::firing{
    nullptr,  // the armed node has a reference
    [](runtime::timer_node* n, std::int64_t now, runtime::goroutine_list&) noexcept {
      static_cast<func_alarm*>(n)->fire(now);
    },
};

namespace {

// An allocator asked for an alignment does not look into its caches first.
bool needs_alignment(const function_type& type) noexcept { return type.align > __STDCPP_DEFAULT_NEW_ALIGNMENT__; }

void* allocate(const function_type& type, std::size_t bytes) {
  return needs_alignment(type) ? ::operator new(bytes, std::align_val_t{type.align}) : ::operator new(bytes);
}

void deallocate(const function_type& type, void* at) noexcept {
  if (needs_alignment(type)) return ::operator delete(at, std::align_val_t{type.align});
  ::operator delete(at);
}

}  // namespace

func_alarm_room new_func_alarm(const function_type& type) {
  const std::size_t function_at = (sizeof(func_alarm) + type.align - 1) & ~(type.align - 1);
  void* at = allocate(type, function_at + type.size);
  void* room = static_cast<std::byte*>(at) + function_at;
  return {::new (at) func_alarm(type, room), room};
}

void give_up(const func_alarm_room& r) noexcept { static_cast<func_alarm*>(r.made)->free(); }

void func_alarm::free() noexcept {
  const function_type& type = type_;
  this->~func_alarm();
  deallocate(type, this);
}

void func_alarm::abandon() noexcept {
  type_.destroy(function_);
  free();
}

bool func_alarm::stop() noexcept {
  lock_.lock();
  const bool pending = when_ != idle;
  when_ = idle;
  const bool was_armed = runtime::disarm(*this);
  lock_.unlock();
  if (was_armed) release();  // not the last: the caller has one
  return pending;
}

bool func_alarm::reset(std::int64_t ns, std::int64_t) noexcept {
  const std::int64_t now = runtime::now_ns();
  const runtime::spin_guard hold(lock_);
  const bool pending = when_ != idle;
  if (!runtime::disarm(*this)) retain();
  when_ = ns <= 0 ? now : runtime::saturating_add(now, ns);
  runtime::arm(*this, when_);
  return pending;
}

void func_alarm::fire(std::int64_t now) noexcept {
  lock_.lock();
  const bool wanted = when_ != idle && when_ <= now;
  bool armed_again = false;
  if (wanted) {
    when_ = idle;
    armed_again = runtime::disarm(*this);
  }
  lock_.unlock();
  if (armed_again) release();  // not the last: this firing has one
  if (wanted) {
    go([held = alarm_handle(this)] {
      auto* self = static_cast<func_alarm*>(held.get());
      self->type_.call(self->function_);
    });
  } else if (drop()) {
    go([this] { abandon(); });
  }
}

}  // namespace warren::timing
