// SPDX-License-Identifier: MIT
#pragma once

// What a server and its connections share: who there is, and whether serving ends.
//
//          open ───────── shutdown() ─────────► ending ────┐
//            └──────────────── close() ────────────────────┴──► closed
//
// Laws
//   * A connection is in the list from its accept until it is closed or hijacked. Who finds it there under `lock_` may take
//     a reference to it.
//   * `state_` and `keep_alives_` change with a full fence before the list is walked. A connection that becomes idle says
//     so with a full fence before it reads them. So one of the two sees the other: no idle connection is forgotten.
//   * After `open` no connection and no listener comes into the lists.
//   * Under `lock_` listeners of descriptors are taken back, channels closed and sent to: those locks come after it. User
//     code runs, and sockets are closed, when it is released.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "../channels/channel.hpp"
#include "../context/context.hpp"
#include "../errors/error.hpp"
#include "../net/listener.hpp"
#include "../runtime/spinlock.hpp"

namespace warren::http {

class server_member;

class server_core {
 public:
  server_core() = default;
  server_core(const server_core&) = delete;
  server_core& operator=(const server_core&) = delete;

  void retain() noexcept { handles_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    // Acquire and release: pairs with itself; what others did is over before the end.
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // --- for the accepting loops
  /// Returns: false when serving has ended; then it is not kept.
  bool add(const net::listener& l);
  void remove(const net::listener& l);
  /// Waits until less than `max` connections are open. Returns: false when serving has ended. Parks: then.
  bool wait_for_room(std::size_t max);
  /// Is closed when serving ends.
  recv_chan<void> ended() const { return ended_; }

  // --- for connections
  /// Returns: false when serving has ended; the connection is not in the list then.
  bool add(server_member& c);
  void remove(server_member& c);
  bool is_ending() const noexcept { return state_.load(std::memory_order_relaxed) != state::open; }
  bool is_closed() const noexcept { return state_.load(std::memory_order_relaxed) == state::closed; }
  /// Connections go on after an answer.
  bool keeps_alive() const noexcept { return keep_alives_.load(std::memory_order_relaxed) && !is_ending(); }

  // --- for the server
  warren::error shutdown(const context& ctx);
  warren::error close();
  void set_keep_alives(bool on);
  void on_shutdown(std::function<void()> f);

 private:
  enum class state : std::uint8_t { open, ending, closed };

  ~server_core() = default;

  warren::error end(state to);
  bool end_idle(bool coming_too);
  std::int64_t end_silent();
  bool all_gone();

  std::atomic<std::uint32_t> handles_{1};
  std::atomic<state> state_{state::open};
  std::atomic<bool> keep_alives_{true};

  runtime::spinlock lock_;
  server_member* first_ = nullptr;
  std::atomic<std::size_t> count_{0};  ///< changed under the lock
  std::vector<net::listener> listeners_;
  std::vector<std::function<void()>> on_shutdown_;
  bool gone_closed_ = false;

  chan<void> ended_ = make_chan<void>();
  chan<void> gone_ = make_chan<void>();   ///< closed when the last connection has gone after the end
  chan<void> room_ = make_chan<void>(1);  ///< a note that a connection has gone
};

}  // namespace warren::http
