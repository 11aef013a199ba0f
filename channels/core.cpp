// SPDX-License-Identifier: MIT
#include "core.hpp"

#include <algorithm>
#include <new>

#include "../runtime/park.hpp"
#include "../runtime/thread.hpp"
#include "../runtime/wait_reason.hpp"
#include "channel_error.hpp"

namespace warren::channels {

// --- waiters

void waiter_queue::push_back(channel_waiter* w) noexcept {
  w->next = nullptr;
  w->prev = tail;
  // Release: pairs with the acquire loads of seems_*().
  (tail != nullptr ? void(tail->next = w) : head.store(w, std::memory_order_release));
  tail = w;
}

void waiter_queue::remove(channel_waiter* w) noexcept {
  // Release: pairs with the acquire loads of seems_*(), which must see a close that came before.
  (w->prev != nullptr ? void(w->prev->next = w->next) : head.store(w->next, std::memory_order_release));
  (w->next != nullptr ? w->next->prev : tail) = w->prev;
}

namespace {

/// Relaxed throughout: the claim only elects; what the winner does is published by the lock and by ready().
bool claimed(const channel_waiter* w) noexcept {
  return w->claim != nullptr && w->claim->winner.load(std::memory_order_relaxed) != select_claim::unclaimed;
}

inline bool win(channel_waiter* w) noexcept {
  if (w->claim == nullptr) return true;
  std::int32_t nobody = select_claim::unclaimed;
  return w->claim->winner.compare_exchange_strong(nobody, w->position, std::memory_order_relaxed);
}

bool has_unclaimed(const waiter_queue& queue) noexcept {
  for (const channel_waiter* w = queue.head.load(std::memory_order_relaxed); w != nullptr; w = w->next) {
    if (!claimed(w)) return true;
  }
  return false;
}

}  // namespace

[[gnu::always_inline]] inline channel_waiter* waiter_queue::claim_first() noexcept {
  while (channel_waiter* w = head.load(std::memory_order_relaxed)) {
    remove(w);
    w->queued = false;
    runtime::count_waiters(runtime::current_thread(), -1);
    if (win(w)) return w;
  }
  return nullptr;
}

void core::enqueue(channel_waiter* w) noexcept {
  waiter_queue& queue = queue_of(w);
  const bool first = queue.empty();
  queue.push_back(w);
  w->queued = true;
  runtime::count_waiters(runtime::current_thread(), 1);
  if (first && fed()) feed_->arm(this);
}

void core::dequeue(channel_waiter* w) noexcept {
  if (!w->queued) return;
  waiter_queue& queue = queue_of(w);
  queue.remove(w);
  w->queued = false;
  runtime::count_waiters(runtime::current_thread(), -1);
  if (queue.empty() && fed()) feed_->disarm(this);
}

// --- the ring

inline void core::move(void* to, void* from) const noexcept {
  if (element_->move != nullptr) return element_->move(to, from);
  // Written out, because a call of memcpy costs more than the rest of a send.
  switch (element_->size) {
    case 0: return;
    case 4: std::memcpy(to, from, 4); return;
    case 8: std::memcpy(to, from, 8); return;
    case 16: std::memcpy(to, from, 16); return;
    default: std::memcpy(to, from, element_->size);
  }
}

/// Behind the first n elements; there is room. Does not count it in.
inline void core::put(void* value, std::size_t n) noexcept {
  std::size_t last = first_ + n;
  if (last >= capacity_) last -= capacity_;
  move(slot(last), value);
}

inline void core::push_ring(void* value) noexcept {
  put(value, count());
  set_count(count() + 1);
}

/// Takes the first element out, without counting it out.
inline void core::pop_ring(void* value) noexcept {
  std::byte* at = slot(first_);
  if (value != nullptr) move(value, at);
  if (element_->destroy != nullptr) element_->destroy(at);
  if (++first_ == capacity_) first_ = 0;
}

void core::clear_ring() noexcept {
  for (std::size_t left = count(); left != 0; --left) pop_ring(nullptr);
  set_count(0);
}

// --- the two operations

bool core::can_offer() const noexcept {
  if (closed_.load(std::memory_order_relaxed)) return true;
  return capacity_ == 0 ? has_unclaimed(receivers_) : count() < capacity_;
}

bool core::can_take() noexcept {
  if (fed() && receivers_.empty()) feed_->poll(this);
  if (closed_.load(std::memory_order_relaxed)) return true;
  return capacity_ == 0 ? has_unclaimed(senders_) : count() != 0;
}

/// To the first receiver that can be claimed.
[[gnu::noinline]] bool core::hand_over(void* value, runtime::goroutine*& woken) noexcept {
  channel_waiter* w = receivers_.claim_first();
  if (fed() && receivers_.empty()) feed_->disarm(this);
  if (w == nullptr) return false;
  if (w->value != nullptr) move(w->value, value);
  w->success = true;
  woken = w->who;
  return true;
}

/// From the first sender that can be claimed.
[[gnu::noinline]] bool core::take_over(void* value, runtime::goroutine*& woken) noexcept {
  channel_waiter* w = senders_.claim_first();
  if (w == nullptr) return false;
  if (value != nullptr) move(value, w->value);
  w->success = true;
  woken = w->who;
  return true;
}

/// The value of the first sender that can be claimed takes the place of the element that was just taken out.
[[gnu::noinline]] bool core::let_in(runtime::goroutine*& woken) noexcept {
  channel_waiter* w = senders_.claim_first();
  if (w == nullptr) return false;
  put(w->value, count() - 1);
  w->success = true;
  woken = w->who;
  return true;
}

[[gnu::always_inline]] inline outcome core::offer_inline(void* value, runtime::goroutine*& woken) noexcept {
  if (closed_.load(std::memory_order_relaxed)) [[unlikely]] return outcome::closed;
  if (!receivers_.empty() && hand_over(value, woken)) return outcome::done;
  if (count() == capacity_) return outcome::empty;
  push_ring(value);
  return outcome::done;
}

[[gnu::always_inline]] inline outcome core::take_inline(void* value, runtime::goroutine*& woken) noexcept {
  if (fed() && receivers_.empty()) [[unlikely]] feed_->poll(this);
  if (count() != 0) {
    pop_ring(value);
    // A sender that waits does so because the ring was full: its value takes the freed slot, and nobody must
    // see the count of a moment before.
    if (senders_.empty() || !let_in(woken)) set_count(count() - 1);
    return outcome::done;
  }
  if (!senders_.empty() && take_over(value, woken)) return outcome::done;
  return closed_.load(std::memory_order_relaxed) ? outcome::closed : outcome::empty;
}

outcome core::offer(void* value, runtime::goroutine*& woken) noexcept { return offer_inline(value, woken); }
outcome core::take(void* value, runtime::goroutine*& woken) noexcept { return take_inline(value, woken); }

bool core::deliver(void* value, runtime::goroutine_list& woken) noexcept {
  runtime::goroutine* who = nullptr;
  if (!receivers_.empty() && hand_over(value, who)) {
    woken.push_back(who);
    return true;
  }
  if (count() == capacity_) return false;
  push_ring(value);
  return true;
}

bool core::close_collecting(runtime::goroutine_list& woken) noexcept {
  runtime::current_thread()->fence_owed = true;
  const runtime::spin_guard guard(lock);
  if (closed_.load(std::memory_order_relaxed)) return false;
  // Release: pairs with the acquire in is_closed().
  closed_.store(true, std::memory_order_release);
  for (waiter_queue* queue : {&receivers_, &senders_}) {
    while (channel_waiter* w = queue->claim_first()) {
      w->success = false;
      woken.push_back(w->who);
    }
  }
  return true;
}

// --- what callers see

namespace {

bool unlock_after_switch(runtime::goroutine*, void* waiting_on) noexcept {
  static_cast<channel_waiter*>(waiting_on)->channel->lock.unlock();
  return true;
}

void withdraw(void* waiting_on) noexcept {
  auto* w = static_cast<channel_waiter*>(waiting_on);
  const runtime::spin_guard guard(w->channel->lock);
  w->channel->dequeue(w);
}

using runtime::wait_reason;
constexpr runtime::park_kind sending{wait_reason::chan_send, unlock_after_switch, withdraw};
constexpr runtime::park_kind receiving{wait_reason::chan_receive, unlock_after_switch, withdraw};
constexpr runtime::park_kind sending_to_nil{wait_reason::chan_send_nil, nullptr, nullptr};
constexpr runtime::park_kind receiving_from_nil{wait_reason::chan_receive_nil, nullptr, nullptr};

[[noreturn, gnu::cold]] void wait_for_ever(const runtime::park_kind& kind) {
  for (;;) runtime::park(kind, nullptr);
}

[[noreturn, gnu::cold]] void throw_error(const char* text) { throw channel_error(text); }

/// The lock is held. Returns whether the value went over; else the channel is closed.
bool wait(runtime::thread* t, const runtime::park_kind& kind, channel_waiter& w) {
  w.who = t->current;
  w.claim = nullptr;
  w.channel->enqueue(&w);
  runtime::park(kind, &w);
  return w.success;
}

[[gnu::noinline]] void wait_to_send(runtime::thread* t, core* ch, void* value) {
  channel_waiter w(ch, value, true);
  if (!wait(t, sending, w)) throw_error("send on closed channel");
}

[[gnu::noinline]] outcome wait_to_receive(runtime::thread* t, core* ch, void* value) {
  channel_waiter w(ch, value, false);
  return wait(t, receiving, w) ? outcome::done : outcome::closed;
}

/// A fence between the stores before it and the loads after it.
void full_fence() noexcept {
#if defined(__x86_64__) && !defined(WARREN_STEPPING)
  // What GCC makes of the fence below. Clang makes it an MFENCE, which costs eight times as much.
  asm volatile("lock orl $0, (%%rsp)" : : : "memory", "cc");
#else
  // seq_cst: pairs with itself in the other goroutine's try, see look_after_fence().
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

/// The look of a try before the lock. Without the fence two goroutines that each fill one channel and then
/// look at the other's could both find it empty, their own values being still on the way to memory. It is
/// owed once after each change that this goroutine made to a channel, and paid before a look is believed that
/// found nothing: a loop that only looks pays it once.
template <bool (core::*Look)() const noexcept>
[[gnu::noinline]] bool look_after_fence(const core* ch) noexcept {
  runtime::current_thread()->fence_owed = false;
  full_fence();
  return (ch->*Look)();
}

template <bool (core::*Look)() const noexcept>
bool seems_ready(const core* ch) noexcept {
  if ((ch->*Look)()) return true;
  const runtime::thread* t = runtime::this_thread();
  if (t == nullptr || t->fence_owed) [[unlikely]] return look_after_fence<Look>(ch);
  return false;
}

}  // namespace

bool seems_sendable(const core* ch) noexcept { return ch != nullptr && seems_ready<&core::seems_sendable>(ch); }
bool seems_receivable(const core* ch) noexcept { return ch != nullptr && seems_ready<&core::seems_receivable>(ch); }

void send(core* ch, void* value) {
  if (ch == nullptr) [[unlikely]] wait_for_ever(sending_to_nil);
  runtime::thread* t = runtime::current_thread();
  runtime::goroutine* woken = nullptr;
  ch->lock.lock();
  t->fence_owed = true;
  const outcome what = ch->offer_inline(value, woken);
  if (what == outcome::empty) return wait_to_send(t, ch, value);
  ch->lock.unlock();
  if (what == outcome::closed) [[unlikely]] throw_error("send on closed channel");
  if (woken != nullptr) runtime::ready(woken);
  runtime::switch_point(t);
}

outcome receive(core* ch, void* value) {
  if (ch == nullptr) [[unlikely]] wait_for_ever(receiving_from_nil);
  runtime::thread* t = runtime::current_thread();
  runtime::goroutine* woken = nullptr;
  outcome what = outcome::closed;
  // Drained: what is_closed() saw came after the last send, so an empty ring stays empty.
  if (!(ch->is_closed() && ch->drained())) {
    ch->lock.lock();
    t->fence_owed = true;
    what = ch->take_inline(value, woken);
    if (what == outcome::empty) return wait_to_receive(t, ch, value);
    ch->lock.unlock();
    if (woken != nullptr) runtime::ready(woken);
  }
  runtime::switch_point(t);
  return what;
}

outcome try_send(core* ch, void* value) {
  if (ch == nullptr || !seems_ready<&core::seems_sendable>(ch)) return outcome::empty;
  runtime::current_thread()->fence_owed = true;
  runtime::goroutine* woken = nullptr;
  ch->lock.lock();
  const outcome what = ch->offer_inline(value, woken);
  ch->lock.unlock();
  if (what == outcome::closed) [[unlikely]] throw_error("send on closed channel");
  if (woken != nullptr) runtime::ready(woken);
  return what;
}

outcome try_receive(core* ch, void* value) noexcept {
  if (ch == nullptr || !seems_ready<&core::seems_receivable>(ch)) return outcome::empty;
  if (ch->is_closed() && ch->drained()) return outcome::closed;
  runtime::current_thread()->fence_owed = true;
  runtime::goroutine* woken = nullptr;
  ch->lock.lock();
  const outcome what = ch->take_inline(value, woken);
  ch->lock.unlock();
  if (woken != nullptr) runtime::ready(woken);
  return what;
}

void close(core* ch) {
  if (ch == nullptr) throw_error("close of nil channel");
  runtime::goroutine_list woken;
  if (!ch->close_collecting(woken)) throw_error("close of closed channel");
  if (!woken.empty()) runtime::ready(std::move(woken));
}

std::size_t length(core* ch) noexcept { return ch != nullptr ? ch->length() : 0; }
std::size_t capacity(const core* ch) noexcept { return ch != nullptr ? ch->capacity() : 0; }

void retain(core* ch) noexcept {
  if (ch != nullptr) ch->retain();
}

void release(core* ch) noexcept {
  if (ch != nullptr) ch->release();
}

// --- a core of its own on the heap, its ring behind it

namespace {

constexpr std::size_t default_alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

std::size_t alignment_for(const element_type& element) noexcept {
  return std::max(element.align, alignof(core));
}

void free_core(counted* c) noexcept {
  auto* ch = static_cast<core*>(c);
  const std::size_t alignment = alignment_for(ch->element());
  ch->~core();
  if (alignment > default_alignment) return ::operator delete(ch, std::align_val_t(alignment));
  ::operator delete(ch);
}

}  // namespace

core* make_core(const element_type& element, std::ptrdiff_t capacity) {
  // More than any process can address, so that adding the core cannot overflow.
  constexpr std::size_t most_bytes = std::size_t(1) << 56;
  std::size_t ring_bytes = 0;
  if (capacity < 0 || __builtin_mul_overflow(element.size, std::size_t(capacity), &ring_bytes) ||
      ring_bytes > most_bytes) {
    throw_error("makechan: size out of range");
  }
  const std::size_t alignment = alignment_for(element);
  const std::size_t ring_at = (sizeof(core) + alignment - 1) & ~(alignment - 1);
  void* at = alignment > default_alignment ? ::operator new(ring_at + ring_bytes, std::align_val_t(alignment))
                                           : ::operator new(ring_at + ring_bytes);
  return ::new (at) core(element, std::size_t(capacity), static_cast<std::byte*>(at) + ring_at, free_core);
}

}  // namespace warren::channels
