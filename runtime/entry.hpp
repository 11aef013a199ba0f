// SPDX-License-Identifier: MIT
#pragma once

#include "goroutine.hpp"

namespace warren::runtime {

/// Runs the goroutine's callable and ends it. Only goexit's private type is caught here: any other exception finds no
/// handler, so that terminate is called with the throwing frames still on the stack.
void run_body(goroutine* g);

}  // namespace warren::runtime
