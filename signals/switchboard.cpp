// SPDX-License-Identifier: MIT
#include "switchboard.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>

#include "../runtime/go.hpp"
#include "../runtime/system.hpp"
#include "interception.hpp"

namespace warren::signals {

switchboard& the_switchboard() {
  static switchboard& one = *new switchboard;
  return one;
}

// --- the list

template <class Is>
switchboard::entry* switchboard::find(Is is) {
  const auto at = std::find_if(entries_.begin(), entries_.end(), is);
  return at != entries_.end() ? &*at : nullptr;
}

void switchboard::add(const send_chan<int>& channel, signal_set wanted) {
  const std::lock_guard hold(lock_);
  entry* e = find([&](const entry& other) { return other.channel == channel; });
  add_to(e != nullptr ? *e : entries_.emplace_back(entry{channel, nullptr, {}}), wanted);
}

void switchboard::add(std::shared_ptr<receiver> who, signal_set wanted) {
  const std::lock_guard hold(lock_);
  add_to(entries_.emplace_back(entry{nil, std::move(who), {}}), wanted);
}

void switchboard::add_to(entry& e, signal_set wanted) {
  if (const int failure = start_thread(); failure != 0) {
    if (e.wanted.empty()) entries_.pop_back();  // the new one
    throw std::system_error(-failure, std::generic_category(), "no thread that delivers signals");
  }
  const signal_set fresh = wanted - wanted_by_all();
  e.wanted |= wanted;
  fresh.for_each(interception::intercept);
}

void switchboard::remove(const send_chan<int>& channel) {
  calls left;
  {
    const std::lock_guard hold(lock_);
    remove(find([&](const entry& e) { return e.who == nullptr && e.channel == channel; }), left);
  }
  make(std::move(left));
}

void switchboard::remove(const receiver& who) {
  calls left;
  {
    const std::lock_guard hold(lock_);
    remove(find([&](const entry& e) { return e.who.get() == &who; }), left);
  }
  make(std::move(left));
}

void switchboard::remove(entry* e, calls& left) {
  if (e == nullptr) return;
  (e->wanted - wanted_by_all(e)).for_each(interception::let_go);
  interception::wait_for_handlers();
  send_arrived(left);  // what was caught before is still its
  entries_.erase(entries_.begin() + (e - entries_.data()));
  if (entries_.empty()) interception::wake_waiting_thread();
}

void switchboard::remove(signal_set unwanted) {
  calls left;
  {
    const std::lock_guard hold(lock_);
    (unwanted & wanted_by_all()).for_each(interception::let_go);
    take_from_all(unwanted, left);
  }
  make(std::move(left));
}

void switchboard::ignore(signal_set unwanted) {
  calls left;
  {
    const std::lock_guard hold(lock_);
    unwanted.for_each(interception::ignore);
    take_from_all(unwanted, left);
  }
  make(std::move(left));
}

void switchboard::take_from_all(signal_set unwanted, calls& left) {
  interception::wait_for_handlers();
  send_arrived(left);
  for (entry& e : entries_) e.wanted -= unwanted;
  std::erase_if(entries_, [](const entry& e) { return e.wanted.empty(); });
  if (entries_.empty()) interception::wake_waiting_thread();
}

bool switchboard::is_ignored(int signal) {
  const std::lock_guard hold(lock_);
  return interception::is_ignored(signal);
}

signal_set switchboard::wanted_by_all(const entry* but) const {
  signal_set all;
  for (const entry& e : entries_) {
    if (&e != but) all |= e.wanted;
  }
  return all;
}

// --- telling

void switchboard::send(const entry& e, int signal) noexcept {
  try {
    e.channel.try_send(signal);
  } catch (...) {
    // The channel was closed: a panic, as in Go, and a goroutine's, so that it ends the program with a report.
    go([thrown = std::current_exception()] { std::rethrow_exception(thrown); });
  }
}

void switchboard::send_arrived(calls& left) noexcept {
  interception::take_arrived().for_each([&](int signal) {
    for (const entry& e : entries_) {
      if (!e.wanted.has(signal)) continue;
      if (e.who == nullptr) {
        send(e, signal);
      } else {
        left.push_back({e.who, signal});
      }
    }
  });
}

void switchboard::make(calls&& left) {
  for (const call& c : left) c.who->receive(c.signal);
}

/// Returns: 0 or -errno.
int switchboard::start_thread() noexcept {
  if (thread_lives_) return 0;
  // It takes no signals itself: a stop request for a report would stop it while it holds locks.
  const int failure = runtime::sys::start_thread(thread_body, this, "warren signals", true);
  thread_lives_ = failure == 0;
  return failure;
}

void switchboard::thread_body(void* self) noexcept {
  while (static_cast<switchboard*>(self)->serve_once()) {
  }
}

bool switchboard::serve_once() {
  interception::wait_for_arrivals();
  calls left;
  {
    const std::lock_guard hold(lock_);
    send_arrived(left);
    thread_lives_ = !entries_.empty();
    if (!thread_lives_) return false;
  }
  make(std::move(left));
  return true;
}

}  // namespace warren::signals
