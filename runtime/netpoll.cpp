// SPDX-License-Identifier: MIT
#include "netpoll.hpp"

#include <atomic>

#include "clock.hpp"
#include "fatal.hpp"
#include "spinlock.hpp"
#include "thread.hpp"

namespace warren::runtime::netpoll {

namespace {

constinit spinlock opening_lock;
constinit std::atomic<int> poller{-1};
constinit std::atomic<int> registered{0};
int bell = -1;  // written before `poller`

// Addresses of records fit into 48 bits.
constexpr int generation_at = 48;
constexpr std::uint64_t address_mask = (std::uint64_t{1} << generation_at) - 1;
constexpr std::uint64_t bell_cookie = 0;

}  // namespace

bool is_open() noexcept {
  // Acquire: pairs with the release in open(); the bell.
  return poller.load(std::memory_order_acquire) >= 0;
}

opening open(int& error) noexcept {
  if (is_open()) return opening::was_open;
  spin_guard hold(opening_lock);
  if (is_open()) return opening::was_open;
  const int made = sys::create_poller();
  error = made < 0 ? made : 0;
  if (made < 0) return opening::failed;
  bell = sys::create_bell();
  error = bell < 0 ? bell : sys::poll_readable(made, bell, bell_cookie);
  if (error < 0) {
    if (bell >= 0) sys::close_file(bell);
    sys::close_file(made);
    return opening::failed;
  }
  // Release: pairs with the acquire in is_open().
  poller.store(made, std::memory_order_release);
  return opening::opened;
}

int add(int file, target* t, std::uint32_t generation) noexcept {
  const auto cookie = reinterpret_cast<std::uint64_t>(t) | std::uint64_t{generation} << generation_at;
  registered.fetch_add(1, std::memory_order_relaxed);
  const int r = sys::poll_changes(poller.load(std::memory_order_relaxed), file, cookie);
  if (r < 0) registered.fetch_sub(1, std::memory_order_relaxed);
  return r;
}

void remove(int file) noexcept {
  sys::poll_no_more(poller.load(std::memory_order_relaxed), file);
  registered.fetch_sub(1, std::memory_order_relaxed);
}

int files() noexcept { return registered.load(std::memory_order_relaxed); }

namespace {

/// True when the bell was among the events; it is none for the others.
bool take_events(batch& b, std::int64_t until) noexcept {
  b.size = sys::wait_for_events(poller.load(std::memory_order_relaxed), b.events, until);
  if (b.size < 0) fatal("the network poller failed");
  for (int i = 0; i < b.size; ++i) {
    if (b.events[i].cookie != bell_cookie) continue;
    b.events[i] = b.events[--b.size];
    return true;
  }
  return false;
}

}  // namespace

void look(batch& b) noexcept { take_events(b, 0); }

void sleep(batch& b, std::int64_t deadline) noexcept {
  if (take_events(b, deadline == never ? -1 : deadline)) sys::silence_bell(bell);
}

void dispatch(const batch& b, goroutine_list& woken) noexcept {
  for (int i = 0; i < b.size; ++i) {
    const sys::file_event& e = b.events[i];
    auto* t = reinterpret_cast<target*>(e.cookie & address_mask);
    t->happened(t, e, static_cast<std::uint32_t>(e.cookie >> generation_at), woken);
  }
}

void interrupt() noexcept {
  if (is_open()) sys::ring_bell(bell);
}

std::int64_t waits() noexcept {
  std::int64_t sum = 0;
  for_each_thread([&](thread* t) { sum += t->event_waits; });
  return sum;
}

}  // namespace warren::runtime::netpoll
