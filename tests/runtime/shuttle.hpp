// SPDX-License-Identifier: MIT
#pragma once

// Makes goroutines go on on other threads: a goroutine that hops parks, and a thread that is no worker makes it ready,
// so that whichever worker is free takes it.

#include <warren/runtime/goroutine.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

namespace warren::tests {

class shuttle {
 public:
  shuttle();
  ~shuttle();
  shuttle(const shuttle&) = delete;
  shuttle& operator=(const shuttle&) = delete;

  /// Parks the caller and lets it go on, on the same worker or another one.
  void hop();

  /// How many hops ended on another thread than they began on.
  std::int64_t migrations() const { return migrations_; }

 private:
  static bool take_aboard(runtime::goroutine* g, void* self) noexcept;
  void carry();

  std::atomic<runtime::goroutine*> aboard_{nullptr};  ///< a chain by `next`
  std::atomic<std::int64_t> migrations_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace warren::tests
