// SPDX-License-Identifier: MIT
#include "connection_pool.hpp"

#include <limits>
#include <new>
#include <tuple>
#include <utility>
#include <vector>

#include "../channels/select.hpp"
#include "../runtime/clock.hpp"
#include "../runtime/descriptor.hpp"
#include "../runtime/go.hpp"
#include "../runtime/sockets.hpp"
#include "../time/after_func.hpp"
#include "close_quietly.hpp"
#include "dial_destination.hpp"
#include "out_of_memory.hpp"

namespace warren::http {

/// What the pool has to do with one destination. It is there as long as there is any such thing.
struct pool_place {
  using wants = connection_pool::wants;

  pool_place(connection_pool& of, const destination& to) : pool(of), goes_to(to) {}

  connection_pool& pool;
  const destination goes_to;
  client_connection* top = nullptr;  ///< idle, the one used last, then by `below`
  std::size_t idle = 0;
  std::size_t open = 0;
  wants queued;
  wants dialing;
  wants in_vain;
};

/// A request that waits for a connection, and maybe the dial that was begun for it.
struct connection_pool::want {
  explicit want(const context& ctx) {
    std::tie(dial_ctx, cancel_dial) = context::with_cancel(context::without_cancel(ctx));
  }

  context dial_ctx;
  cancel_func cancel_dial;
  chan<void> settled = make_chan<void>(1);

  // Under the pool's lock; the first two by whoever settles, and after a receive from `settled` by who waits.
  owned got;
  warren::error why;
  bool waits = true;
  pool_place* at = nullptr;  ///< there as long as this is in a list of its, or `got` is something
  wants* in = nullptr;
  wants::iterator here;

  // In chores; each once, so that these need no memory.
  want_ptr next_to_tell;
  want_ptr next_to_dial;
};

class connection_pool::chores {
 public:
  explicit chores(connection_pool& of) noexcept : of_(of) {}
  chores(const chores&) = delete;
  chores& operator=(const chores&) = delete;
  ~chores() {
    for (want_ptr w = std::move(to_tell_); w != nullptr; w = std::move(w->next_to_tell)) w->settled.try_send();
    for (const want_ptr& w : to_cancel) w->cancel_dial();
    while (to_close_ != nullptr) {
      const owned c(std::exchange(to_close_, to_close_->older));
      close_quietly(c->stream);
    }
    for (want_ptr w = std::move(to_dial_); w != nullptr; w = std::move(w->next_to_dial)) {
      go({.name = "http dial"}, [pool = of_.shared_from_this(), w] { pool->dial_for(w); });
    }
  }

  void tell(const want_ptr& w) noexcept { w->next_to_tell = std::exchange(to_tell_, w); }
  void dial_for(const want_ptr& w) noexcept { w->next_to_dial = std::exchange(to_dial_, w); }
  /// It is in no list any more.
  void close(owned c) noexcept {
    c->older = to_close_;
    to_close_ = c.release();
  }

  std::vector<want_ptr> to_cancel;  ///< filled before anything is changed

 private:
  connection_pool& of_;
  want_ptr to_tell_;
  want_ptr to_dial_;
  client_connection* to_close_ = nullptr;
};

namespace {

/// Nothing has come from the peer that nobody asked for, neither bytes nor its end. A system call only where the poller
/// cannot tell.
bool is_fresh(client_connection& c) noexcept {
  if (c.stream.behind()->has_buffered()) return false;
  runtime::descriptor* const d = c.stream.behind()->descriptor();
  if (d == nullptr) return true;
  if (d->peer_ended(runtime::peer_end::half_closed)) return false;
  // What comes over TLS while nobody asks may be about the session.
  if (d->is_drained() || c.belongs_to->goes_to.secure()) return true;
  char byte;
  const runtime::io_result r = d->with_file([&](int file) { return runtime::sys::receive(file, &byte, 1); });
  constexpr std::int64_t would_block = -11;  // -EAGAIN
  return r.status == runtime::io_status::done && r.value == would_block;
}

}  // namespace

connection_pool::connection_pool(transport_options options) : options_(std::move(options)) {}

connection_pool::~connection_pool() {
  if (idle_timer_ != nil) idle_timer_.stop();
  while (oldest_ != nullptr) close_quietly(unlink(oldest_)->stream);
}

pool_place& connection_pool::place_for(const destination& to) {
  const auto found = places_.find(std::string_view(to.key()));
  if (found != places_.end()) return *found->second;
  return *places_.emplace(to.key(), std::make_unique<pool_place>(*this, to)).first->second;
}

void connection_pool::forget_if_empty(pool_place& at) {
  if (at.open != 0 || !at.queued.empty() || !at.dialing.empty() || !at.in_vain.empty()) return;
  places_.erase(places_.find(std::string_view(at.goes_to.key())));
}

// --- idle connections

connection_pool::owned connection_pool::unlink(client_connection* c) noexcept {
  pool_place& at = *c->belongs_to;
  if (runtime::descriptor* d = c->stream.behind()->descriptor(); d != nullptr) d->unwatch(*c);
  (c->newer != nullptr ? c->newer->older : newest_) = c->older;
  (c->older != nullptr ? c->older->newer : oldest_) = c->newer;
  (c->above != nullptr ? c->above->below : at.top) = c->below;
  if (c->below != nullptr) c->below->above = c->above;
  c->older = c->newer = c->above = c->below = nullptr;
  --at.idle;
  --idle_;
  return owned(c);
}

void connection_pool::link(owned c, chores& left) {
  pool_place& at = *c->belongs_to;
  c->idle_since = runtime::now_ns();
  c->older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = c.get();
  c->below = at.top;
  if (at.top != nullptr) at.top->above = c.get();
  newest_ = at.top = c.release();
  ++at.idle;
  ++idle_;
  if (options_.max_idle_conns != 0 && idle_ > options_.max_idle_conns) {
    pool_place& loses = *oldest_->belongs_to;
    left.close(unlink(oldest_));
    free_slot(loses, left);
  }
  if (oldest_ == nullptr) return;
  arm_idle_timer(newest_->idle_since);
  watch(*newest_);
}

void connection_pool::watch(client_connection& c) noexcept {
  c.fire = &connection_pool::on_peer_end;
  runtime::descriptor* d = c.stream.behind()->descriptor();
  if (d != nullptr) d->watch(c, runtime::peer_end::half_closed);
}

void connection_pool::on_peer_end(runtime::peer_watcher* w) noexcept {
  connection_pool& pool = static_cast<client_connection*>(w)->belongs_to->pool;
  try {
    go([weak = pool.weak_from_this()] {
      if (const auto there = weak.lock()) there->close_ended();
    });
  } catch (const std::bad_alloc&) {
    // It is looked at again before it is used.
  }
}

void connection_pool::close_ended() {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  for (client_connection* c = oldest_; c != nullptr;) {
    client_connection* const next = c->newer;
    const runtime::descriptor* d = c->stream.behind()->descriptor();
    if (d != nullptr && d->peer_ended(runtime::peer_end::half_closed)) {
      pool_place& at = *c->belongs_to;
      left.close(unlink(c));
      free_slot(at, left);
    }
    c = next;
  }
  if (oldest_ == nullptr) stop_idle_timer();
}

connection_pool::owned connection_pool::take_idle(const destination& to) {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  closing_idle_ = false;
  const auto found = places_.find(std::string_view(to.key()));
  if (found == places_.end()) return nullptr;
  owned c = take_fresh(*found->second, left);
  if (c == nullptr) forget_if_empty(*found->second);
  return c;
}

/// The lock is held. Null: there is none.
connection_pool::owned connection_pool::take_fresh(pool_place& at, chores& left) {
  while (at.top != nullptr) {
    owned c = unlink(at.top);
    if (is_fresh(*c)) return c;
    left.close(std::move(c));
    --at.open;
  }
  return nullptr;
}

void connection_pool::give_back(owned c) {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  c->used = true;
  settle(std::move(c), left);
}

/// A connection that nobody uses goes to whoever has waited longest, else it becomes idle, else it is closed.
void connection_pool::settle(owned c, chores& left) {
  pool_place& at = *c->belongs_to;
  wants& waiting = !at.dialing.empty() ? at.dialing : at.queued;
  if (!waiting.empty()) {
    const want_ptr w = waiting.front();
    if (&waiting == &at.dialing) {
      move_to(w, at.in_vain);
    } else {
      leave(w);
    }
    w->got = std::move(c);
    w->waits = false;
    left.tell(w);
    return;
  }
  if (!closing_idle_ && at.idle < options_.max_idle_conns_per_host) {
    link(std::move(c), left);
    return;
  }
  left.close(std::move(c));
  free_slot(at, left);
}

void connection_pool::discard(owned c) {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  pool_place& at = *c->belongs_to;
  left.close(std::move(c));
  free_slot(at, left);
}

void connection_pool::free_slot(pool_place& at, chores& left) {
  --at.open;
  if (!at.queued.empty()) {
    begin_dial(at, left);
    return;
  }
  forget_if_empty(at);
}

void connection_pool::close_idle() {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  closing_idle_ = true;
  for (const auto& [key, at] : places_) {
    left.to_cancel.insert(left.to_cancel.end(), at->in_vain.begin(), at->in_vain.end());
  }
  while (oldest_ != nullptr) {
    pool_place& at = *oldest_->belongs_to;
    left.close(unlink(oldest_));
    free_slot(at, left);
  }
  stop_idle_timer();
}

// --- the idle timer: armed for the oldest that there was; it looks, and is armed again

void connection_pool::arm_idle_timer(std::int64_t now) {
  if (timer_armed_ || options_.idle_conn_timeout.count() <= 0) return;
  const clock::duration wait(oldest_->idle_since + options_.idle_conn_timeout.count() - now);
  if (idle_timer_ != nil) {
    idle_timer_.reset(wait);
  } else {
    try {
      idle_timer_ = after_func(wait, [weak = weak_from_this()] {
        if (const auto pool = weak.lock()) pool->close_expired();
      });
    } catch (const std::bad_alloc&) {
      return;  // the next that becomes idle tries again
    }
  }
  timer_armed_ = true;
}

void connection_pool::stop_idle_timer() {
  if (timer_armed_ && idle_timer_.stop()) timer_armed_ = false;
}

void connection_pool::close_expired() {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  timer_armed_ = false;
  const std::int64_t now = runtime::now_ns();
  while (oldest_ != nullptr && now - oldest_->idle_since >= options_.idle_conn_timeout.count()) {
    pool_place& at = *oldest_->belongs_to;
    left.close(unlink(oldest_));
    free_slot(at, left);
  }
  if (oldest_ != nullptr) arm_idle_timer(now);
}

// --- requests that wait, and dials

void connection_pool::move_to(const want_ptr& w, wants& list) noexcept {
  list.splice(list.end(), *w->in, w->here);
  w->in = &list;
}

void connection_pool::leave(const want_ptr& w) noexcept {
  w->in->erase(w->here);
  w->in = nullptr;
}

result<connection_pool::owned> connection_pool::wait_for(const destination& to, const context& ctx) {
  const auto w = std::make_shared<want>(ctx);
  const auto given_up = ctx.done();
  wants alone{w};
  w->here = alone.begin();
  {
    chores left(*this);
    const runtime::spin_guard hold(lock_);
    pool_place& at = place_for(to);
    // Since the look of take_idle() the last of those in use may have become idle: nobody else would come.
    if (owned c = take_fresh(at, left); c != nullptr) return {std::move(c), nil};
    w->at = &at;
    w->in = &at.queued;
    at.queued.splice(at.queued.end(), alone);
    if (options_.max_conns_per_host == 0 || at.open < options_.max_conns_per_host) begin_dial(at, left);
  }
  const int which = select(recv(w->settled), recv(given_up));
  if (which == 0 && w->got != nullptr) return {std::move(w->got), nil};
  // A dial that failed because its request was given up says less than the context does.
  if (ctx.err() == nil) return {nullptr, w->why};
  give_up(w);
  return {nullptr, context::cause(ctx)};
}

/// The first that is queued gets a slot.
void connection_pool::begin_dial(pool_place& at, chores& left) {
  ++at.open;
  const want_ptr w = at.queued.front();
  move_to(w, at.dialing);
  left.dial_for(w);
}

/// Its request does not wait any more. What was or will be dialed for it is for others.
void connection_pool::give_up(const want_ptr& w) {
  bool for_nobody = false;
  {
    chores left(*this);
    const runtime::spin_guard hold(lock_);
    if (!w->waits) {
      if (w->got != nullptr) settle(std::move(w->got), left);
      return;
    }
    w->waits = false;
    if (w->in == &w->at->queued) {
      leave(w);
      return;
    }
    move_to(w, w->at->in_vain);
    for_nobody = closing_idle_;
  }
  if (for_nobody) w->cancel_dial();
}

head_limits connection_pool::limits_of_heads() const noexcept {
  return {options_.max_response_header_bytes, std::numeric_limits<std::size_t>::max(), 0};
}

/// Whatever becomes of it, its want must be told.
void connection_pool::dial_for(const want_ptr& w) {
  owned c;
  warren::error why;
  try {
    auto [conn, err] = dial_destination(options_, w->dial_ctx, w->at->goes_to);
    if (err == nil) c = std::make_unique<client_connection>(std::move(conn), *w->at, limits_of_heads());
    why = std::move(err);
  } catch (const std::bad_alloc&) {
    why = out_of_memory;
  }
  dialed(w, std::move(c), std::move(why));
}

void connection_pool::dialed(const want_ptr& w, owned c, warren::error err) {
  chores left(*this);
  const runtime::spin_guard hold(lock_);
  pool_place& at = *w->at;
  leave(w);
  if (w->waits) {
    w->waits = false;
    w->got = std::move(c);
    w->why = std::move(err);
    left.tell(w);
    if (w->got == nullptr) free_slot(at, left);
  } else if (c != nullptr) {
    settle(std::move(c), left);
  } else {
    free_slot(at, left);
  }
}

// --- for tests

std::size_t connection_pool::count_idle() {
  const runtime::spin_guard hold(lock_);
  return idle_;
}

std::size_t connection_pool::count_open(const destination& to) {
  const runtime::spin_guard hold(lock_);
  const auto found = places_.find(std::string_view(to.key()));
  return found == places_.end() ? 0 : found->second->open;
}

}  // namespace warren::http
