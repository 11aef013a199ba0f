// SPDX-License-Identifier: MIT
#pragma once

// The network poller: who waits for files is told here, and whoever is idle asks the kernel.
//
// Laws
//   * There is one poller a process. It is opened with the first descriptor and never closed.
//   * Every descriptor is registered once, for all changes (edge-triggered); an event carries the record's address and
//     the low bits of its generation.
//   * Asking is in two steps, sleep() and dispatch(), so that an idle worker can take its place in between, and what it
//     makes ready goes into its own queues.
//   * At most one thread sleeps in the poller. The bell that interrupt() rings is for it alone: whoever only looks leaves
//     the bell as it is, or the sleeper would go on sleeping.
// The kernel's side of it are the calls under "waiting for files" in system.hpp: another system has another page there.

#include <cstdint>

#include "goroutine.hpp"
#include "system.hpp"

namespace warren::runtime {

namespace netpoll {

/// What stands behind a registered file. Type-stable: an event that comes late finds one.
struct target {
  /// `generation`: the low 16 bits of what the target had when it was added.
  void (*happened)(target*, const sys::file_event& e, std::uint32_t generation, goroutine_list& woken) noexcept;
};

/// What one look brings.
struct batch {
  static constexpr int room = 128;
  sys::file_event events[room];
  int size = 0;
};

enum class opening : std::uint8_t { failed, was_open, opened };
/// Opens the poller unless it is open. `error`: -errno when that failed. Who gets `opened` wakes the one that sleeps on
/// other things until the earliest deadline.
opening open(int& error) noexcept;
bool is_open() noexcept;

/// Returns 0 or -errno.
int add(int file, target* t, std::uint32_t generation) noexcept;
void remove(int file) noexcept;
/// How many descriptors there are to ask for.
int files() noexcept;
inline bool has_files() noexcept { return files() > 0; }

/// Looks for events. The poller is open, as for all that follows.
void look(batch& b) noexcept;
/// The sleeper's: waits for events until the clock reads `deadline` (`never`: no deadline; 0: does not wait), or until
/// interrupt().
void sleep(batch& b, std::int64_t deadline) noexcept;
/// Tells the targets; who waited is put on the list, listeners and watchers are called.
void dispatch(const batch& b, goroutine_list& woken) noexcept;
void interrupt() noexcept;

/// Waits of goroutines, listeners and watchers that only an event can end; summed over all threads. What adds to it calls
/// expect_event() when it has been published.
std::int64_t waits() noexcept;

}  // namespace netpoll
}  // namespace warren::runtime
