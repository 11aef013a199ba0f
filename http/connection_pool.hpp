// SPDX-License-Identifier: MIT
#pragma once

// The client's connections: those that wait for a request, and requests that wait for a connection.
//
// Laws
//   * A connection has one owner at a time: the pool while it is idle, the want it was given to until that is looked at,
//     or the exchange that has taken it. Who owns it may use it without a lock.
//   * `lock_` guards all of the pool's fields, those of its places and wants, and the links of idle connections. Nothing
//     is dialed, closed or woken under it: such things are collected and done afterwards.
//   * `pool_place::open` counts the connections of a host from the decision to dial until discard() or a failed dial. Under
//     a limit it is never above it, and while a want is queued it is at it, and no connection of that host is idle.
//   * A want is queued (waits until it may dial), dialing, in vain (its dial goes on, and it does not wait any more), or
//     in no list. It waits in the first two only, and whoever takes it out of them settles it: gives it a connection or
//     an error, once, and then sends to `settled`.
//   * A dial belongs to nobody: what it brings goes to its want if that still waits, to the first that waits for that
//     host, or becomes idle. It keeps the values of the context it was begun for, not its end.
//   * An idle connection is watched for its peer's end (without a goroutine), from link() to unlink(). Who watches only
//     starts a goroutine, which looks for all that have ended: until then the one in question may be somebody's, or gone.
//   * The pool holds no reference to itself: dials and the idle timer's function do, the latter weakly. So the last
//     transport or exchange that lets go closes what is idle.
//   * What changes under the lock asks for no memory after its first change: without memory nothing has happened, and
//     nobody waits for what nobody will do.

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "../channels/channel.hpp"
#include "../context/context.hpp"
#include "../errors/result.hpp"
#include "../runtime/spinlock.hpp"
#include "../time/timer.hpp"
#include "client_connection.hpp"
#include "transport_options.hpp"

namespace warren::http {

class connection_pool : public std::enable_shared_from_this<connection_pool> {
 public:
  using owned = std::unique_ptr<client_connection>;

  explicit connection_pool(transport_options options);
  connection_pool(const connection_pool&) = delete;
  connection_pool& operator=(const connection_pool&) = delete;
  ~connection_pool();

  const transport_options& options() const noexcept { return options_; }

  /// Returns: the idle connection used last, null when there is none that lives. Never parks.
  owned take_idle(const destination& to);

  /// Waits for a connection: one that was dialed for the caller, or that somebody gave back before. Parks: until then or
  /// `ctx` is done. Returns: the connection, why the dial failed, or the context's cause.
  result<owned> wait_for(const destination& to, const context& ctx);

  /// Takes back a connection that is fit for another request. Never parks.
  void give_back(owned c);

  /// Closes a connection. Never parks.
  void discard(owned c);

  /// Closes the idle connections and, until the next request, what becomes idle; gives up the dials for which nobody
  /// waits. Never parks.
  void close_idle();

  /// For tests.
  std::size_t count_idle();
  std::size_t count_open(const destination& to);

 private:
  struct want;
  using want_ptr = std::shared_ptr<want>;
  using wants = std::list<want_ptr>;
  friend struct pool_place;

  /// What is left to be done when the lock is free.
  class chores;

  struct key_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>{}(key); }
  };

  pool_place& place_for(const destination& to);
  owned unlink(client_connection* c) noexcept;
  void link(owned c, chores& left);
  void settle(owned c, chores& left);
  void free_slot(pool_place& at, chores& left);
  void forget_if_empty(pool_place& at);
  void move_to(const want_ptr& w, wants& list) noexcept;
  void leave(const want_ptr& w) noexcept;
  void begin_dial(pool_place& at, chores& left);
  void dial_for(const want_ptr& w);
  void dialed(const want_ptr& w, owned c, warren::error err);
  void give_up(const want_ptr& w);
  owned take_fresh(pool_place& at, chores& left);
  head_limits limits_of_heads() const noexcept;
  void arm_idle_timer(std::int64_t now);
  void close_expired();
  void watch(client_connection& c) noexcept;
  static void on_peer_end(runtime::peer_watcher* w) noexcept;
  void close_ended();
  void stop_idle_timer();

  const transport_options options_;
  runtime::spinlock lock_;
  std::unordered_map<std::string, std::unique_ptr<pool_place>, key_hash, std::equal_to<>> places_;
  client_connection* newest_ = nullptr;  ///< of all idle ones, by `older`
  client_connection* oldest_ = nullptr;
  std::size_t idle_ = 0;
  bool closing_idle_ = false;
  bool timer_armed_ = false;
  timer idle_timer_;
};

}  // namespace warren::http
