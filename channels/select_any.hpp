// SPDX-License-Identifier: MIT
#pragma once

#include <span>

#include "any_channel.hpp"
#include "waiter.hpp"

namespace warren::channels {

/// What select_any() returns when no case was ready and there was an otherwise.
inline constexpr int chose_otherwise = -1;

/// Waits until one of the cases can go ahead, lets it, and returns its position; its `success` tells a value
/// from a close. The caller fills channel, value, is_send and borrowed of each case, on its own stack. Parks,
/// unless there is an otherwise, which is taken if at one moment no case was ready. Throws channel_error for
/// a send that went ahead on a closed channel.
int select_any(std::span<channel_waiter> cases, bool has_otherwise);

}  // namespace warren::channels
