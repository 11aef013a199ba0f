// SPDX-License-Identifier: MIT
#include "select_any.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "../runtime/park.hpp"
#include "../runtime/thread.hpp"
#include "../runtime/wait_reason.hpp"
#include "channel_error.hpp"
#include "core.hpp"

// Waiting at several channels.
//
//   1. Look at all cases without a lock and go ahead with one of those that seem ready, chosen uniformly,
//      under the lock of its channel alone. This is one moment at which that case was ready, which is all
//      that a choice must show.
//   2. Nothing was ready, or it was taken meanwhile: lock all channels, so that the world stands still, and
//      look again.
//   3. Still nothing: that is the moment that `otherwise` asks for. Without one, queue a waiter at every
//      channel and park; the commit releases the locks.
//   4. Whoever comes first for one of the waiters claims the select, moves the value and wakes it. Awake, it
//      takes the others out of their queues, one lock at a time.
//
// Laws
//   * Locks are taken in the order of addresses, a channel that stands in several cases once.
//   * The commit must not touch the select's frame after its last unlock. Until then the frame stays: before
//     the select returns it takes the lock of every channel where a waiter of its own may still be queued,
//     and the channel of the winner was unlocked before anybody could claim there. So each unlock of the
//     commit is over by then.
//   * The channel of the case that went ahead is unlocked last: whoever sees that it did may drop the last
//     handles of all the channels.
//   * A claim, once won, is never given back. So a waiter that is claimed stays so, and under all locks the
//     cases that are ready can only become fewer: the loop of step 2 ends, and what it leaves is not ready at
//     one moment.
//   * Cases of one select never meet each other: it looks before it queues, and does not look again.

namespace warren::channels {
namespace {

/// The distinct channels of a select, in the order of their locks.
class lock_order {
 public:
  explicit lock_order(std::span<channel_waiter> cases) {
    if (cases.size() > few_) {
      more_ = std::make_unique_for_overwrite<core*[]>(cases.size());
      cores_ = more_.get();
    }
    for (const channel_waiter& w : cases) {
      if (w.channel != nullptr) cores_[size_++] = w.channel;
    }
    if (size_ <= few_) {
      sort_few();
    } else {
      std::sort(cores_, cores_ + size_, std::less<>());
    }
    const std::size_t all = size_;
    size_ = static_cast<std::size_t>(std::unique(cores_, cores_ + size_) - cores_);
    has_repeats_ = size_ != all;
  }
  lock_order(const lock_order&) = delete;
  lock_order& operator=(const lock_order&) = delete;

  bool empty() const noexcept { return size_ == 0; }
  /// Some channel stands in several cases.
  bool has_repeats() const noexcept { return has_repeats_; }

  void lock_all() const noexcept {
    for (std::size_t i = 0; i != size_; ++i) cores_[i]->lock.lock();
  }

  /// Touches nothing of this object after the last unlock.
  void unlock_all() const noexcept {
    core* const* next = cores_;
    for (std::size_t left = size_; left != 0; --left) (*next++)->lock.unlock();
  }

  void unlock_all(core* last) const noexcept {
    for (std::size_t i = 0; i != size_; ++i) {
      if (cores_[i] != last) cores_[i]->lock.unlock();
    }
    last->lock.unlock();
  }

 private:
  static constexpr std::size_t few_ = 16;

  void sort_few() noexcept {
    for (std::size_t i = 1; i < size_; ++i) {
      core* moving = cores_[i];
      std::size_t to = i;
      for (; to != 0 && std::less<>()(moving, cores_[to - 1]); --to) cores_[to] = cores_[to - 1];
      cores_[to] = moving;
    }
  }

  std::size_t size_ = 0;
  bool has_repeats_ = false;
  core* on_stack_[few_];
  std::unique_ptr<core*[]> more_;
  core** cores_ = on_stack_;
};

struct parked_select {
  std::span<channel_waiter> cases;
  const lock_order* order;
};

bool unlock_after_switch(runtime::goroutine*, void* waiting_on) noexcept {
  static_cast<parked_select*>(waiting_on)->order->unlock_all();
  return true;
}

void take_out(channel_waiter& w) noexcept {
  const runtime::spin_guard guard(w.channel->lock);
  w.channel->dequeue(&w);
}

void withdraw(void* waiting_on) noexcept {
  for (channel_waiter& w : static_cast<parked_select*>(waiting_on)->cases) {
    if (w.channel != nullptr) take_out(w);
  }
}

using runtime::wait_reason;
constexpr runtime::park_kind selecting{wait_reason::select, unlock_after_switch, withdraw};
constexpr runtime::park_kind selecting_nil{wait_reason::select, nullptr, nullptr};
constexpr runtime::park_kind without_cases{wait_reason::select_no_cases, nullptr, nullptr};

constexpr int nothing_ready = -1;

/// The position of one of the cases that are ready, each with the same chance.
template <class Ready>
int choose(std::span<channel_waiter> cases, Ready ready) {
  int chosen = nothing_ready;
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i != cases.size(); ++i) {
    if (cases[i].channel == nullptr || !ready(cases[i])) continue;
    // The k-th one found replaces the choice with a chance of 1/k.
    if (++seen == 1 || runtime::current_thread()->random.below(seen) == 0) chosen = static_cast<int>(i);
  }
  return chosen;
}

/// Step 1 is left out where a clock feeds a channel: looking there takes the lock, and a read of the clock.
bool all_can_be_looked_at(std::span<channel_waiter> cases) noexcept {
  return std::none_of(cases.begin(), cases.end(),
                      [](const channel_waiter& w) { return w.channel != nullptr && w.channel->fed(); });
}

bool seems_ready(const channel_waiter& w) noexcept {
  return w.is_send ? w.channel->seems_sendable() : w.channel->seems_receivable();
}

bool is_ready(const channel_waiter& w) noexcept {
  return w.is_send ? w.channel->can_offer() : w.channel->can_take();
}

[[noreturn, gnu::cold]] void throw_send_on_closed() { throw channel_error("send on closed channel"); }

class selection {
 public:
  selection(std::span<channel_waiter> cases, bool has_otherwise) noexcept
      : cases_(cases), has_otherwise_(has_otherwise) {}

  int run() {
    if (all_can_be_looked_at(cases_)) {
      const int i = choose(cases_, seems_ready);
      if (i != nothing_ready && try_alone(cases_[i])) return finish(i);
    }
    const lock_order order(cases_);
    order.lock_all();
    for (;;) {
      const int i = choose(cases_, is_ready);
      if (i == nothing_ready) break;
      if (!go_ahead(cases_[i])) continue;
      order.unlock_all(cases_[i].channel);
      return finish(i);
    }
    if (has_otherwise_) {
      order.unlock_all();
      return chose_otherwise;
    }
    return wait(order);
  }

 private:
  /// The lock is held.
  bool go_ahead(channel_waiter& w) noexcept {
    runtime::current_thread()->fence_owed = true;
    const outcome what = w.is_send ? w.channel->offer(w.value, woken_) : w.channel->take(w.value, woken_);
    w.success = what == outcome::done;
    return what != outcome::empty;
  }

  bool try_alone(channel_waiter& w) noexcept {
    const runtime::spin_guard guard(w.channel->lock);
    return go_ahead(w);
  }

  /// No lock is held; the case at position i went ahead.
  int finish(int i) {
    if (woken_ != nullptr) runtime::ready(woken_);
    check(i);
    if (!has_otherwise_) runtime::switch_point();
    return i;
  }

  void check(int i) {
    if (cases_[i].is_send && !cases_[i].success) throw_send_on_closed();
  }

  int wait(const lock_order& order);

  std::span<channel_waiter> cases_;
  bool has_otherwise_;
  runtime::goroutine* woken_ = nullptr;
};

/// The waiters of a parked select: queued here, under all locks, and out of every queue at the end, however
/// park() is left.
class queued_everywhere {
 public:
  queued_everywhere(std::span<channel_waiter> cases, select_claim& claim, bool has_repeats) noexcept
      : cases_(cases), claim_(claim) {
    if (has_repeats) {
      queue_shuffled();
    } else {
      for (channel_waiter& w : cases_) queue(w);
    }
    std::int32_t position = 0;
    for (channel_waiter& w : cases_) w.position = position++;
  }
  queued_everywhere(const queued_everywhere&) = delete;
  queued_everywhere& operator=(const queued_everywhere&) = delete;

  ~queued_everywhere() {
    const std::int32_t winner = claim_.winner.load(std::memory_order_relaxed);
    for (channel_waiter& w : cases_) {
      if (w.channel == nullptr) continue;
      if (w.position != winner) take_out(w);
      if (w.borrowed) w.channel->release();
    }
  }

 private:
  void queue(channel_waiter& w) noexcept {
    if (w.channel == nullptr) return;
    w.who = me_;
    w.claim = &claim_;
    if (w.borrowed) w.channel->retain();
    w.channel->enqueue(&w);
  }

  /// Cases of one channel become ready together: the one at the front of the queue must be any of them. The
  /// order is written into `position`, which nobody looks at before the locks are released.
  void queue_shuffled() noexcept {
    runtime::choice& random = runtime::current_thread()->random;
    for (std::size_t i = 0; i != cases_.size(); ++i) {
      const std::uint32_t k = random.below(static_cast<std::uint32_t>(i + 1));
      cases_[i].position = static_cast<std::int32_t>(i);
      std::swap(cases_[i].position, cases_[k].position);
    }
    for (const channel_waiter& w : cases_) queue(cases_[static_cast<std::size_t>(w.position)]);
  }

  runtime::goroutine* const me_ = runtime::current_goroutine();
  std::span<channel_waiter> cases_;
  select_claim& claim_;
};

/// All locks are held.
int selection::wait(const lock_order& order) {
  if (order.empty()) {
    for (;;) runtime::park(selecting_nil, nullptr);
  }
  select_claim claim;
  {
    const queued_everywhere queued(cases_, claim, order.has_repeats());
    parked_select parked{cases_, &order};
    runtime::park(selecting, &parked);
  }
  const int winner = claim.winner.load(std::memory_order_relaxed);
  check(winner);
  return winner;
}

}  // namespace

namespace {

/// Apart, so that a select of one case does not pay for the frame of this one.
[[gnu::noinline]] int select_many(std::span<channel_waiter> cases, bool has_otherwise) {
  return selection(cases, has_otherwise).run();
}

/// A select of at most one case is a plain operation or a try.
int select_few(std::span<channel_waiter> cases, bool has_otherwise) {
  if (cases.empty()) {
    if (has_otherwise) return chose_otherwise;
    for (;;) runtime::park(without_cases, nullptr);
  }
  channel_waiter& w = cases.front();
  outcome what = outcome::done;
  if (has_otherwise) {
    what = w.is_send ? try_send(w.channel, w.value) : try_receive(w.channel, w.value);
  } else if (w.is_send) {
    send(w.channel, w.value);
  } else {
    what = receive(w.channel, w.value);
  }
  w.success = what == outcome::done;
  return what == outcome::empty ? chose_otherwise : 0;
}

}  // namespace

int select_any(std::span<channel_waiter> cases, bool has_otherwise) {
  if (cases.size() <= 1) return select_few(cases, has_otherwise);
  return select_many(cases, has_otherwise);
}

}  // namespace warren::channels
