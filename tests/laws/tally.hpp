// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "history.hpp"

namespace warren::laws {

/// Fails the test if a law is broken, and counts the history in for the program's last line.
void expect_lawful(const history& h, const std::string& where);

}  // namespace warren::laws
