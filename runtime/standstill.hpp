// SPDX-License-Identifier: MIT
#pragma once

// What goroutines of a closed world may wait for beside all else: that everybody waits. The laws: closed_world.hpp.

namespace warren::runtime {

struct closed_world;

/// That of the current run. Null: it lives by the system's clock.
closed_world* the_closed_world() noexcept;

/// Leaves the calling goroutine until the next standstill. False: another is in this call. Parks: yes.
bool watch_for_standstill(closed_world& world);

/// The first goroutine has come to its end, and time with it: waits for the others'. False: some of them wait for ever, a
/// report with their traces has gone to standard error, and the run is over. Parks: yes.
bool finish_world(closed_world& world);

}  // namespace warren::runtime
