// SPDX-License-Identifier: MIT
#include "wait_queue.hpp"

// A waiter that has been taken out belongs to no queue (`queue` is null). That is how the end of a run tells
// a goroutine that still waits from one that a thread outside the run has just taken out and is about to
// wake. It looks there before it takes the queue's lock, because the queue may be gone by then; so `queue` is
// read and written as an atomic.

#include <array>
#include <atomic>
#include <cstddef>
#include <utility>

#include "park.hpp"

namespace warren::runtime {

namespace {

using queue_ref = std::atomic_ref<wait_queue*>;

bool unlock_queue(goroutine*, void* waiter) noexcept {
  queue_ref(static_cast<queue_waiter*>(waiter)->queue).load(std::memory_order_relaxed)->unlock();
  return true;
}

void withdraw(void* waiter) noexcept {
  auto* w = static_cast<queue_waiter*>(waiter);
  queue_ref where(w->queue);
  // Acquire: pairs with the releases in wait() and mark_out().
  wait_queue* q = where.load(std::memory_order_acquire);
  if (q == nullptr) return;
  q->lock();
  if (where.load(std::memory_order_relaxed) != nullptr) q->remove(w);
  q->unlock();
}

void mark_out(queue_waiter* w) noexcept {
  // Release: pairs with the acquire in withdraw().
  queue_ref(w->queue).store(nullptr, std::memory_order_release);
}

constexpr std::size_t reasons = static_cast<std::size_t>(wait_reason::io_wait) + 1;

constexpr auto kinds = [] {
  std::array<park_kind, reasons> all{};
  for (std::size_t i = 0; i < reasons; ++i) all[i] = {static_cast<wait_reason>(i), unlock_queue, withdraw};
  return all;
}();

}  // namespace

void wait_queue::wait(queue_waiter& w, wait_reason why, bool at_front) {
  thread* t = current_thread();
  w.who = t->current;
  // Release: pairs with the acquire in withdraw().
  queue_ref(w.queue).store(this, std::memory_order_release);
  if (at_front) {
    w.prev = nullptr;
    w.next = head_;
    (head_ != nullptr ? head_->prev : tail_) = &w;
    head_ = &w;
  } else {
    w.next = nullptr;
    w.prev = tail_;
    (tail_ != nullptr ? tail_->next : head_) = &w;
    tail_ = &w;
  }
  count_waiters(t, 1);
  park(kinds[static_cast<std::size_t>(why)], &w);
}

void wait_queue::remove(queue_waiter* w) noexcept {
  (w->prev != nullptr ? w->prev->next : head_) = w->next;
  (w->next != nullptr ? w->next->prev : tail_) = w->prev;
  mark_out(w);
  count_waiters(current_thread(), -1);
}

queue_waiter* wait_queue::pop_front() noexcept {
  queue_waiter* w = head_;
  if (w != nullptr) remove(w);
  return w;
}

queue_waiter* wait_queue::take_all() noexcept {
  queue_waiter* chain = head_;
  head_ = tail_ = nullptr;
  std::int64_t n = 0;
  for (queue_waiter* w = chain; w != nullptr; w = w->next, ++n) mark_out(w);
  if (n != 0) count_waiters(current_thread(), -n);
  return chain;
}

void wake(queue_waiter* w) noexcept { ready(w->who); }

void wake_all(queue_waiter* chain) noexcept {
  goroutine_list woken;
  for (queue_waiter* w = chain; w != nullptr; w = w->next) woken.push_back(w->who);
  ready(std::move(woken));
}

}  // namespace warren::runtime
