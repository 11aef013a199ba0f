// SPDX-License-Identifier: MIT
#pragma once

// A channel whose element type is known only at run time: what the typed skin and select stand on.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace warren::channels {

/// All that compiled code knows of an element type. One constant a type.
struct element_type {
  std::size_t size;   ///< bytes; 0 for chan<void>
  std::size_t align;  ///< bytes
  /// Move-constructs *to from *from, which stays a moved-from object of its owner. Null: memcpy will do.
  void (*move)(void* to, void* from) noexcept;
  /// Ends *element. Null: nothing to do.
  void (*destroy)(void* element) noexcept;
};

/// The count that handles share. `dispose` runs when the last one is gone.
struct counted {
  explicit constexpr counted(void (*d)(counted*) noexcept) noexcept : dispose(d) {}
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  void retain() noexcept { handles.fetch_add(1, std::memory_order_relaxed); }

  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did happens before dispose.
    if (handles.fetch_sub(1, std::memory_order_acq_rel) == 1) dispose(this);
  }

  /// Adds a handle unless the last one is gone: for those who hold a pointer but no handle.
  bool try_retain() noexcept {
    std::uint32_t n = handles.load(std::memory_order_relaxed);
    while (n != 0) {
      if (handles.compare_exchange_weak(n, n + 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  std::atomic<std::uint32_t> handles{1};
  void (*const dispose)(counted*) noexcept;
};

class core;

enum class outcome : std::uint8_t {
  done,    ///< the value went over
  closed,  ///< receive: closed and drained
  empty,   ///< a try: it would have had to wait
};

/// Makes a channel; the caller owns its one handle. Throws std::bad_alloc, and channel_error ("makechan: size
/// out of range") for a capacity that is negative or whose buffer cannot be addressed.
core* make_core(const element_type& element, std::ptrdiff_t capacity);

// `ch` may be null (the nil channel) in all of these. `value` points to an element, or to raw memory for one.

/// Moves *value over, parking until that is possible. Throws channel_error when closed.
void send(core* ch, void* value);
/// done or empty; *value is intact unless done. Never switches. Throws channel_error when closed.
outcome try_send(core* ch, void* value);
/// Constructs an element at `value` (done), or says closed. Parks.
outcome receive(core* ch, void* value);
/// Like receive, or empty. Never switches.
outcome try_receive(core* ch, void* value) noexcept;
/// Throws channel_error for a nil or closed channel. Never switches.
void close(core* ch);
/// Looks without the lock, before a try. False: at one moment a send (a receive) could not go ahead.
bool seems_sendable(const core* ch) noexcept;
bool seems_receivable(const core* ch) noexcept;
std::size_t length(core* ch) noexcept;
std::size_t capacity(const core* ch) noexcept;

void retain(core* ch) noexcept;
void release(core* ch) noexcept;

/// A counted reference to a core, or nil.
class any_channel {
 public:
  constexpr any_channel() noexcept = default;
  constexpr any_channel(std::nullptr_t) noexcept {}
  /// Takes over the caller's handle.
  explicit any_channel(core* owned) noexcept : core_(owned) {}
  any_channel(const any_channel& other) noexcept : core_(other.core_) { retain(core_); }
  any_channel(any_channel&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  any_channel& operator=(any_channel other) noexcept {
    std::swap(core_, other.core_);
    return *this;
  }
  ~any_channel() {
    if (core_ != nullptr) release(core_);
  }

  core* get() const noexcept { return core_; }
  friend bool operator==(const any_channel& a, const any_channel& b) noexcept { return a.core_ == b.core_; }

 private:
  core* core_ = nullptr;
};

}  // namespace warren::channels
