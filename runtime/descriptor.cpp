// SPDX-License-Identifier: MIT
#include "descriptor.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include "clock.hpp"
#include "park.hpp"
#include "run_state.hpp"
#include "scheduler.hpp"
#include "timer.hpp"

namespace warren::runtime {

// --- the pool of records

/// Records that are free now, and slabs to make more of. Nothing goes back to the system.
class descriptor_pool {
 public:
  descriptor* take() noexcept {
    spin_guard hold(lock_);
    if (free_ == nullptr && !grow()) return nullptr;
    descriptor* d = free_;
    free_ = d->next_free_;
    return d;
  }

  void give(descriptor* d) noexcept {
    spin_guard hold(lock_);
    d->next_free_ = free_;
    free_ = d;
  }

 private:
  bool grow() noexcept {
    constexpr std::size_t slab = 32;
    void* raw = ::operator new(slab * sizeof(descriptor), std::align_val_t{alignof(descriptor)}, std::nothrow);
    if (raw == nullptr) return false;
    auto* at = static_cast<descriptor*>(raw);
    for (std::size_t i = 0; i < slab; ++i) {
      auto* d = ::new (at + i) descriptor;
      d->next_free_ = free_;
      free_ = d;
    }
    return true;
  }

  spinlock lock_;
  descriptor* free_ = nullptr;
};

namespace {

constinit descriptor_pool pool;

// Values of a side's waiter word; all others are addresses.
constexpr std::uintptr_t nobody = 0;
constexpr std::uintptr_t event_came = 2;
constexpr std::uintptr_t arriving = 4;
constexpr std::uintptr_t last_number = arriving;
constexpr std::uintptr_t listener_tag = 1;

// Tag of the watcher's word.
constexpr std::uintptr_t dead_only_tag = 1;

constexpr std::uint32_t low_generation = 0xffff;

std::uintptr_t tagged(io_listener& l) noexcept { return reinterpret_cast<std::uintptr_t>(&l) | listener_tag; }

/// Whose wait it was need not run again before its run is over: who takes it out counts it.
void tell(std::uintptr_t taken, goroutine_list& woken) noexcept {
  current_thread()->event_waits.add(-1);
  if ((taken & listener_tag) == 0) return woken.push_back(reinterpret_cast<goroutine*>(taken));
  auto* l = reinterpret_cast<io_listener*>(taken - listener_tag);
  l->notify(l, woken);
}

/// A wait that nobody polls for would never end: a thread that is no worker may be the first to use the library.
void expect_event() noexcept {
  const worker* w = this_worker();
  if (has_place(w)) return;
  if (w != nullptr && stopped(w)) return;
  if (!sched.is_open()) start_in_background();
  sched.ensure_timekeeper();
}

void ask_in_background() noexcept {
  start_in_background();
  sched.ensure_timekeeper();
}

void begin_event_wait() noexcept { current_thread()->event_waits.add(1); }
void end_event_wait() noexcept { current_thread()->event_waits.add(-1); }

}  // namespace

bool descriptor::threads_wait() noexcept {
  bool any = false;
  for_each_thread([&](thread* t) {
    // Acquire: pairs with the release in park_thread(); how it waits.
    const bool parked = t->self.state.load(std::memory_order_acquire) == goroutine_state::parked;
    any = any || (parked && t->self.kind == &waiting_);
  });
  return any;
}

descriptor::descriptor() noexcept : target{happened} {
  for (side_timer& t : timers_) t.owner = this;
  for (const io_side side : {io_side::read, io_side::write}) {
    place_of(side).owner = this;
    place_of(side).side = side;
  }
}

constexpr timer_kind descriptor::firing_{nullptr, descriptor::fire_timer};
constexpr park_kind descriptor::waiting_{wait_reason::io_wait, descriptor::commit_wait, descriptor::withdraw_wait};

// --- life

descriptor* descriptor::open(int file, int& error) noexcept {
  error = 0;
  const netpoll::opening first = netpoll::open(error);
  if (first == netpoll::opening::failed) return nullptr;
  if (first == netpoll::opening::opened) sched.wake_timekeeper();
  descriptor* d = pool.take();
  if (d == nullptr) {
    error = -ENOMEM;
    return nullptr;
  }
  d->file_ = file;
  d->use_.reset();
  d->drained_ = false;
  error = netpoll::add(file, d, (d->state_.load(std::memory_order_relaxed) >> generation_at) & low_generation);
  if (error == 0) return d;
  pool.give(d);
  return nullptr;
}

void descriptor::release() noexcept {
  close();
  // A goroutine that outlasted its run was about to go on, and never does.
  if (file_ >= 0) close_file();
  {
    spin_guard hold(lock_);
    // Events that come late are for nobody from now on.
    const std::uint32_t generation = (state_.load(std::memory_order_relaxed) >> generation_at) + 1;
    state_.store(generation << generation_at, std::memory_order_relaxed);
  }
  for (wait_place& p : places_) p.waiter.store(nobody, std::memory_order_relaxed);
  watcher_.store(0, std::memory_order_relaxed);
  pool.give(this);
}

bool descriptor::close() noexcept {
  if (!use_.close()) return false;
  state_.fetch_or(closing, std::memory_order_relaxed);
  // StoreLoad; pairs with the fences in wait() and listen().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  goroutine_list woken;
  wake_side(io_side::read, false, woken);
  wake_side(io_side::write, false, woken);
  take_deadlines_back();
  // The last one out closes the file, which may take a while: the other end is not to wait for that.
  if (!use_.alone()) sys::disconnect(file_);
  ready(std::move(woken));
  leave();
  return true;
}

void descriptor::close_file() noexcept {
  netpoll::remove(file_);
  sys::close_file(file_);
  file_ = -1;
}

// --- reading and writing

/// What the poller has not told of since the last read took all there was has not come, as far as it knows.
bool descriptor::nothing_to_receive() const noexcept {
  return drained_ && waiter_of(io_side::read).load(std::memory_order_relaxed) != event_came &&
         (state_.load(std::memory_order_relaxed) & (half_closed | dead | urgent)) == 0;
}

bool descriptor::is_drained() const noexcept { return nothing_to_receive(); }

/// True when an event had come: it is for the call that follows.
bool descriptor::take_event(io_side side) noexcept {
  waiter_word& word = waiter_of(side);
  if (word.load(std::memory_order_relaxed) != event_came) return false;
  // Acquire: pairs with the release in take_waiter(). An exchange, because the poller leaves a word alone that says so
  // already: what it tells then must have come before the call.
  word.exchange(nobody, std::memory_order_acquire);
  return true;
}

std::int64_t descriptor::receive(void* to, std::size_t room) noexcept {
  take_event(io_side::read);
  const std::int64_t n = sys::receive(file_, to, room);
  drained_ = n == would_block || (n > 0 && n < static_cast<std::int64_t>(room));
  return n;
}

io_result descriptor::read(void* to, std::size_t room) {
  io_status s = begin(io_side::read);
  if (s != io_status::done) return {0, s, 0};
  std::int64_t n = 0;
  if (room > 0) {
    n = nothing_to_receive() ? would_block : receive(to, room);
    while (n == would_block) {
      s = wait(io_side::read);
      if (s != io_status::done) break;
      n = receive(to, room);
    }
    // An event may have come in the last moment, and nobody has looked what it was.
    if (s != io_status::done) drained_ = false;
    if (n <= 0 && is_closing()) s = io_status::closed;
  }
  end(io_side::read);
  if (s != io_status::done) return {0, s, 0};
  switch_point();
  return {n, s, n < 0 ? static_cast<int>(-n) : 0};
}

io_result descriptor::try_read(void* to, std::size_t room) {
  io_status s = begin(io_side::read);
  if (s != io_status::done) return {0, s, 0};
  const std::int64_t n = nothing_to_receive() ? would_block : receive(to, room);
  if (n <= 0 && is_closing()) s = io_status::closed;
  end(io_side::read);
  if (s != io_status::done) return {0, s, 0};
  return {n, s, n < 0 ? static_cast<int>(-n) : 0};
}

io_result descriptor::write(const void* from, std::size_t bytes) { return write(from, bytes, nullptr, 0); }

io_result descriptor::write(const void* first, std::size_t first_bytes, const void* second, std::size_t second_bytes) {
  io_result r;
  r.status = begin(io_side::write);
  if (r.status != io_status::done) return r;
  sys::piece a{static_cast<const char*>(first), first_bytes};
  sys::piece b{static_cast<const char*>(second), second_bytes};
  while (a.bytes + b.bytes > 0) {
    const std::int64_t n = sys::transmit(file_, a, b);
    if (n == would_block) {
      r.status = wait(io_side::write);
      if (r.status != io_status::done) break;
    } else if (n < 0) {
      if (is_closing()) r.status = io_status::closed;
      else r.error = static_cast<int>(-n);
      break;
    } else {
      r.value += n;
      const std::size_t of_first = std::min(a.bytes, static_cast<std::size_t>(n));
      const std::size_t of_second = static_cast<std::size_t>(n) - of_first;
      a = {a.at + of_first, a.bytes - of_first};
      b = {b.at + of_second, b.bytes - of_second};
      if (a.bytes == 0) std::swap(a, b);
    }
  }
  end(io_side::write);
  switch_point();
  return r;
}

void descriptor::give_way_if_due() { switch_point(); }

// --- waiting

io_status descriptor::told_to_stop(io_side side) const noexcept {
  const std::uint32_t s = state_.load(std::memory_order_relaxed);
  if ((s & closing) != 0) return io_status::closed;
  return (s & expired_bit(side)) != 0 ? io_status::timed_out : io_status::done;
}

bool descriptor::commit_wait(goroutine* g, void* raw) noexcept {
  waiter_word* word = &static_cast<wait_place*>(raw)->waiter;
  std::uintptr_t expected = arriving;
  // Release: pairs with the acquire in take_waiter(); the goroutine's context.
  const bool waits = word->compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(g),
                                                   std::memory_order_release, std::memory_order_relaxed);
  if (!waits) {
    // A thread that is no worker counts as asleep until it says so: first this, or there is a moment at which it seems to
    // sleep and to wait for nothing.
    if (g->has(goroutine::is_thread)) g->state.store(goroutine_state::running, std::memory_order_relaxed);
    end_event_wait();
  } else if (g->has(goroutine::is_thread)) {
    // StoreLoad; pairs with the fence in run_main(): the run that was to ask the poller may be over.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!sched.is_open()) ask_in_background();
  }
  return waits;
}

void descriptor::withdraw_wait(void* raw) noexcept {
  auto* at = static_cast<wait_place*>(raw);
  std::uintptr_t old = at->waiter.load(std::memory_order_relaxed);
  if (old <= last_number || (old & listener_tag) != 0) return;
  if (!at->waiter.compare_exchange_strong(old, nobody, std::memory_order_relaxed)) return;
  end_event_wait();
  at->owner->end(at->side);  // it never comes to do that itself, and the file could not be closed
}

/// The caller has the side's turn. An answer of `done`: try again.
io_status descriptor::wait(io_side side) {
  waiter_word& word = waiter_of(side);
  if (take_event(side)) return told_to_stop(side);
  std::uintptr_t old = nobody;
  if (!word.compare_exchange_strong(old, arriving, std::memory_order_relaxed)) return told_to_stop(side);
  // StoreLoad; pairs with the fences in close() and expire().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (told_to_stop(side) == io_status::done) {
    begin_event_wait();
    expect_event();
    park(waiting_, &place_of(side));
  }
  // Acquire: pairs with the release in take_waiter().
  word.exchange(nobody, std::memory_order_acquire);
  return told_to_stop(side);
}

/// Empties the side's word, or leaves it saying that an event came. Returns who has to be told; 0: nobody.
std::uintptr_t descriptor::take_waiter(io_side side, bool by_event) noexcept {
  waiter_word& word = waiter_of(side);
  std::uintptr_t old = word.load(std::memory_order_relaxed);
  for (;;) {
    if (old == event_came || (old == nobody && !by_event)) return nobody;
    // A listener is told once and then gone: there is nothing to be remembered for it but by its next read.
    const std::uintptr_t now = by_event ? event_came : nobody;
    // Acquire and release: pairs with those in wait(), listen() and commit_wait().
    if (word.compare_exchange_weak(old, now, std::memory_order_acq_rel, std::memory_order_relaxed)) break;
  }
  return old > last_number ? old : nobody;
}

void descriptor::wake_side(io_side side, bool by_event, goroutine_list& woken) noexcept {
  if (const std::uintptr_t taken = take_waiter(side, by_event)) tell(taken, woken);
}

bool descriptor::listen(io_side side, io_listener& l) noexcept {
  waiter_word& word = waiter_of(side);
  std::uintptr_t old = nobody;
  begin_event_wait();
  // Release: pairs with the acquire in take_waiter(); what the listener refers to.
  if (!word.compare_exchange_strong(old, tagged(l), std::memory_order_release, std::memory_order_relaxed)) {
    end_event_wait();
    drained_ = false;
    return false;
  }
  // StoreLoad; pairs with the fences in close() and expire().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (told_to_stop(side) != io_status::done && unlisten(side, l)) return false;
  expect_event();
  return true;
}

bool descriptor::unlisten(io_side side, io_listener& l) noexcept {
  std::uintptr_t mine = tagged(l);
  if (!waiter_of(side).compare_exchange_strong(mine, nobody, std::memory_order_relaxed)) return false;
  end_event_wait();
  return true;
}

// --- deadlines

void descriptor::fire_timer(timer_node* n, std::int64_t now, goroutine_list& woken) noexcept {
  auto* t = static_cast<side_timer*>(n);
  descriptor* d = t->owner;
  const io_side side = t == &d->timers_[0] ? io_side::read : io_side::write;
  std::uintptr_t taken = nobody;
  {
    spin_guard hold(d->lock_);
    // Armed again meanwhile, or for a deadline that was moved or taken back.
    if (t->heap.load(std::memory_order_relaxed) != nullptr || t->deadline == 0) return;
    if (t->deadline > now) return arm(*t, t->deadline);
    taken = d->expire(side);
  }
  if (taken != nobody) tell(taken, woken);
}

/// The lock is held. Returns who has to be told.
std::uintptr_t descriptor::expire(io_side side) noexcept {
  state_.fetch_or(expired_bit(side), std::memory_order_relaxed);
  // StoreLoad; pairs with the fences in wait() and listen().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return take_waiter(side, false);
}

bool descriptor::set_deadline(io_side side, std::int64_t when) noexcept {
  std::uintptr_t taken = nobody;
  {
    spin_guard hold(lock_);
    // Here, not before: close() takes the deadlines back under the lock, and the record may soon be another's.
    if ((state_.load(std::memory_order_relaxed) & closing) != 0) return false;
    side_timer& t = timers_[static_cast<int>(side)];
    t.deadline = when;
    if (when != 0 && when <= now_ns()) {
      taken = expire(side);
    } else {
      if ((state_.load(std::memory_order_relaxed) & expired_bit(side)) != 0) {
        state_.fetch_and(~expired_bit(side), std::memory_order_relaxed);
      }
      if (when != 0) arm_at_the_latest(t, when);
    }
  }
  if (taken != nobody) {
    goroutine_list woken;
    tell(taken, woken);
    ready(std::move(woken));
  }
  return true;
}

/// The lock is held. A timer that fires too early looks, and is armed again: to move a deadline costs no timer operation.
void descriptor::arm_at_the_latest(side_timer& t, std::int64_t when) noexcept {
  if (will_fire(t) && t.when <= when) return;
  disarm(t);
  arm(t, when);
}

void descriptor::take_deadlines_back() noexcept {
  spin_guard hold(lock_);
  for (side_timer& t : timers_) {
    t.deadline = 0;
    disarm(t);
  }
}

// --- the peer's end

namespace {

bool wants(std::uintptr_t watcher, bool is_dead) noexcept { return is_dead || (watcher & dead_only_tag) == 0; }

peer_watcher* address_of(std::uintptr_t watcher) noexcept {
  return reinterpret_cast<peer_watcher*>(watcher & ~dead_only_tag);
}

}  // namespace

bool descriptor::peer_ended(peer_end what) const noexcept {
  const std::uint32_t bits = what == peer_end::dead ? dead : half_closed | dead;
  return (state_.load(std::memory_order_relaxed) & bits) != 0;
}

void descriptor::watch(peer_watcher& w, peer_end what) noexcept {
  const std::uintptr_t mine = reinterpret_cast<std::uintptr_t>(&w) | (what == peer_end::dead ? dead_only_tag : 0);
  begin_event_wait();
  // Release: pairs with the acquire in latch(); what the watcher refers to.
  watcher_.store(mine, std::memory_order_release);
  // StoreLoad; pairs with the fence in latch().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::uintptr_t expected = mine;
  if (peer_ended(what) && watcher_.compare_exchange_strong(expected, 0, std::memory_order_relaxed)) {
    end_event_wait();
    return w.fire(&w);
  }
  expect_event();
}

void descriptor::unwatch(peer_watcher& w) noexcept {
  std::uintptr_t old = watcher_.load(std::memory_order_relaxed);
  if (address_of(old) == &w && watcher_.compare_exchange_strong(old, 0, std::memory_order_relaxed)) return end_event_wait();
  // It was taken out: the poller is telling it under the lock, or has told it.
  spin_guard wait_for_poller(lock_);
}

void descriptor::latch(std::uint32_t bits, std::uint32_t generation) noexcept {
  spin_guard hold(lock_);
  const std::uint32_t before = state_.load(std::memory_order_relaxed);
  if (((before >> generation_at) & low_generation) != generation || (before & bits) == bits) return;
  state_.fetch_or(bits, std::memory_order_relaxed);
  // StoreLoad; pairs with the fence in watch().
  std::atomic_thread_fence(std::memory_order_seq_cst);
  std::uintptr_t w = watcher_.load(std::memory_order_relaxed);
  if (w == 0 || !wants(w, ((before | bits) & dead) != 0)) return;
  // Acquire: pairs with the release in watch().
  if (!watcher_.compare_exchange_strong(w, 0, std::memory_order_acquire, std::memory_order_relaxed)) return;
  end_event_wait();
  address_of(w)->fire(address_of(w));
}

void descriptor::happened(netpoll::target* t, const sys::file_event& e, std::uint32_t generation,
                          goroutine_list& woken) noexcept {
  auto* d = static_cast<descriptor*>(t);
  if (((d->state_.load(std::memory_order_relaxed) >> generation_at) & low_generation) != generation) return;
  // First: who reads because of this event looks at the latch to know whether there may be more.
  if (e.urgent) d->state_.fetch_or(urgent, std::memory_order_relaxed);
  if (e.half_closed || e.dead) d->latch((e.half_closed ? half_closed : 0) | (e.dead ? dead : 0), generation);
  if (e.readable || e.half_closed || e.dead) d->wake_side(io_side::read, true, woken);
  if (e.writable || e.dead) d->wake_side(io_side::write, true, woken);
}

}  // namespace warren::runtime
