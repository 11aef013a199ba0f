// SPDX-License-Identifier: MIT
#include "upload.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <new>
#include <span>
#include <string>
#include <utility>

#include "../channels/select.hpp"
#include "../net/eof.hpp"
#include "../runtime/go.hpp"
#include "../time/timer.hpp"
#include "close_quietly.hpp"
#include "out_of_memory.hpp"

namespace warren::http {

namespace {

constexpr std::size_t piece_size = 32 * 1024;
/// The size of a piece in hexadecimal, and its line end.
constexpr std::size_t prefix_room = 6;

}  // namespace

upload::upload(net::conn to, const request& r, const outgoing& how)
    : to_(std::move(to)), content_(r.body), trailer_(r.trailer), how_(how) {}

std::shared_ptr<upload> upload::begin(net::conn to, const request& r, const outgoing& how) {
  auto u = std::make_shared<upload>(std::move(to), r, how);
  go({.name = "http upload"}, [u] { u->run(); });
  return u;
}

/// Whoever waits for it must be told.
void upload::run() {
  try {
    failure_ = send_all();
  } catch (const std::bad_alloc&) {
    failure_ = read_failed(out_of_memory);
  }
  content_.close();
  if (body_failed_.load(std::memory_order_relaxed)) close_quietly(to_);
  done_.close();
}

warren::error upload::send_all() {
  if (how_.body == outgoing::framing::chunked) return send_chunked();
  return send_sized();
}

warren::error upload::read_failed(warren::error why) {
  body_failure_ = why;
  // Release: pairs with the acquire in body_failure().
  body_failed_.store(true, std::memory_order_release);
  return why;
}

warren::error upload::write_text(std::string_view text) { return to_.write(text).err(); }

warren::error upload::send_sized() {
  std::string room(piece_size, '\0');
  std::int64_t left = how_.length;
  while (left > 0) {
    const std::size_t most = static_cast<std::size_t>(std::min<std::int64_t>(left, piece_size));
    auto [n, err] = content_.read({room.data(), most});
    if (err == net::eof) {
      return read_failed(errors::make("http: ContentLength=" + std::to_string(how_.length) + " with Body length " +
                                      std::to_string(how_.length - left)));
    }
    if (err != nil) return read_failed(std::move(err));
    if (err = write_text({room.data(), n}); err != nil) return err;
    left -= static_cast<std::int64_t>(n);
  }
  return check_end(room.data(), room.size());
}

/// A body that goes on beyond its length would be cut short in silence.
warren::error upload::check_end(char* spare, std::size_t room) {
  const auto [n, err] = content_.read({spare, room});
  if (err == net::eof) return nil;
  if (err != nil) return read_failed(err);
  return read_failed(errors::make("http: ContentLength=" + std::to_string(how_.length) + " with Body length " +
                                  std::to_string(how_.length + static_cast<std::int64_t>(n))));
}

warren::error upload::send_chunked() {
  std::string room(prefix_room + piece_size + 2, '\0');
  for (;;) {
    const auto [n, err] = content_.read({room.data() + prefix_room, piece_size});
    if (err == net::eof) break;
    if (err != nil) return read_failed(err);
    if (n == 0) continue;
    char digits[prefix_room];
    const std::size_t size =
        static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, n, 16).ptr - digits);
    char* const begin = room.data() + prefix_room - size - 2;
    std::copy_n(digits, size, begin);
    std::copy_n("\r\n", 2, begin + size);
    std::copy_n("\r\n", 2, room.data() + prefix_room + n);
    if (auto failed = write_text({begin, size + 2 + n + 2}); failed != nil) return failed;
  }
  std::string end = "0\r\n";
  trailer_.write_to(end);
  return write_text(end.append("\r\n"));
}

bool upload::is_complete() {
  bool done = false;
  select(recv(done_, [&] { done = true; }), otherwise);
  return done && failure_ == nil;
}

bool upload::is_complete_soon() {
  bool done = false;
  // As long as Go waits.
  select(recv(done_, [&] { done = true; }), recv(time_after(std::chrono::milliseconds(50))));
  return done && failure_ == nil;
}

warren::error upload::body_failure() const {
  // Acquire: pairs with the release in read_failed().
  return body_failed_.load(std::memory_order_acquire) ? body_failure_ : nil;
}

void upload::wait() { done_.recv(); }

void upload::stop() { content_.close(); }

}  // namespace warren::http
