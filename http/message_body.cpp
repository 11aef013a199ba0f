// SPDX-License-Identifier: MIT
#include "message_body.hpp"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "../net/eof.hpp"

namespace warren::http {

namespace {

/// A read of at least that much goes from the stream to its reader, not through the buffer.
constexpr std::size_t large_read = 4096;

}  // namespace

void message_body::start(http::input& in, framing how, std::int64_t size, body_hooks* hooks,
                         const chunk_decoder::limits& rules, std::string_view announced) {
  const std::lock_guard guard(mutex_);
  framing_ = how == framing::sized && size == 0 ? framing::none : how;
  length_ = framing_ == framing::sized ? size : framing_ == framing::none ? 0 : -1;
  left_ = length_;
  asked_ = false;
  closed_ = false;
  whole_ = framing_ == framing::none;
  failure_ = whole_ ? net::eof : nullptr;
  if (whole_) return;
  input_ = &in;
  hooks_ = hooks;
  if (framing_ == framing::chunked) chunks_.start(rules, announced);
  ended_.store(false, std::memory_order_relaxed);
}

result<std::size_t> message_body::read(std::span<char> to) {
  const std::lock_guard guard(mutex_);
  if (closed_) return {0, body_read_after_close};
  if (input_ == nullptr) return {0, failure_};
  if (to.empty()) return {0, nullptr};
  return read_locked(to);
}

result<std::size_t> message_body::read_locked(std::span<char> to) {
  switch (framing_) {
    case framing::sized:
      return read_sized(to);
    case framing::chunked:
      return read_chunked(to);
    default:
      return read_to_end(to);
  }
}

/// Tells hooks and readers, and lets go of the input.
void message_body::end(body_end how, warren::error why) {
  failure_ = std::move(why);
  whole_ = how == body_end::whole;
  input_ = nullptr;
  body_hooks* const hooks = std::exchange(hooks_, nullptr);
  http::header none;
  const bool has_trailers = how == body_end::whole && framing_ == framing::chunked;
  if (hooks != nullptr) hooks->at_end(how, failure_, has_trailers ? chunks_.trailers() : none);
  // Release: pairs with the acquire in at_end(); who sees the end may use the input again.
  ended_.store(true, std::memory_order_release);
}

warren::error message_body::before_waiting() {
  if (asked_ || hooks_ == nullptr) return nullptr;
  asked_ = true;
  return hooks_->before_read();
}

/// A read of the stream into the buffer, or past it when it is empty and the reader has room. Returns: how many bytes lie
/// in `to`; an end of the stream is no error here, but no byte.
result<std::size_t> message_body::take_from_stream(std::span<char> to) {
  if (warren::error err = before_waiting(); err != nullptr) return {0, std::move(err)};
  result<std::size_t> r;
  if (to.size() >= large_read) {
    r = input_->read_past(to);
  } else {
    r = input_->fill(input::first_size);
    if (r.value() != 0) r.value() = take_buffered(to);
  }
  if (r.value() != 0 || r.err() == net::eof) return {r.value(), nullptr};
  return r;
}

std::size_t message_body::take_buffered(std::span<char> to) noexcept {
  const std::size_t n = std::min(to.size(), input_->size());
  std::memcpy(to.data(), input_->data().data(), n);
  input_->consume(n);
  return n;
}

result<std::size_t> message_body::take_some(std::span<char> to) {
  if (!input_->empty()) return {take_buffered(to), nullptr};
  return take_from_stream(to);
}

result<std::size_t> message_body::fail(warren::error why) {
  end(body_end::failed, std::move(why));
  return {0, failure_};
}

result<std::size_t> message_body::read_sized(std::span<char> to) {
  const auto room =
      static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), static_cast<std::uint64_t>(left_)));
  auto [n, err] = take_some(to.first(room));
  if (err != nullptr) return fail(std::move(err));
  if (n == 0) return fail(net::unexpected_eof);
  left_ -= static_cast<std::int64_t>(n);
  if (left_ == 0) end(body_end::whole, net::eof);
  return {n, nullptr};
}

result<std::size_t> message_body::read_to_end(std::span<char> to) {
  auto [n, err] = take_some(to);
  if (err != nullptr) return fail(std::move(err));
  if (n == 0) {
    end(body_end::whole, net::eof);
    return {0, net::eof};
  }
  return {n, nullptr};
}

result<std::size_t> message_body::read_chunked(std::span<char> to) {
  for (;;) {
    const chunk_step s = chunks_.step(input_->data(), to);
    input_->consume(s.consumed);
    if (s.status == chunk_status::done) end(body_end::whole, net::eof);
    if (s.status == chunk_status::bad) end(body_end::failed, chunks_.failure());
    if (s.produced != 0) return {s.produced, nullptr};
    if (s.status != chunk_status::more) return {0, failure_};
    if (const std::uint64_t left = chunks_.data_left(); left != 0 && to.size() >= large_read) {
      return read_large_chunk(to.first(static_cast<std::size_t>(std::min<std::uint64_t>(to.size(), left))));
    }
    if (warren::error err = fill(); err != nullptr) return fail(std::move(err));
  }
}

/// The buffer is empty, and the data of a chunk is to come.
result<std::size_t> message_body::read_large_chunk(std::span<char> to) {
  auto [n, err] = take_from_stream(to);
  if (err != nullptr) return fail(std::move(err));
  if (n == 0) return fail(net::unexpected_eof);
  chunks_.skip_data(n);
  return {n, nullptr};
}

warren::error message_body::fill() {
  if (warren::error err = before_waiting(); err != nullptr) return err;
  auto [n, err] = input_->fill(input::first_size);
  if (n != 0) return nullptr;
  return err == net::eof ? net::unexpected_eof : err;
}

warren::error message_body::close() {
  const std::lock_guard guard(mutex_);
  closed_ = true;
  if (input_ != nullptr && (hooks_ == nullptr || !hooks_->takes_the_rest()))
    end(body_end::left, body_read_after_close);
  return nullptr;
}

void message_body::cut_off() {
  const std::lock_guard guard(mutex_);
  cut_off_locked();
}

void message_body::cut_off_locked() {
  closed_ = true;
  if (input_ != nullptr) end(body_end::left, body_read_after_close);
}

bool message_body::drain(std::size_t limit) {
  const std::lock_guard guard(mutex_);
  char scratch[2048];
  const bool too_much = framing_ == framing::sized && static_cast<std::uint64_t>(left_) > limit;
  for (std::size_t n = 0; input_ != nullptr && !too_much && n <= limit;) n += read_locked(scratch).value();
  cut_off_locked();
  return whole_;
}

}  // namespace warren::http
