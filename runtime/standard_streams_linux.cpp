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

void flush_streams() noexcept {
  constexpr std::int64_t patience_ns = 200'000'000;
  static constinit std::atomic<std::uint32_t> done{0};
  flush_standard_streams();
  const auto flush_all = [](void*) {
    std::fflush(nullptr);
    // Release: pairs with the acquire below.
    done.store(1, std::memory_order_release);
    futex_wake(done, 1);
  };
  if (start_thread(flush_all, nullptr, "warren flush", true) != 0) return;
  const std::int64_t deadline = saturating_add(now_ns(), patience_ns);
  while (done.load(std::memory_order_acquire) == 0) {  // pairs with the release above
    if (futex_wait(done, 0, deadline) == -ETIMEDOUT) return;
  }
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
