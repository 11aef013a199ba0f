// SPDX-License-Identifier: MIT
#include "prefixed_stream.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace warren::net {

std::size_t prefixed_stream::take(std::span<char> to) noexcept {
  std::lock_guard hold(lock_);
  const std::size_t n = std::min(to.size(), left_.size());
  if (n != 0) std::memcpy(to.data(), left_.data(), n);
  left_.remove_prefix(n);
  // Relaxed: nothing is handed over by it.
  if (left_.empty()) drained_.store(true, std::memory_order_relaxed);
  return n;
}

result<std::size_t> prefixed_stream::read(std::span<char> to) {
  // Relaxed: a late look takes the lock and finds nothing left.
  if (!drained_.load(std::memory_order_relaxed) && !to.empty()) {
    if (const std::size_t n = take(to); n != 0) return {n, nil};
  }
  return conn_.read(to);
}

conn with_prefix(conn c, std::string prefix) {
  if (prefix.empty()) return c;
  return conn(new prefixed_stream(std::move(c), std::move(prefix)));
}

}  // namespace warren::net
