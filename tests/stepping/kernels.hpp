// SPDX-License-Identifier: MIT
#pragma once

// A kernel: one protocol of the library at the size at which it can go wrong, and what must be true of it. `body` sets a
// schedule's threads up, runs it, and checks.

#include <span>

#include "world.hpp"

namespace stepping {

struct kernel {
  const char* name;
  void (*body)(world&);
  /// Thousands of steps, a whole run of the library; else tens.
  bool whole = false;
  /// Small enough for `bounded`.
  bool small = false;
  /// More schedules than that would use up what each of them leaves behind for good.
  std::uint64_t most = UINT64_MAX;
};

std::span<const kernel> queue_kernels();
std::span<const kernel> channel_kernels();
std::span<const kernel> sync_kernels();
std::span<const kernel> context_kernels();
std::span<const kernel> time_kernels();
std::span<const kernel> descriptor_kernels();
std::span<const kernel> scheduler_kernels();

}  // namespace stepping
