// SPDX-License-Identifier: MIT
#include "input.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "../runtime/spinlock.hpp"

namespace warren::http {

namespace {

/// Buffers of input::first_size that nobody uses. Bounded: what is beyond goes back to the system.
class buffer_pool {
 public:
  char* take() {
    {
      const runtime::spin_guard guard(lock_);
      if (count_ != 0) return free_[--count_];
    }
    return static_cast<char*>(::operator new(input::first_size));
  }

  void give(char* buffer) noexcept {
    {
      const runtime::spin_guard guard(lock_);
      if (count_ != room) {
        free_[count_++] = buffer;
        return;
      }
    }
    ::operator delete(buffer);
  }

 private:
  static constexpr std::uint32_t room = 256;

  runtime::spinlock lock_;
  std::uint32_t count_ = 0;
  char* free_[room]{};
};

// Never destroyed: connections may outlive main().
constinit buffer_pool pool;

}  // namespace

input::~input() { drop_buffer(); }

net::stream* input::unbind() noexcept { return std::exchange(stream_, nullptr); }

void input::drop_buffer() noexcept {
  if (buffer_ == nullptr) return;
  if (capacity_ == first_size) {
    pool.give(buffer_);
  } else {
    ::operator delete(buffer_);
  }
  buffer_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

/// Makes room behind what is there: moves that to the front, or to a buffer of twice the size.
void input::make_room(std::size_t limit) {
  if (buffer_ == nullptr) {
    buffer_ = pool.take();
    capacity_ = first_size;
    return;
  }
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < capacity_) return;
  const std::size_t used = size();
  if (used <= capacity_ / 2) {
    std::memmove(buffer_, buffer_ + begin_, used);
  } else {
    const std::size_t wanted = std::max(used + 1, std::min(capacity_ * 2, std::max(limit, first_size)));
    char* const larger = static_cast<char*>(::operator new(wanted));
    std::memcpy(larger, buffer_ + begin_, used);
    drop_buffer();
    buffer_ = larger;
    capacity_ = wanted;
  }
  begin_ = 0;
  end_ = used;
}

result<std::size_t> input::fill(std::size_t limit) {
  if (size() >= limit) return {0, nullptr};
  make_room(limit);
  auto [n, err] = stream_->read(std::span<char>(buffer_ + end_, capacity_ - end_));
  end_ += n;
  return {n, std::move(err)};
}

result<std::size_t> input::read_past(std::span<char> to) { return stream_->read(to); }

void input::consume(std::size_t n) noexcept {
  begin_ += n;
  if (begin_ == end_) begin_ = end_ = 0;
}

void input::release() noexcept {
  if (empty()) drop_buffer();
}

std::string input::take_rest() {
  std::string rest(data());
  begin_ = end_ = 0;
  drop_buffer();
  return rest;
}

}  // namespace warren::http
