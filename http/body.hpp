// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "../errors/error.hpp"
#include "../errors/result.hpp"

namespace warren::http {

/// What a body's bytes come from. A program may have its own: derive, and hand it over with `body(new source)`.
///
/// One reader at a time. It is destroyed with its last handle.
class body_source {
 public:
  body_source(const body_source&) = delete;
  body_source& operator=(const body_source&) = delete;

  /// Returns: how many bytes were put to `to`, at least one unless it has no room; net::eof when there are no more, and with
  /// an error none. May park.
  virtual result<std::size_t> read(std::span<char> to) = 0;
  /// Ends it before its end. May be called several times.
  virtual warren::error close() = 0;
  /// Returns: how many bytes there are in all, -1 when nobody knows beforehand.
  virtual std::int64_t length() const { return -1; }
  /// Returns: what is left to read, where all of it lies in memory; valid until the next read.
  virtual std::optional<std::string_view> text() const { return std::nullopt; }
  /// Begins anew, for a redirect or a second attempt. Returns: whether it can.
  virtual bool rewind() { return false; }

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what other handles did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }
  /// Returns: whether there is one handle only.
  bool is_unshared() const noexcept {
    // Acquire: pairs with the fetch_sub of those who let go.
    return handles_.load(std::memory_order_acquire) == 1;
  }

 protected:
  body_source() noexcept = default;
  virtual ~body_source() = default;

 private:
  std::atomic<std::uint32_t> handles_{1};
};

/// The content of a message, read as a stream. A handle: copies share the stream, a default one is nil, which is the same
/// as no bytes.
class body {
 public:
  constexpr body() noexcept = default;
  constexpr body(std::nullptr_t) noexcept {}
  body(std::string text);
  body(std::string_view text) : body(std::string(text)) {}
  body(const char* text) : body(std::string(text)) {}
  /// Takes the caller's handle over.
  explicit body(body_source* owned) noexcept : source_(owned) {}
  body(const body& other) noexcept : source_(other.source_) {
    if (source_ != nullptr) source_->retain();
  }
  body(body&& other) noexcept : source_(std::exchange(other.source_, nullptr)) {}
  body& operator=(body other) noexcept {
    std::swap(source_, other.source_);
    return *this;
  }
  ~body() {
    if (source_ != nullptr) source_->release();
  }

  /// Returns: at least one byte unless `to` has no room, or net::eof. Parks: until something is there.
  result<std::size_t> read(std::span<char> to) const;
  /// Says that no more will be read.
  warren::error close() const;
  /// Returns: the number of bytes in all, -1 when it is not known beforehand; 0 for nil.
  std::int64_t length() const { return source_ == nullptr ? 0 : source_->length(); }
  /// Begins anew. Returns: whether that is possible; true for nil.
  bool rewind() const { return source_ == nullptr || source_->rewind(); }

  body_source* source() const noexcept { return source_; }

  friend bool operator==(const body& a, const body& b) noexcept = default;
  friend bool operator==(const body& b, std::nullptr_t) noexcept { return b.source_ == nullptr; }

 private:
  body_source* source_ = nullptr;
};

/// Reads to the end. Returns: all bytes; with an error those that came before it. Parks. Source: Go io.ReadAll.
result<std::string> read_all(const body& b);

}  // namespace warren::http
