// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <utility>

namespace warren {

namespace runtime {

/// While it lives, the calling goroutine runs beside the GOMAXPROCS workers: others take its place.
class blocking_section {
 public:
  blocking_section();
  ~blocking_section() noexcept(false);
  blocking_section(const blocking_section&) = delete;
  blocking_section& operator=(const blocking_section&) = delete;
};

}  // namespace runtime

/// Calls `f`, which may block the thread, here and now; other goroutines keep running meanwhile. Its result or exception
/// comes back. Read `errno` inside it: afterwards the goroutine may be on another thread. Parks: maybe, after the call.
template <class F>
decltype(auto) blocking(F&& f) {
  runtime::blocking_section section;
  return std::invoke(std::forward<F>(f));
}

}  // namespace warren
