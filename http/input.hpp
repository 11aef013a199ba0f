// SPDX-License-Identifier: MIT
#pragma once

// What was received on a connection and not used yet.
//
// Laws
//   * One goroutine at a time uses it.
//   * A buffer is there only between the first fill() and the moment when all is consumed and release() is called: a
//     connection that waits for its next message has none.
//   * The buffers of the first size come from a pool that all connections share.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "../errors/error.hpp"
#include "../errors/result.hpp"
#include "../net/stream.hpp"

namespace warren::http {

class input {
 public:
  /// Not a power of two: a head of just such a size would fill the buffer, and nobody could tell that nothing is left.
  static constexpr std::size_t first_size = 4096 + 512;

  input() noexcept = default;
  explicit input(net::stream* s) noexcept : stream_(s) {}
  input(const input&) = delete;
  input& operator=(const input&) = delete;
  ~input();

  /// The stream is the caller's, and must live as long as it is bound. What is buffered stays.
  void bind(net::stream* s) noexcept { stream_ = s; }
  net::stream* unbind() noexcept;
  net::stream* stream() const noexcept { return stream_; }

  /// What is there; valid until the next fill(), release() or take_rest().
  std::string_view data() const noexcept { return {buffer_ + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }

  /// One read of the stream, put behind what is there. The buffer grows for it as long as that is less than `limit`.
  /// Returns: how many bytes came; net::eof; what the stream says. 0 and nil: `limit` is reached. Parks: yes.
  result<std::size_t> fill(std::size_t limit);

  /// One read of the stream to the caller's room, past the buffer. For when that is empty.
  result<std::size_t> read_past(std::span<char> to);

  /// `n` at most size().
  void consume(std::size_t n) noexcept;

  /// Gives the buffer back if nothing is in it.
  void release() noexcept;

  /// Takes out what is there, for another owner of the connection.
  std::string take_rest();

  std::size_t capacity() const noexcept { return capacity_; }

 private:
  void make_room(std::size_t limit);
  void drop_buffer() noexcept;

  net::stream* stream_ = nullptr;
  char* buffer_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace warren::http
