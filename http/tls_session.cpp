// SPDX-License-Identifier: MIT
#include "tls_session.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "../net/eof.hpp"
#include "../net/net_error.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/descriptor.hpp"
#include "../runtime/go.hpp"
#include "../runtime/sockets.hpp"

namespace warren::http {

namespace {

// What goes to the engine at a time: its records are encrypted under the lock, and leave in one system call.
constexpr std::size_t portion = 64 * 1024;
// Two pieces that fit into one record are put together.
constexpr std::size_t record = 16 * 1024;

constexpr errors::sentinel write_after_end{"tls: protocol is shutdown"};
constexpr errors::sentinel early_end{"tls: CloseWrite called before handshake complete"};

}  // namespace

/// The turn of who sends. What somebody else left to be sent meanwhile is sent after it.
class tls_session::writers_turn {
 public:
  explicit writers_turn(tls_session& s) : session_(s) { s.writing_.lock(); }
  ~writers_turn() {
    session_.writing_.unlock();
    session_.send_output_if_free();
  }
  writers_turn(const writers_turn&) = delete;
  writers_turn& operator=(const writers_turn&) = delete;

 private:
  tls_session& session_;
};

tls_session::tls_session(net::conn under, tls_engine::side side, const tls_config& config)
    : under_(std::move(under)), side_(side), engine_(side, config) {}

tls_session::~tls_session() {
  if (!closed_.load(std::memory_order_relaxed)) close();
}

// --- handshake

warren::error tls_session::handshake() {
  // Acquire: pairs with the release in handshake_in_turn().
  if (handshaken_.load(std::memory_order_acquire)) return nil;
  const std::lock_guard turn(reading_);
  return handshake_in_turn();
}

warren::error tls_session::handshake_in_turn() {
  if (handshaken_.load(std::memory_order_relaxed)) return nil;
  for (;;) {
    tls_engine::status s;
    {
      const std::lock_guard hold(lock_);
      s = engine_.handshake();
    }
    {
      // An alert that tells why it failed goes out as well.
      const writers_turn turn(*this);
      if (const warren::error err = send_output(); err != nil && s != tls_engine::status::failed) return err;
    }
    if (s == tls_engine::status::done) break;
    if (s == tls_engine::status::failed) {
      const warren::error why = engine_.failure();
      answer_plain_http(why);
      return why;
    }
    if (const warren::error err = fetch(); err != nil) return err;
  }
  // Release: pairs with the acquire in handshake().
  handshaken_.store(true, std::memory_order_release);
  return nil;
}

/// Source: Go's net/http server.
void tls_session::answer_plain_http(const warren::error& why) {
  const auto* not_tls = errors::as<tls_record_header_error>(why);
  if (not_tls == nullptr || side_ != tls_engine::side::server) return;
  const std::string& h = not_tls->header();
  const bool is_http = h == "GET /" || h == "HEAD " || h == "POST " || h == "PUT /" || h == "OPTIO";
  if (!is_http) return;
  under_.write("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

// --- reading

result<std::size_t> tls_session::read(std::span<char> to) {
  const std::lock_guard turn(reading_);
  auto got = read_in_turn(to);
  if (got.err() != nil) return {0, why_closed(std::move(got).err())};
  return got;
}

result<std::size_t> tls_session::read_in_turn(std::span<char> to) {
  if (warren::error err = handshake_in_turn(); err != nil) return {0, std::move(err)};
  if (to.empty()) return {0, nil};
  for (;;) {
    if (closed_.load(std::memory_order_relaxed)) return {0, net::closed};
    if (read_closed_.load(std::memory_order_relaxed)) return {0, net::eof};
    std::size_t got = 0;
    tls_engine::status s;
    {
      const std::lock_guard hold(lock_);
      s = engine_.read(to, got);
      has_buffered_.store(engine_.has_buffered(), std::memory_order_relaxed);
      if (engine_.has_output()) has_output_.store(true, std::memory_order_relaxed);
    }
    if (has_output_.load(std::memory_order_relaxed)) send_output_if_free();
    if (s == tls_engine::status::done) return {got, nil};
    if (s == tls_engine::status::ended) return {0, net::eof};
    if (s == tls_engine::status::failed) return {0, engine_.failure()};
    if (warren::error err = fetch(); err != nil) return {0, std::move(err)};
  }
}

/// Brings records from the conn below, in the reader's turn. The engine's room for them is nobody else's meanwhile.
warren::error tls_session::fetch() {
  std::span<char> room;
  {
    const std::lock_guard hold(lock_);
    room = engine_.room_for_input();
  }
  auto [n, err] = under_.read(room);
  const std::lock_guard hold(lock_);
  if (err == net::eof) {
    engine_.input_ended();
    return nil;
  }
  if (err != nil) return err;
  engine_.input_came(n);
  return nil;
}

/// What a read gives that was woken because the session was closed.
warren::error tls_session::why_closed(warren::error err) const {
  if (err == net::eof) return err;
  if (read_closed_.load(std::memory_order_relaxed)) return net::eof;
  if (closed_.load(std::memory_order_relaxed) && !errors::is(err, net::closed)) return net::closed;
  return err;
}

// --- writing

result<std::size_t> tls_session::write(std::string_view text) {
  if (warren::error err = handshake(); err != nil) return {0, why_closed(std::move(err))};
  const writers_turn turn(*this);
  std::size_t done = 0;
  while (done < text.size()) {
    const std::string_view part = text.substr(done, portion);
    if (warren::error err = write_in_turn(part); err != nil) return {done, std::move(err)};
    done += part.size();
  }
  return {done, nil};
}

result<std::size_t> tls_session::write(std::string_view first, std::string_view second) {
  if (first.size() + second.size() <= record) {
    std::string both;
    both.reserve(first.size() + second.size());
    return write(both.append(first).append(second));
  }
  auto one = write(first);
  if (one.err() != nil) return one;
  auto two = write(second);
  return {one.value() + two.value(), two.err()};
}

warren::error tls_session::write_in_turn(std::string_view text) {
  if (closed_.load(std::memory_order_relaxed)) return net::closed;
  if (write_closed_.load(std::memory_order_relaxed)) return write_after_end;
  if (unsendable_ != nil) return unsendable_;
  {
    const std::lock_guard hold(lock_);
    if (engine_.write(text) != tls_engine::status::done) {
      return engine_.failure() != nil ? engine_.failure() : warren::error(write_after_end);
    }
  }
  return send_output();
}

/// In the writer's turn.
warren::error tls_session::send_output() {
  std::string records;
  {
    const std::lock_guard hold(lock_);
    records = engine_.take_output();
    has_output_.store(false, std::memory_order_relaxed);
  }
  if (records.empty()) return nil;
  if (unsendable_ != nil) return unsendable_;
  auto [n, err] = under_.write(records);
  if (err != nil) unsendable_ = err;
  return err;
}

void tls_session::send_output_if_free() {
  for (;;) {
    // StoreLoad, pairs with itself: either who gives the turn back sees what was left to it, or who left it finds the
    // turn free.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!has_output_.load(std::memory_order_relaxed) || !writing_.try_lock()) return;
    send_output();  // a failure shows in the next write
    writing_.unlock();
  }
}

// --- ending

warren::error tls_session::close_write() {
  // Acquire: pairs with the release in handshake_in_turn().
  if (!handshaken_.load(std::memory_order_acquire)) return early_end;
  const writers_turn turn(*this);
  if (write_closed_.exchange(true, std::memory_order_relaxed)) return nil;
  {
    const std::lock_guard hold(lock_);
    engine_.end_writing();
  }
  return send_output();
}

warren::error tls_session::close_read() {
  read_closed_.store(true, std::memory_order_relaxed);
  return under_.close_read();
}

warren::error tls_session::close() {
  if (closed_.exchange(true, std::memory_order_relaxed)) return net::closed;
  // Acquire: pairs with the release in handshake_in_turn().
  if (!handshaken_.load(std::memory_order_acquire) || !writing_.try_lock()) return under_.close();
  std::string last;
  if (unsendable_ == nil && !write_closed_.load(std::memory_order_relaxed)) {
    const std::lock_guard hold(lock_);
    engine_.end_writing();
    last = engine_.take_output();
  }
  writing_.unlock();
  return last.empty() ? under_.close() : close_after(std::move(last));
}

/// Does not wait: a socket takes a record of some bytes, or the peer does not read.
warren::error tls_session::close_after(std::string last) {
  runtime::descriptor* socket = dynamic_cast<tls_session*>(under_.behind()) == nullptr ? descriptor() : nullptr;
  if (socket != nullptr) {
    socket->with_file([&](int file) { return runtime::sys::send(file, last.data(), last.size()); });
    return under_.close();
  }
  constexpr std::int64_t patience_ns = 100'000'000;
  under_.behind()->set_read_deadline(1);  // long ago: who reads is woken at once
  go([under = under_, last = std::move(last)] {
    under.behind()->set_write_deadline(runtime::saturating_add(runtime::now_ns(), patience_ns));
    under.write(last);
    under.close();
  });
  return nil;
}

std::optional<tls_state> tls_session::state() {
  const std::lock_guard hold(lock_);
  return engine_.state();
}

}  // namespace warren::http
