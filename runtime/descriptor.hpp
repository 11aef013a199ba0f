// SPDX-License-Identifier: MIT
#pragma once

// An open file of the kernel's that goroutines read, write and wait on.
//
// Laws
//   * Records are type-stable: their memory is never given back, so an event that comes late finds a record, never freed
//     memory. `generation` tells whose it was; it counts the records' owners.
//   * One owner, who opened it and calls release(); no operation may be going on by then. Operations may go on in
//     parallel, and close() beside them: two on one side take turns, and the file is closed by the last that leaves.
//   * The system call is tried first; only when it would block does the goroutine wait. What the poller tells is sticky:
//     an event that came while nobody waited ends the next wait at once.
//
//   One side (reading or writing) has one word, `waiter`:
//
//          nobody ◄───────── consumed ──────── event ◄──────────────┐
//            │  └───────────── poller ───────────▲                  │ poller
//            ▼                                   │ poller           │
//        arriving ─── commit of park() ───► goroutine or listener ──┤
//            └──────────── poller, close, deadline ─────────────────┴──► nobody (close, deadline)
//
//   Who takes a goroutine or a listener out of the word, and nobody else, wakes it.
//
// Close and deadlines meet waiters as follows (StoreLoad on both sides):
//
//      who waits                              who closes, or whose deadline has passed
//      1. waiter := arriving or listener      1. state := closing or expired
//      2. fence, seq_cst                      2. fence, seq_cst
//      3. reads state; gives up if told to    3. takes the waiter out and wakes it
//
// The end of the peer: the poller latches what the kernel reports once (peer_closed, dead), under `lock`, and fires the
// watcher that it finds there. Who watches stores the watcher, fences, and looks at the latch; who takes the watcher out
// of its word, and nobody else, fires it. unwatch() that comes too late waits for the lock: the poller fires under it.
//
// `lock` guards the deadlines, the latch's change and the generation. Lock order: lock, then those of timer heaps and of
// the scheduler.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "goroutine.hpp"
#include "netpoll.hpp"
#include "spinlock.hpp"
#include "system.hpp"
#include "timer_node.hpp"
#include "turn.hpp"

namespace warren::runtime {

enum class io_status : std::uint8_t {
  done,       ///< the call was made: see value
  timed_out,  ///< the side's deadline has passed
  closed,     ///< close() was called, before or meanwhile
};

struct io_result {
  std::int64_t value = 0;  ///< what the call returned, -errno when it failed; of a write() the bytes written in any case
  io_status status = io_status::done;
  int error = 0;           ///< errno of a call that failed; of a write() also when it had begun
};

/// Is told once that a side is ready (or was closed, or its deadline passed) instead of a goroutine that waits: an idle
/// connection needs no stack.
struct io_listener {
  /// Runs on some thread of the library: must not park, throw, or run user code; it may start goroutines.
  void (*notify)(io_listener*, goroutine_list& woken) noexcept;
};

/// Is told once that the peer is gone.
struct peer_watcher {
  /// Runs under the descriptor's lock: must not park, throw, run user code, or touch the descriptor; it may start goroutines.
  void (*fire)(peer_watcher*) noexcept;
};

/// What a watcher wants to hear of.
enum class peer_end : std::uint8_t {
  half_closed,  ///< it will send nothing more, or worse
  dead,         ///< the connection is broken both ways
};

class descriptor : netpoll::target {
 public:
  /// Takes over an open, non-blocking file and registers it with the poller. Returns: null when it cannot be (then `error`
  /// is -errno, and the file stays the caller's).
  static descriptor* open(int file, int& error) noexcept;

  /// The owner's last call: closes the file if that was not done.
  void release() noexcept;

  int file() const noexcept { return file_; }

  /// Reads what is there, at least a byte unless `room` is 0 or the end was reached (value 0). Parks: yes.
  io_result read(void* to, std::size_t room);

  /// The same once, without waiting: value -EAGAIN when there is nothing.
  io_result try_read(void* to, std::size_t room);

  /// Writes all of it. value: how much was written, also when something went wrong then. Parks: yes.
  io_result write(const void* from, std::size_t bytes);
  /// The same for two pieces, in one system call where the kernel takes them.
  io_result write(const void* first, std::size_t first_bytes, const void* second, std::size_t second_bytes);

  /// Makes a call that returns a value or -errno, again whenever it would have blocked (-EAGAIN) and the file is ready.
  /// Calls of one side take turns. Parks: yes.
  template <class Call>
  io_result perform(io_side side, Call&& call) {
    io_status s = begin(side);
    if (s != io_status::done) return {0, s, 0};
    for (;;) {
      const std::int64_t value = call();
      if (value != would_block) {
        const bool cut_off = value <= 0 && is_closing();
        end(side);
        give_way_if_due();
        if (cut_off) return {0, io_status::closed, 0};
        return {value, io_status::done, value < 0 ? static_cast<int>(-value) : 0};
      }
      s = wait(side);
      if (s != io_status::done) {
        end(side);
        return {0, s, 0};
      }
    }
  }

  /// Makes a call on the file that does not wait (shutdown, options), unless it is closed.
  template <class Call>
  io_result with_file(Call&& call) {
    if (!use_.enter()) return {0, io_status::closed, 0};
    const std::int64_t value = call(file_);
    leave();
    return {value, io_status::done, value < 0 ? static_cast<int>(-value) : 0};
  }

  /// Ends all waiting, and lets nothing begin. False: it was closed before. Never parks.
  bool close() noexcept;
  bool is_closed() const noexcept { return use_.closed(); }

  /// A thread that is no worker waits for an event.
  static bool threads_wait() noexcept;

  /// `when` on the monotonic clock in ns; 0: none; in the past: what waits returns at once. For what goes on as well as for
  /// what begins later. False: closed. Never parks.
  bool set_deadline(io_side side, std::int64_t when) noexcept;

  /// Tells the listener once when the side is ready. False: it is now, or closed or past its deadline, and the listener is
  /// not told: go on yourself. The caller holds the side's turn in spirit: nobody else may use the side meanwhile.
  bool listen(io_side side, io_listener& l) noexcept;
  /// True: the listener was taken back and is not told.
  bool unlisten(io_side side, io_listener& l) noexcept;

  /// Tells the watcher once of the peer's end, at once if that is known. One watcher at a time.
  void watch(peer_watcher& w, peer_end what) noexcept;
  /// Afterwards the watcher is not told any more, and not being told.
  void unwatch(peer_watcher& w) noexcept;
  /// What the poller knows of it.
  bool peer_ended(peer_end what) const noexcept;

  /// Nothing has come in since the last read that did not fill its buffer, as far as the poller knows.
  bool is_drained() const noexcept;


 private:
  friend class descriptor_pool;

  static constexpr std::int64_t would_block = -EAGAIN;

  // Bits of state_, below the generation.
  static constexpr std::uint32_t closing = 1;
  static constexpr std::uint32_t read_expired = 2;
  static constexpr std::uint32_t write_expired = 4;
  static constexpr std::uint32_t half_closed = 8;
  static constexpr std::uint32_t dead = 16;
  static constexpr std::uint32_t urgent = 32;  ///< TCP's mark came at some time: a read stops there, whatever is behind it
  static constexpr int generation_at = 8;

  struct side_timer : timer_node {
    side_timer() noexcept : timer_node(firing_) {}
    descriptor* owner = nullptr;
    std::int64_t deadline = 0;  ///< 0: none. The timer may be armed for an earlier one: then it looks, and is armed again
  };
  /// A goroutine, a listener (tagged), or one of the small numbers in descriptor.cpp.
  using waiter_word = std::atomic<std::uintptr_t>;
  struct wait_place {
    waiter_word waiter{0};
    descriptor* owner = nullptr;
    io_side side = io_side::read;
  };

  descriptor() noexcept;

  static void happened(netpoll::target* t, const sys::file_event& e, std::uint32_t generation,
                       goroutine_list& woken) noexcept;
  io_status begin(io_side side) {
    if (!use_.take(side)) [[unlikely]] return io_status::closed;
    const io_status s = told_to_stop(side);
    if (s != io_status::done) [[unlikely]] end(side);
    return s;
  }
  void end(io_side side) noexcept {
    if (use_.give(side)) [[unlikely]] close_file();
  }
  void leave() noexcept {
    if (use_.leave()) close_file();
  }
  /// What the last call found may be the end that close() has brought about.
  bool is_closing() const noexcept { return (state_.load(std::memory_order_relaxed) & closing) != 0; }
  io_status wait(io_side side);
  static void give_way_if_due();
  io_status told_to_stop(io_side side) const noexcept;
  std::int64_t receive(void* to, std::size_t room) noexcept;
  bool nothing_to_receive() const noexcept;
  bool take_event(io_side side) noexcept;
  void close_file() noexcept;
  std::uintptr_t expire(io_side side) noexcept;
  static void arm_at_the_latest(side_timer& t, std::int64_t when) noexcept;
  void take_deadlines_back() noexcept;
  std::uintptr_t take_waiter(io_side side, bool by_event) noexcept;
  void wake_side(io_side side, bool by_event, goroutine_list& woken) noexcept;
  void latch(std::uint32_t bits, std::uint32_t generation) noexcept;
  wait_place& place_of(io_side side) noexcept { return places_[static_cast<int>(side)]; }
  waiter_word& waiter_of(io_side side) noexcept { return place_of(side).waiter; }
  const waiter_word& waiter_of(io_side side) const noexcept { return places_[static_cast<int>(side)].waiter; }

  static void fire_timer(timer_node* n, std::int64_t now, goroutine_list& woken) noexcept;
  static bool commit_wait(goroutine* g, void* raw) noexcept;
  static void withdraw_wait(void* raw) noexcept;
  static constexpr std::uint32_t expired_bit(io_side s) noexcept {
    return s == io_side::read ? read_expired : write_expired;
  }

  static const timer_kind firing_;
  static const park_kind waiting_;

  std::atomic<std::uint32_t> state_{0};
  int file_ = -1;
  turn use_;
  wait_place places_[2];
  std::atomic<std::uintptr_t> watcher_{0};  ///< a peer_watcher, tagged with the end that it wants to hear of
  bool drained_ = false;                    ///< the last read took all there was; the reading turn's
  spinlock lock_;
  side_timer timers_[2];
  descriptor* next_free_ = nullptr;  ///< the pool's
};

}  // namespace warren::runtime
