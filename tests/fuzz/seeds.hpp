// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace warren::fuzz {

/// Texts to begin with, for all targets: each one's own are among them.
std::vector<std::string> seeds();

}  // namespace warren::fuzz
