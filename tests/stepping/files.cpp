// SPDX-License-Identifier: MIT
#include "files.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include <warren/runtime/system.hpp>

#include "world.hpp"

namespace stepping::files {

namespace {

struct file {
  bool open = false;
  bool watched = false;
  bool is_bell = false;
  bool rung = false;
  int other = -1;
  int coming = 0;  ///< bytes that can be read
  int room = 0;    ///< for the other end's bytes
  bool peer_gone = false;
  bool edge_in = false, edge_out = false;  ///< to be told
  std::uint64_t cookie = 0;
};

constexpr int first_number = 1'000;  // no number of a real file
constexpr int poller_number = 999;

std::vector<file>& all() {
  static std::vector<file> files;
  return files;
}

file* find(int number) {
  const int i = number - first_number;
  return i >= 0 && i < static_cast<int>(all().size()) ? &all()[static_cast<std::size_t>(i)] : nullptr;
}

int make(const file& f) {
  all().push_back(f);
  return first_number + static_cast<int>(all().size()) - 1;
}

/// What the poller sleeps on.
const void* poller_word() { return &all(); }

void tell(file& f, bool in, bool out) {
  f.edge_in = f.edge_in || in;
  f.edge_out = f.edge_out || out;
  if (f.watched) the_world.wake(poller_word(), 16);
}

int space_of(const file& f) { return f.room - find(f.other)->coming; }

}  // namespace

pair connect(int room) {
  file f;
  f.open = true;
  f.room = room;
  const int near = make(f);
  const int far = make(f);
  find(near)->other = far;
  find(far)->other = near;
  return {near, far};
}

int send(int number, int bytes) {
  file& f = *find(number);
  if (!f.open || f.peer_gone || !find(f.other)->open) return -EPIPE;
  const int n = std::min(bytes, space_of(f));
  if (n == 0) return -EAGAIN;
  file& other = *find(f.other);
  other.coming += n;
  tell(other, true, false);
  return n;
}

int take(int number, int bytes) {
  file& f = *find(number);
  if (!f.open) return -EBADF;
  const int n = std::min(bytes, f.coming);
  if (n == 0) return f.peer_gone ? 0 : -EAGAIN;
  f.coming -= n;
  tell(*find(f.other), false, true);
  return n;
}

void hang_up(int number) {
  file& f = *find(number);
  if (!f.open) return;
  f.open = false;
  f.watched = false;
  if (f.other < 0) return;
  file& other = *find(f.other);
  other.peer_gone = true;
  tell(other, true, true);
}

bool is_open(int number) { return find(number)->open; }

int forget_all() {
  int open = 0;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all().size(); ++i) {
    if (all()[i].is_bell) {
      kept = i + 1;
    } else if (all()[i].open) {
      ++open;
    }
  }
  all().resize(kept);
  return open;
}

}  // namespace stepping::files

// --- in the place of the system's calls, see system.cpp

namespace warren::runtime::sys {

using namespace ::stepping;
using files::all;
using files::find;

namespace {

void enter() noexcept {
  if (!warren::stepping::exploring) return;
  the_world.pause();
  the_world.write_buffer_out();
}

int collect(std::span<file_event> events) noexcept {
  std::size_t n = 0;
  for (auto& f : all()) {
    if (n == events.size()) break;
    if (!f.watched) continue;
    if (f.is_bell) {
      if (f.rung) events[n++] = {f.cookie, true, false, false, false, false};
      continue;
    }
    if (!f.edge_in && !f.edge_out) continue;
    const bool readable = f.coming > 0 || f.peer_gone;
    const bool writable = f.peer_gone || files::space_of(f) > 0;
    events[n++] = {f.cookie, readable, writable, f.peer_gone, false, false};
    f.edge_in = f.edge_out = false;
  }
  return static_cast<int>(n);
}

}  // namespace

int create_poller() noexcept { return files::poller_number; }

int poll_changes(int, int number, std::uint64_t cookie) noexcept {
  enter();
  auto& f = *find(number);
  f.watched = true;
  f.cookie = cookie;
  files::tell(f, true, true);
  return 0;
}

int poll_readable(int poller, int number, std::uint64_t cookie) noexcept { return poll_changes(poller, number, cookie); }

void poll_no_more(int, int number) noexcept {
  enter();
  find(number)->watched = false;
}

int wait_for_events(int, std::span<file_event> events, std::int64_t deadline_ns) noexcept {
  enter();
  const int n = collect(events);
  if (n != 0 || deadline_ns == 0) return n;
  the_world.wait_on(files::poller_word(), deadline_ns);
  return collect(events);
}

int create_bell() noexcept {
  files::file f;
  f.open = f.is_bell = true;
  return files::make(f);
}

void ring_bell(int number) noexcept {
  enter();
  find(number)->rung = true;
  the_world.wake(files::poller_word(), 16);
}

void silence_bell(int number) noexcept {
  enter();
  find(number)->rung = false;
}

int close_file(int number) noexcept {
  enter();
  auto* f = find(number);
  if (f == nullptr || !f->open) the_world.fail("a file is closed that is not open");
  files::hang_up(number);
  return 0;
}

std::int64_t receive(int number, void*, std::size_t room) noexcept {
  enter();
  if (!find(number)->open) the_world.fail("a file is read that is closed");
  return files::take(number, static_cast<int>(room));
}

std::int64_t transmit(int number, const piece& first, const piece& second) noexcept {
  enter();
  if (!find(number)->open) the_world.fail("a file is written that is closed");
  return files::send(number, static_cast<int>(first.bytes + second.bytes));
}

void disconnect(int number) noexcept {
  enter();
  auto& f = *find(number);
  f.peer_gone = true;
  auto& other = *find(f.other);
  other.peer_gone = true;
  files::tell(f, true, true);
  files::tell(other, true, true);
}

}  // namespace warren::runtime::sys
