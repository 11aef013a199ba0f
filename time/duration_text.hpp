// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>

namespace warren::timing {

/// A duration as Go prints it: `0s`, `1.5µs`, `100ms`, `2h45m0s`. Units that would lead with a zero are left out.
/// Source: Go time.Duration.String.
std::string text_of(std::chrono::nanoseconds d);

}  // namespace warren::timing
