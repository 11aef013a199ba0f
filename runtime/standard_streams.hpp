// SPDX-License-Identifier: MIT
#pragma once

// The seam to stdio: runtime/standard_streams_linux.cpp is the only file of the library that names a stream.

#include <cstddef>

namespace warren::runtime::sys {

/// Writes out what stdio holds, for at most 200 ms: another thread may sit in a read of some stream, holding its lock.
/// Starts a thread, so it is not for signal handlers. Once in a process.
void flush_streams() noexcept;
/// The same for standard output and error alone, unless another thread uses them at this moment. For signal handlers.
void flush_standard_streams() noexcept;
/// Writes to standard output (1) or standard error (2) by one write, after what stdio holds for it and under its lock.
/// Returns 0 or -errno.
int print(int descriptor, const char* text, std::size_t bytes) noexcept;

}  // namespace warren::runtime::sys
