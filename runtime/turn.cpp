// SPDX-License-Identifier: MIT
#include "turn.hpp"

#include "../errors/panic.hpp"

namespace warren::runtime {

namespace {
constexpr const char* too_many = "too many concurrent operations on a single file or socket (max 1048575)";
}

bool turn::enter() noexcept {
  std::uint64_t old = word_.load(std::memory_order_relaxed);
  do {
    if ((old & closed_bit) != 0) return false;
    // Acquire: pairs with the release in leave() and give().
  } while (!word_.compare_exchange_weak(old, old + one_operation, std::memory_order_acquire, std::memory_order_relaxed));
  return true;
}

bool turn::leave() noexcept {
  // Acquire and release: pairs with itself; all that others did with the file is over before it is closed.
  return last_of_closed(word_.fetch_sub(one_operation, std::memory_order_acq_rel) - one_operation);
}

bool turn::take_slow(io_side side) {
  std::uint64_t old = word_.load(std::memory_order_relaxed);
  for (;;) {
    if ((old & closed_bit) != 0) return false;
    const bool free = (old & turn_of(side)) == 0;
    if (!free && waiters(old, side) == count_mask) panic(too_many);
    const std::uint64_t now = free ? (old | turn_of(side)) + one_operation : old + one_waiter(side);
    // Acquire: pairs with the release in give(); what the last one did on this side.
    if (!word_.compare_exchange_weak(old, now, std::memory_order_acquire, std::memory_order_relaxed)) continue;
    if (free) return true;
    wait_for_permit(side);
    old = word_.load(std::memory_order_relaxed);
  }
}

bool turn::give_slow(io_side side) noexcept {
  std::uint64_t old = word_.load(std::memory_order_relaxed);
  std::uint64_t now;
  do {
    now = (old & ~turn_of(side)) - one_operation;
    if (waiters(old, side) != 0) now -= one_waiter(side);
    // Acquire and release: pairs with take(), and with itself in leave() for who closes the file.
  } while (!word_.compare_exchange_weak(old, now, std::memory_order_acq_rel, std::memory_order_relaxed));
  if (waiters(old, side) != 0) permit(side);
  return last_of_closed(now);
}

bool turn::close() noexcept {
  std::uint64_t old = word_.load(std::memory_order_relaxed);
  std::uint64_t now;
  do {
    if ((old & closed_bit) != 0) return false;
    now = (old | closed_bit) + one_operation;
    now -= waiters(old, io_side::read) * one_waiter(io_side::read);
    now -= waiters(old, io_side::write) * one_waiter(io_side::write);
    // Acquire: pairs with the release in leave() and give().
  } while (!word_.compare_exchange_weak(old, now, std::memory_order_acquire, std::memory_order_relaxed));
  for (const io_side side : {io_side::read, io_side::write}) {
    for (std::uint64_t n = waiters(old, side); n > 0; --n) permit(side);
  }
  return true;
}

void turn::wait_for_permit(io_side side) {
  waiting_line& l = line(side);
  l.queue.lock();
  if (l.permits > 0) {
    --l.permits;
    return l.queue.unlock();
  }
  queue_waiter w;
  l.queue.wait(w, wait_reason::semacquire);
}

void turn::permit(io_side side) noexcept {
  waiting_line& l = line(side);
  l.queue.lock();
  queue_waiter* w = l.queue.pop_front();
  if (w == nullptr) ++l.permits;
  l.queue.unlock();
  if (w != nullptr) wake(w);
}

}  // namespace warren::runtime
