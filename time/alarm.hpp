// SPDX-License-Identifier: MIT
#pragma once

// What stands behind a timer or ticker handle.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "../channels/any_channel.hpp"

namespace warren::timing {

/// Something that happens by the clock, once or again and again. Any thread may call anything; nothing parks.
class alarm {
 public:
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;

  /// Returns: whether it was still to happen, or had happened unseen.
  virtual bool stop() noexcept = 0;
  /// Sets it anew, `ns` from now and then each `period` ns (0: once); returns what stop() would have.
  virtual bool reset(std::int64_t ns, std::int64_t period) noexcept = 0;
  /// The channel that it sends on, null when it sends on none; the count is not raised.
  virtual channels::core* channel() noexcept = 0;

  void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }

  void release() noexcept {
    if (drop()) abandon();
  }

 protected:
  alarm() noexcept = default;
  ~alarm() = default;

  /// Returns: whether that was the last reference, so that the caller has to abandon().
  [[nodiscard]] bool drop() noexcept {
    // Acquire and release: pairs with itself; what others did with the alarm happens before its end.
    return owners_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

  /// Nobody can stop or reset it any more.
  virtual void abandon() noexcept = 0;

 private:
  std::atomic<std::uint32_t> owners_{1};
};

/// A counted reference to an alarm, or nil.
class alarm_handle {
 public:
  constexpr alarm_handle() noexcept = default;
  /// Takes over the caller's reference.
  explicit alarm_handle(alarm* owned) noexcept : alarm_(owned) {}
  alarm_handle(const alarm_handle& other) noexcept : alarm_(other.alarm_) {
    if (alarm_ != nullptr) alarm_->retain();
  }
  alarm_handle(alarm_handle&& other) noexcept : alarm_(std::exchange(other.alarm_, nullptr)) {}
  alarm_handle& operator=(alarm_handle other) noexcept {
    std::swap(alarm_, other.alarm_);
    return *this;
  }
  ~alarm_handle() {
    if (alarm_ != nullptr) alarm_->release();
  }

  alarm* get() const noexcept { return alarm_; }
  alarm* operator->() const noexcept { return alarm_; }
  friend bool operator==(const alarm_handle& a, const alarm_handle& b) noexcept { return a.alarm_ == b.alarm_; }

 private:
  alarm* alarm_ = nullptr;
};

}  // namespace warren::timing
