// SPDX-License-Identifier: MIT
#pragma once

namespace warren::runtime {

/// Reports exceptions that leave a goroutine, from now on. A terminate on any other thread goes to the handler before.
void install_terminate_handler() noexcept;
/// Puts the handler before back, unless somebody has put in another one.
void restore_terminate_handler() noexcept;

}  // namespace warren::runtime
