// SPDX-License-Identifier: MIT
#pragma once

// The seam of files and folders, by the laws of system.hpp: a value or -errno; EINTR never leaves; any call can be made to
// fail by a test. runtime/files_linux.cpp is the only file behind it. What may have to wait for a disk blocks the thread:
// see blocking(). Files are not inherited by programs that are started.

#include <cstddef>
#include <cstdint>
#include <span>

namespace warren::runtime::sys {

/// Opens a folder, only to open what lies in it. Returns: a descriptor, or -errno.
int open_folder(const char* path) noexcept;

/// Opens a relative path for reading: nothing outside the folder, whatever ".." and symbolic links say; links that stay in
/// it are followed where the system can tell. Does not wait for the other end of a pipe.
/// Returns: a descriptor; -ENOENT for what lies outside; or another -errno.
int open_beneath(int folder, const char* path) noexcept;
/// What open_beneath does where the system cannot tell: an element at a time, without following any symbolic link.
int open_stepwise(int folder, const char* path) noexcept;

enum class file_kind : std::uint8_t { regular, folder, other };
struct file_facts {
  file_kind kind = file_kind::other;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0;  ///< since the beginning of 1970
};
/// Returns: 0 or -errno.
int look_at(int file, file_facts& facts) noexcept;

/// Returns: how many bytes from `offset` on were read, 0 at the end; or -errno.
long read_at(int file, std::span<char> to, std::int64_t offset) noexcept;
/// The same from memory alone. Returns: -EAGAIN where a disk would have to be waited for, or nobody knows.
long read_cached(int file, std::span<char> to, std::int64_t offset) noexcept;

/// Calls `found` for all that is in the folder, in no order. Returns: 0 or -errno.
int list_folder(int folder, void (*found)(void* state, const char* name, bool is_folder), void* state);

}  // namespace warren::runtime::sys
