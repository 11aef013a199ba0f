// SPDX-License-Identifier: MIT
#pragma once

// The body of a message that is being received: what a handler, or the caller of a client, reads from.
//
// It is reading as long as it has an input, then it has ended: with all of it read, with an error, or cut off.
//
// Laws
//   * It belongs to its connection, which counts as one of its handles; the other handles are bodies.
//   * `mutex_` guards all of it, and with it the input while the body is reading: a copy of a request may be read by any
//     goroutine. Once it has ended the input is not touched any more: it is the connection's again.
//   * `at_end` is called once for each start, under the mutex, at the latest by drain or cut_off. It must not call the body.
//   * Errors stay: after one, each read gives it again.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "../sync/mutex.hpp"
#include "body.hpp"
#include "chunk_decoder.hpp"
#include "header.hpp"
#include "input.hpp"

namespace warren::http {

/// What reads give after close(), and after the handler has returned. Source: Go http.ErrBodyReadAfterClose.
inline constexpr errors::sentinel body_read_after_close_object{"http: invalid Read on closed Body"};
inline constexpr warren::error body_read_after_close{body_read_after_close_object};

/// How a body ended.
enum class body_end : std::uint8_t {
  whole,   ///< all of it was read
  failed,  ///< the stream failed or ended, or the bytes are malformed
  left,    ///< it was closed, and the rest of it is still to come
};

/// Is told what happens to a body; the connection, for most.
class body_hooks {
 public:
  /// Before the first read that the buffer cannot serve. An error is given to the reader, and ends the body.
  virtual warren::error before_read() { return nullptr; }
  /// Whether a reader's close() leaves the rest for drain(); else the body has ended then.
  virtual bool takes_the_rest() const { return false; }
  /// Once. `trailers` are those of a chunked body that is whole, else none.
  virtual void at_end(body_end how, const warren::error& why, http::header& trailers) = 0;

 protected:
  ~body_hooks() = default;
};

class message_body final : public body_source {
 public:
  enum class framing : std::uint8_t {
    none,   ///< no bytes
    sized,  ///< so many
    chunked,
    until_end,  ///< all that comes until the stream ends
  };

  message_body() noexcept = default;

  /// Begins the body of a message. Input and hooks are the caller's, and live until it has ended. `rules` and `announced` are
  /// the chunk decoder's. A body of no bytes has ended at once, and at_end is not called.
  void start(http::input& in, framing how, std::int64_t size, body_hooks* hooks,
             const chunk_decoder::limits& rules = {}, std::string_view announced = {});

  result<std::size_t> read(std::span<char> to) override;
  /// Reads give body_read_after_close from now on. What is left of it is not read, see body_hooks::takes_the_rest.
  warren::error close() override;
  /// The size that was said; -1 for none.
  std::int64_t length() const override { return length_; }

  /// The owner's: reads and drops what is left, if that is at most `limit` bytes, and closes. Returns: whether the body was
  /// read to its end, so that the connection stands at the next message. Parks: yes.
  bool drain(std::size_t limit);

  /// The owner's: closes, so that the input is the owner's, and lets go of hooks and input. Waits for a read under way: who
  /// cannot wait ends the stream's reads before.
  void cut_off();

  /// Whether nothing of it is left to be read from the stream. Never parks.
  // Acquire: pairs with the release in end().
  bool at_end() const noexcept { return ended_.load(std::memory_order_acquire); }

 private:
  result<std::size_t> read_locked(std::span<char> to);
  result<std::size_t> read_sized(std::span<char> to);
  result<std::size_t> read_chunked(std::span<char> to);
  result<std::size_t> read_to_end(std::span<char> to);
  result<std::size_t> take_from_stream(std::span<char> to);
  result<std::size_t> read_large_chunk(std::span<char> to);
  result<std::size_t> take_some(std::span<char> to);
  std::size_t take_buffered(std::span<char> to) noexcept;
  result<std::size_t> fail(warren::error why);
  warren::error before_waiting();
  warren::error fill();
  void end(body_end how, warren::error why);
  void cut_off_locked();

  sync::mutex mutex_;
  http::input* input_ = nullptr;  ///< null: it has ended
  body_hooks* hooks_ = nullptr;
  framing framing_ = framing::none;
  bool closed_ = false;  ///< for readers
  bool whole_ = true;
  bool asked_ = false;  ///< before_read was called
  std::atomic<bool> ended_{true};
  std::int64_t length_ = 0;
  std::int64_t left_ = 0;
  warren::error failure_;  ///< what reads give once it has ended: net::eof, or why
  chunk_decoder chunks_;
};

}  // namespace warren::http
