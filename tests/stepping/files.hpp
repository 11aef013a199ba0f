// SPDX-License-Identifier: MIT
#pragma once

// Simulated files: pairs of connected streams of bytes, and the poller that tells of their changes once each
// (edge-triggered), as epoll does.
//
// Law: an edge is told once. A poller that sleeps is woken by an edge or by its bell.

#include <cstdint>

namespace stepping::files {

/// A connected pair; both ends hold `room` bytes on their way at most.
struct pair {
  int near, far;
};
pair connect(int room);
/// What the far end's process does, from a simulated thread that stands for it.
int send(int file, int bytes);
int take(int file, int bytes);
void hang_up(int file);
bool is_open(int file);
/// Forgets all files but the poller and its bell; says how many were still open.
int forget_all();

}  // namespace stepping::files
