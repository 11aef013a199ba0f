// SPDX-License-Identifier: MIT
#pragma once

// A function that is run by the clock: what stands behind after_func. One allocation, the function behind the alarm.
//
// Laws
//   * `when_` is guarded by `lock_`, and so are arm() and disarm() of the node. Lock order: this one, then the heap's.
//   * A reference (alarm's count) is held by each handle, by the armed node, by a firing under way, and by each run.
//     The armed node's goes to fire(), and from there to the run; whoever disarms takes it back. So the function runs
//     though nobody holds a handle, and is gone when it cannot run any more.
//   * A firing that finds `when_` idle or later comes too late: it was stopped or set again meanwhile.
//   * The function is called and destroyed by goroutines and by callers, never by fire(), which is on a worker's stack.

#include <cstdint>

#include "../runtime/spinlock.hpp"
#include "../runtime/timer.hpp"
#include "after_func.hpp"
#include "alarm.hpp"

namespace warren::timing {

class func_alarm final : public alarm, private runtime::timer_node {
 public:
  bool stop() noexcept override;
  bool reset(std::int64_t ns, std::int64_t period) noexcept override;
  channels::core* channel() noexcept override { return nullptr; }

 private:
  friend func_alarm_room new_func_alarm(const function_type& type);
  friend void give_up(const func_alarm_room& r) noexcept;

  static constexpr std::int64_t idle = INT64_MIN;
  static const runtime::timer_kind firing;

  func_alarm(const function_type& type, void* function) noexcept : timer_node(firing), type_(type), function_(function) {}
  ~func_alarm() = default;

  void abandon() noexcept override;
  void free() noexcept;
  void fire(std::int64_t now) noexcept;

  runtime::spinlock lock_;
  std::int64_t when_ = idle;
  const function_type& type_;
  void* const function_;
};

}  // namespace warren::timing
