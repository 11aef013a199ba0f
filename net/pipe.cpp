// SPDX-License-Identifier: MIT
#include "pipe.hpp"

// Laws
//   * A pipe is two lanes, one for each way; each end reads one and writes the other. `lock_` guards all of a lane;
//     `changed_` is broadcast after each change.
//   * One writer at a time has its text on offer, from its own stack: it leaves only after it took the offer back under
//     the lock. Readers copy under the lock, so no reader looks at a writer that has left.
//   * A deadline's timer holds its lane. It tells by its number whether it is still meant.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "../runtime/clock.hpp"
#include "../sync/cond.hpp"
#include "../sync/mutex.hpp"
#include "../time/after_func.hpp"
#include "net_error.hpp"
#include "stream.hpp"

namespace warren::net {

namespace {

enum class user : std::uint8_t { reader, writer };

class lane : public std::enable_shared_from_this<lane> {
 public:
  result<std::size_t> read(std::span<char> to);
  result<std::size_t> write(std::string_view text);
  void close(user who);
  error set_deadline(user who, std::int64_t when);

 private:
  struct side {
    bool closed = false;
    bool expired = false;
    std::uint64_t deadlines = 0;  ///< how many were set: the number of the last
    timer alarm;
  };

  side& of(user who) noexcept { return who == user::reader ? reader_ : writer_; }
  error why_not_to_read() const;
  error why_not_to_write() const;
  void expire(user who, std::uint64_t number);

  sync::mutex lock_;
  sync::cond changed_;
  side reader_;
  side writer_;
  std::string_view offer_;
  bool offering_ = false;
  bool taken_ = false;
};

error lane::why_not_to_read() const {
  if (reader_.closed) return closed_pipe;
  if (writer_.closed) return eof;
  return reader_.expired ? deadline_exceeded : error(nil);
}

error lane::why_not_to_write() const {
  if (writer_.closed || reader_.closed) return closed_pipe;
  return writer_.expired ? deadline_exceeded : error(nil);
}

result<std::size_t> lane::read(std::span<char> to) {
  std::unique_lock hold(lock_);
  error err;
  while ((err = why_not_to_read()) == nil && (!offering_ || taken_)) changed_.wait(hold);
  if (err != nil) return {0, err};
  const std::size_t n = std::min(to.size(), offer_.size());
  if (n != 0) std::memcpy(to.data(), offer_.data(), n);
  offer_.remove_prefix(n);
  if (offer_.empty()) {
    taken_ = true;
    changed_.broadcast();
  }
  return {n, nil};
}

result<std::size_t> lane::write(std::string_view text) {
  std::unique_lock hold(lock_);
  error err;
  while ((err = why_not_to_write()) == nil && offering_) changed_.wait(hold);
  if (err != nil) return {0, err};
  offer_ = text;
  offering_ = true;
  taken_ = false;
  changed_.broadcast();
  while (!taken_ && (err = why_not_to_write()) == nil) changed_.wait(hold);
  const std::size_t n = text.size() - offer_.size();
  offer_ = {};
  offering_ = false;
  changed_.broadcast();
  return {n, taken_ ? error(nil) : err};
}

void lane::close(user who) {
  std::lock_guard hold(lock_);
  side& s = of(who);
  s.closed = true;
  if (s.alarm != nil) s.alarm.stop();
  s.alarm = nil;
  changed_.broadcast();
}

error lane::set_deadline(user who, std::int64_t when) {
  std::lock_guard hold(lock_);
  if (reader_.closed || writer_.closed) return closed_pipe;
  side& s = of(who);
  if (s.alarm != nil) s.alarm.stop();
  s.alarm = nil;
  const std::uint64_t number = ++s.deadlines;
  const std::int64_t left = when - runtime::now_ns();
  s.expired = when != 0 && left <= 0;
  if (s.expired) changed_.broadcast();
  if (when == 0 || s.expired) return nil;
  s.alarm = after_func(clock::duration(left), [self = shared_from_this(), who, number] { self->expire(who, number); });
  return nil;
}

void lane::expire(user who, std::uint64_t number) {
  std::lock_guard hold(lock_);
  side& s = of(who);
  if (s.deadlines != number) return;
  s.expired = true;
  s.alarm = nil;
  changed_.broadcast();
}

class pipe_end final : public stream {
 public:
  pipe_end(std::shared_ptr<lane> in, std::shared_ptr<lane> out) noexcept : in_(std::move(in)), out_(std::move(out)) {}

  result<std::size_t> read(std::span<char> to) override { return named("read", in_->read(to)); }
  result<std::size_t> write(std::string_view text) override { return named("write", out_->write(text)); }
  result<std::size_t> write(std::string_view first, std::string_view second) override {
    return write(std::string(first).append(second));
  }
  error close() override {
    in_->close(user::reader);
    out_->close(user::writer);
    return nil;
  }
  error close_read() override {
    in_->close(user::reader);
    return nil;
  }
  error close_write() override {
    out_->close(user::writer);
    return nil;
  }
  error set_read_deadline(std::int64_t when) override { return in_->set_deadline(user::reader, when); }
  error set_write_deadline(std::int64_t when) override { return out_->set_deadline(user::writer, when); }
  addr local_addr() const override { return addr::of_pipe(); }
  addr remote_addr() const override { return addr::of_pipe(); }
  runtime::descriptor* descriptor() noexcept override { return nullptr; }

 protected:
  ~pipe_end() override { close(); }

 private:
  static result<std::size_t> named(const char* op, result<std::size_t> r) {
    if (r.err() == deadline_exceeded) r.second = errors::of<op_error>(op, "pipe", addr{}, addr{}, deadline_exceeded);
    return r;
  }

  std::shared_ptr<lane> in_;
  std::shared_ptr<lane> out_;
};

}  // namespace

std::pair<conn, conn> pipe() {
  auto there = std::make_shared<lane>();
  auto back = std::make_shared<lane>();
  conn one(new pipe_end(back, there));
  conn other(new pipe_end(there, back));
  return {std::move(one), std::move(other)};
}

}  // namespace warren::net
