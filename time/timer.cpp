// SPDX-License-Identifier: MIT
#include "timer.hpp"

#include "../errors/panic.hpp"
#include "timer_channel.hpp"

namespace warren {

namespace timing {

alarm_handle new_timer(std::int64_t ns) { return alarm_handle(new timer_channel(ns, 0)); }

channels::any_channel new_channel(std::int64_t ns, std::int64_t period) {
  return channels::any_channel(new timer_channel(ns, period));
}

}  // namespace timing

recv_chan<clock::time_point> timer::c() const {
  channels::core* ch = alarm_.get() != nullptr ? alarm_->channel() : nullptr;
  channels::retain(ch);
  return recv_chan<clock::time_point>(channels::any_channel(ch));
}

bool timer::stop() const {
  if (*this == nullptr) panic("time: Stop called on uninitialized Timer");
  return alarm_->stop();
}

bool timer::reset_ns(std::int64_t ns) const {
  if (*this == nullptr) panic("time: Reset called on uninitialized Timer");
  return alarm_->reset(ns, 0);
}

}  // namespace warren
