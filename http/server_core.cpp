// SPDX-License-Identifier: MIT
#include "server_core.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "../channels/select.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/go.hpp"
#include "../time/timer.hpp"
#include "server_member.hpp"

namespace warren::http {

namespace {

/// For how long shutdown() waits for a first request on a connection that was opened. Source: Go's StateNew rule.
constexpr std::int64_t silence_allowed = 5'000'000'000;
/// For how long it waits for a request that seems to have come.
constexpr std::int64_t time_to_come = 100'000'000;

}  // namespace

// --- the accepting loops

bool server_core::add(const net::listener& l) {
  runtime::spin_guard hold(lock_);
  if (is_ending()) return false;
  listeners_.push_back(l);
  return true;
}

void server_core::remove(const net::listener& l) {
  net::listener gone;
  runtime::spin_guard hold(lock_);
  const auto at = std::find(listeners_.begin(), listeners_.end(), l);
  if (at == listeners_.end()) return;
  gone = std::move(*at);
  listeners_.erase(at);
}

bool server_core::wait_for_room(std::size_t max) {
  while (!is_ending()) {
    if (max == 0 || count_.load(std::memory_order_relaxed) < max) {
      // One note may stand for two that have gone, and there may be another loop.
      if (max != 0) room_.try_send();
      return true;
    }
    room_.try_recv();
    // Looked at again after the old note is gone: whoever leaves from now on leaves a new one.
    if (count_.load(std::memory_order_relaxed) < max) continue;
    select(recv(room_), recv(ended_));
  }
  return false;
}

// --- connections

bool server_core::add(server_member& c) {
  runtime::spin_guard hold(lock_);
  if (is_ending()) return false;
  c.next_ = first_;
  c.prev_ = nullptr;
  if (first_ != nullptr) first_->prev_ = &c;
  first_ = &c;
  count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return true;
}

void server_core::remove(server_member& c) {
  runtime::spin_guard hold(lock_);
  (c.prev_ != nullptr ? c.prev_->next_ : first_) = c.next_;
  if (c.next_ != nullptr) c.next_->prev_ = c.prev_;
  count_.store(count_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  if (all_gone()) gone_.close();
  room_.try_send();
}

/// The lock is held. Returns: whether this is the moment at which nothing is left.
bool server_core::all_gone() {
  if (gone_closed_ || !is_ending() || first_ != nullptr) return false;
  gone_closed_ = true;
  return true;
}

// --- the end

/// Returns: the first error of a listener's close.
warren::error server_core::end(state to) {
  std::vector<net::listener> listeners;
  {
    runtime::spin_guard hold(lock_);
    const state before = state_.load(std::memory_order_relaxed);
    // Full fence; pairs with those in descriptor::listen() and server_connection::wait_in_read().
    state_.exchange(std::max(before, to), std::memory_order_seq_cst);
    if (before == state::open) ended_.close();
    if (all_gone()) gone_.close();
    listeners.swap(listeners_);
  }
  warren::error first;
  for (const net::listener& l : listeners) {
    if (warren::error err = l.close(); err != nil && first == nil) first = std::move(err);
  }
  return first;
}

/// Ends the connections that wait for a request. Returns: whether some are about to read what has come. If that is nothing
/// after all, they have to be looked for again, `coming_too`.
bool server_core::end_idle(bool coming_too) {
  bool some_come = false;
  std::vector<server_member*> idle;
  {
    runtime::spin_guard hold(lock_);
    // Before any is taken, which nobody would end then.
    idle.reserve(count_.load(std::memory_order_relaxed));
    for (server_member* c = first_; c != nullptr; c = c->next_) {
      if (c->take_idle(coming_too)) idle.push_back(c);
      else some_come = some_come || c->is_coming();
    }
  }
  for (server_member* c : idle) c->end_taken();
  return some_come;
}

/// Ends the connections that were opened long ago and have never sent anything. Returns: when to look again; 0: never.
std::int64_t server_core::end_silent() {
  const std::int64_t now = runtime::now_ns();
  std::int64_t next = 0;
  std::vector<server_member*> silent;
  {
    runtime::spin_guard hold(lock_);
    silent.reserve(count_.load(std::memory_order_relaxed));
    for (server_member* c = first_; c != nullptr; c = c->next_) {
      if (!c->is_fresh()) continue;
      const std::int64_t end = c->opened_at() + silence_allowed;
      if (end > now) next = next == 0 ? end : std::min(next, end);
      else if (c->take_fresh()) silent.push_back(c);
    }
  }
  for (server_member* c : silent) c->end_taken();
  return next;
}

warren::error server_core::shutdown(const context& ctx) {
  warren::error err = end(state::ending);
  std::vector<std::function<void()>> hooks;
  {
    runtime::spin_guard hold(lock_);
    hooks = on_shutdown_;
  }
  for (auto& hook : hooks) go(std::move(hook));
  bool some_come = end_idle(false);
  for (;;) {
    std::int64_t next = end_silent();
    const std::int64_t now = runtime::now_ns();
    if (some_come) next = next == 0 ? now + time_to_come : std::min(next, now + time_to_come);
    recv_chan<clock::time_point> later;
    if (next != 0) later = time_after(std::chrono::nanoseconds(next - now));
    switch (select(recv(gone_), recv(ctx.done()), recv(later))) {
      case 0: return err;
      case 1: return ctx.err();
      default: some_come = end_idle(true); break;
    }
  }
}

warren::error server_core::close() {
  warren::error err = end(state::closed);
  std::vector<server_member*> all;
  {
    runtime::spin_guard hold(lock_);
    all.reserve(count_.load(std::memory_order_relaxed));
    for (server_member* c = first_; c != nullptr; c = c->next_) {
      c->retain();
      all.push_back(c);
    }
  }
  for (server_member* c : all) {
    c->abort();
    c->release();
  }
  return err;
}

void server_core::set_keep_alives(bool on) {
  // Full fence; pairs with those in descriptor::listen() and server_connection::wait_in_read().
  keep_alives_.exchange(on, std::memory_order_seq_cst);
  if (!on) end_idle(false);
}

void server_core::on_shutdown(std::function<void()> f) {
  runtime::spin_guard hold(lock_);
  on_shutdown_.push_back(std::move(f));
}

}  // namespace warren::http
