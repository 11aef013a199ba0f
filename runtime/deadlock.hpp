// SPDX-License-Identifier: MIT
#pragma once

// Finds out that all goroutines are asleep and nothing can wake one.

#include <cstdint>

namespace warren::runtime::deadlock {

enum class verdict : std::uint8_t {
  alive,           ///< something runs, or will by itself: a timer, a call
  others_may_act,  ///< only threads that are not the library's could wake a goroutine: look again later
  in_motion,       ///< the library moved while it was looked at: look again soon
};

/// The monitor's, when no worker holds a place. Reports a deadlock and ends the process if there is one.
verdict look(int monitor_thread) noexcept;

}  // namespace warren::runtime::deadlock
