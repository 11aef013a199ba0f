// SPDX-License-Identifier: MIT
#include "ticker.hpp"

#include "../errors/panic.hpp"
#include "timer_channel.hpp"

namespace warren {

namespace {

std::int64_t checked(std::int64_t ns, const char* text) {
  if (ns <= 0) panic(text);
  return ns;
}

}  // namespace

ticker::ticker(std::int64_t ns)
    : alarm_(new timing::timer_channel(checked(ns, "non-positive interval for NewTicker"), ns)) {}

recv_chan<clock::time_point> ticker::c() const {
  channels::core* ch = alarm_.get() != nullptr ? alarm_->channel() : nullptr;
  channels::retain(ch);
  return recv_chan<clock::time_point>(channels::any_channel(ch));
}

void ticker::stop() const {
  if (*this != nullptr) alarm_->stop();
}

void ticker::reset_ns(std::int64_t ns) const {
  checked(ns, "non-positive interval for Ticker.Reset");
  if (*this == nullptr) panic("time: Reset called on uninitialized Ticker");
  alarm_->reset(ns, ns);
}

recv_chan<clock::time_point> timing::tick_ns(std::int64_t ns) {
  if (ns <= 0) return {};
  return recv_chan<clock::time_point>(channels::any_channel(new timer_channel(ns, ns)));
}

}  // namespace warren
