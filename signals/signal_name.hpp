// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace warren::signals {

/// Returns: the name as Go's os.Signal prints it: `interrupt`, `signal 40`.
std::string name_of(int signal);

}  // namespace warren::signals
