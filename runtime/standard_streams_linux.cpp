// SPDX-License-Identifier: MIT
#include "standard_streams.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <unistd.h>

#include "clock.hpp"
#include "system.hpp"

namespace warren::runtime::sys {

void flush_standard_streams() noexcept {
  for (FILE* stream : {stdout, stderr}) {
    if (::ftrylockfile(stream) != 0) continue;
    ::fflush_unlocked(stream);
    ::funlockfile(stream);
  }
}

namespace {

constinit std::atomic<std::uint32_t> all_flushed{0};

void flush_all(void*) {
  std::fflush(nullptr);
  // Release: pairs with the acquire in flush_all_in_time().
  all_flushed.store(1, std::memory_order_release);
  futex_wake(all_flushed, 1);
}

/// On a thread of its own, which can be left behind where it waits for a lock, or for room in a pipe nobody reads.
bool flush_all_in_time() noexcept {
  constexpr std::int64_t patience_ns = 200'000'000;
  const std::int64_t deadline = saturating_add(monotonic_ns(), patience_ns);
  if (start_thread(flush_all, nullptr, "warren flush", true) != 0) return false;
  // Acquire: pairs with the release in flush_all().
  while (all_flushed.load(std::memory_order_acquire) == 0) {
    if (futex_wait(all_flushed, 0, deadline) == -ETIMEDOUT) return false;
  }
  return true;
}

}  // namespace

void flush_streams() noexcept {
  // The other thread may not have come as far as these, and the lock of one may be the caller's own.
  if (!flush_all_in_time()) flush_standard_streams();
}

int print(int descriptor, const char* text, std::size_t bytes) noexcept {
  FILE* stream = descriptor == STDOUT_FILENO ? stdout : stderr;
  ::flockfile(stream);
  ::fflush_unlocked(stream);
  // A program may have sent the stream elsewhere; one in memory has no descriptor.
  const int own = ::fileno_unlocked(stream);
  int result = 0;
  if (own >= 0) {
    result = write_all(own, text, bytes);
  } else if (::fwrite_unlocked(text, 1, bytes, stream) != bytes) {
    result = -EIO;
  }
  ::funlockfile(stream);
  return result;
}

}  // namespace warren::runtime::sys
