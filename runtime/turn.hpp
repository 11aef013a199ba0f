// SPDX-License-Identifier: MIT
#pragma once

// Who uses a file: operations are counted, those of one side take turns, and the last one out of a closed file knows it.
//
// Laws
//   * One word holds it all, changed by compare-exchange: closed | a turn for each side | operations | those that wait for
//     each side's turn.
//   * Who gives a turn back while others wait passes a permit on to one of them, which then competes for the turn anew.
//     close() gives all of them a permit: they find the file closed. (As Go's internal/poll.fdMutex.)
//   * Lock order: the lock of a side's queue is a leaf.

#include <atomic>
#include <cstdint>

#include "wait_queue.hpp"

namespace warren::runtime {

enum class io_side : std::uint8_t { read, write };

class turn {
 public:
  /// An operation that needs no turn begins. False: closed.
  bool enter() noexcept;
  /// True: closed, and nobody is left.
  [[nodiscard]] bool leave() noexcept;

  /// An operation begins, alone on its side. Parks while another is on it. False: closed.
  bool take(io_side side) {
    std::uint64_t free = 0;
    // Acquire: pairs with the release in give(); what the last one did on this side.
    if (word_.compare_exchange_strong(free, turn_of(side) | one_operation, std::memory_order_acquire,
                                      std::memory_order_relaxed)) {
      return true;
    }
    return take_slow(side);
  }
  /// True: closed, and nobody is left.
  [[nodiscard]] bool give(io_side side) noexcept {
    std::uint64_t alone = turn_of(side) | one_operation;
    // Release: pairs with the acquire in take().
    if (word_.compare_exchange_strong(alone, 0, std::memory_order_release, std::memory_order_relaxed)) return false;
    return give_slow(side);
  }

  /// An operation begins that lets nothing begin any more; leave() ends it. False: it was closed before.
  bool close() noexcept;
  /// For who is in: nobody else is.
  bool alone() const noexcept {
    return ((word_.load(std::memory_order_relaxed) / one_operation) & count_mask) == 1;
  }
  bool closed() const noexcept { return (word_.load(std::memory_order_relaxed) & closed_bit) != 0; }

  /// For another file, when nobody uses this one.
  void reset() noexcept { word_.store(0, std::memory_order_relaxed); }

 private:
  struct waiting_line {
    wait_queue queue;
    std::uint32_t permits = 0;  ///< given while nobody waited yet; under the queue's lock
  };

  static constexpr std::uint64_t closed_bit = 1;
  static constexpr std::uint64_t one_operation = 1 << 3;
  static constexpr std::uint64_t count_mask = (1 << 20) - 1;

  static constexpr std::uint64_t turn_of(io_side side) noexcept { return side == io_side::read ? 2 : 4; }
  static constexpr int waiters_at(io_side side) noexcept { return side == io_side::read ? 23 : 43; }
  static constexpr std::uint64_t one_waiter(io_side side) noexcept { return std::uint64_t{1} << waiters_at(side); }
  static constexpr std::uint64_t waiters(std::uint64_t word, io_side side) noexcept {
    return (word >> waiters_at(side)) & count_mask;
  }
  static bool last_of_closed(std::uint64_t word) noexcept {
    return (word & closed_bit) != 0 && ((word / one_operation) & count_mask) == 0;
  }

  bool take_slow(io_side side);
  bool give_slow(io_side side) noexcept;
  void wait_for_permit(io_side side);
  void permit(io_side side) noexcept;
  waiting_line& line(io_side side) noexcept { return lines_[static_cast<int>(side)]; }

  std::atomic<std::uint64_t> word_{0};
  waiting_line lines_[2];
};

}  // namespace warren::runtime
