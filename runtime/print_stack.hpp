// SPDX-License-Identifier: MIT
#pragma once

namespace warren {

/// Prints the calling goroutine (or thread) and its stack trace to standard error.
/// Source: Go debug.PrintStack.
void print_stack();

}  // namespace warren
