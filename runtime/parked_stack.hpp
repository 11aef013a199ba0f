// SPDX-License-Identifier: MIT
#pragma once

namespace warren::runtime {

/// Calls f(argument) on the stack of the caller, but so that an unwinder takes the goroutine that is switched away with
/// its registers at `context` for the function's caller. Nothing is switched and the goroutine's stack is only read.
void call_above(const void* context, void (*f)(void*), void* argument) noexcept;

}  // namespace warren::runtime
