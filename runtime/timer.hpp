// SPDX-License-Identifier: MIT
#pragma once

// Timers as the floors above use them. The laws stand in timer_node.hpp.

#include <cstdint>

#include "timer_node.hpp"

namespace warren::runtime {

/// Arms a node that is not armed, for `when` on the clock (now_ns). Starts the runtime if none is running.
void arm(timer_node& node, std::int64_t when) noexcept;

/// Takes an armed node out. True when it was armed: then fire() is not called for that arming.
bool disarm(timer_node& node) noexcept;

/// It is armed, and not in a run that is over.
bool will_fire(const timer_node& node) noexcept;

/// Parks the calling goroutine until the clock reads `when`.
void sleep_until_ns(std::int64_t when);

}  // namespace warren::runtime
