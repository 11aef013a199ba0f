// SPDX-License-Identifier: MIT

// Descriptors in a run of two workers, their files simulated: the peer is a thread of its own, and stands for another
// process.

#include <chrono>

#include <warren/channels/channel.hpp>
#include <warren/runtime/clock.hpp>
#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/wait_group.hpp>

#include "files.hpp"
#include "kernels.hpp"
#include "whole_run.hpp"

namespace stepping {

namespace {

using warren::runtime::descriptor;
using warren::runtime::io_side;
using warren::runtime::io_status;

descriptor* open(int file) {
  int error = 0;
  descriptor* d = descriptor::open(file, error);
  check(d != nullptr, "a file cannot be opened");
  return d;
}

void all_is_closed() { check(files::forget_all() == 0, "a file is still open"); }

/// A reader waits for two messages; each edge is told once.
void read_waits(world& w) {
  w.let_nobody_time_out();
  const files::pair p = files::connect(4);
  w.thread([&w, p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      char room[8];
      std::int64_t got = 0;
      while (got < 3) {
        const auto r = d->read(room, sizeof room);
        check(r.status == io_status::done && r.value > 0, "a read without a result");
        got += r.value;
      }
      d->release();
    });
  });
  w.thread([p] {
    files::send(p.far, 1);
    the_world.pause();
    files::send(p.far, 2);
  });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// Workers fall asleep, are woken for work, and fall asleep again while a reader waits: one of them always hears of the bytes.
void read_beside_work(world& w) {
  w.let_nobody_time_out();
  const files::pair p = files::connect(4);
  auto to = warren::make_chan<int>(2);
  auto back = warren::make_chan<int>(2);
  w.thread([p, to, back] {
    whole_run(2, [p, to, back] {
      descriptor* d = open(p.near);
      warren::sync::wait_group g;
      g.go([d] {
        char room[8];
        const auto r = d->read(room, sizeof room);
        check(r.status == io_status::done && r.value == 1, "a read without a result");
      });
      for (int i = 0; i < 2; ++i) {
        g.go([=] { back.send(to.recv()); });
      }
      g.wait();
      d->release();
    });
  });
  w.thread([p, to, back] {
    to.send(1);
    to.send(2);
    check(back.recv() + back.recv() == 3, "another value");
    warren::runtime::sys::sleep_ns(1'000);  // until all are asleep, in most schedules
    files::send(p.far, 1);
  });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// A writer fills what the peer empties.
void write_waits(world& w) {
  w.let_nobody_time_out();
  const files::pair p = files::connect(2);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      const auto r = d->write("12345", 5);
      check(r.status == io_status::done && r.value == 5 && r.error == 0, "not all was written");
      d->release();
    });
  });
  w.thread([p] {
    for (int left = 5; left > 0;) {
      const int n = files::take(p.far, 2);
      if (n > 0) {
        left -= n;
      } else {
        the_world.pause();
        the_world.give_way();
      }
    }
  });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// close() beside a read that waits: it ends.
void close_against_read(world& w) {
  w.let_nobody_time_out();
  const files::pair p = files::connect(4);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      warren::sync::wait_group g;
      g.go([d] {
        char room[8];
        const auto r = d->read(room, sizeof room);
        check(r.status == io_status::closed, "a read of a closed file");
      });
      g.go([d] { check(d->close(), "closed twice"); });
      g.wait();
      d->release();
    });
  });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// The same beside bytes that come at that moment.
void close_against_event(world& w) {
  w.let_nobody_time_out();
  const files::pair p = files::connect(4);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      warren::sync::wait_group g;
      g.go([d] {
        char room[8];
        const auto r = d->read(room, sizeof room);
        check(r.status == io_status::closed || r.value == 1, "neither closed nor read");
      });
      g.go([d] { check(d->close(), "closed twice"); });
      g.wait();
      d->release();
    });
  });
  w.thread([p] { files::send(p.far, 1); });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// A deadline set beside a read that waits ends it.
void deadline_against_read(world& w) {
  const files::pair p = files::connect(4);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      warren::sync::wait_group g;
      g.go([d] {
        char room[8];
        const auto r = d->read(room, sizeof room);
        check(r.status == io_status::timed_out, "a read past its deadline");
      });
      g.go([d] { d->set_deadline(io_side::read, warren::runtime::monotonic_ns() + 1'000); });
      g.wait();
      d->release();
    });
  });
  w.run();
  files::hang_up(p.far);
  all_is_closed();
}

/// A deadline set beside a close is gone with the file: whoever has the record next waits for as long as it takes.
void deadline_against_close(world& w) {
  const files::pair first = files::connect(4);
  const files::pair second = files::connect(4);
  std::atomic<descriptor*> shared{nullptr};
  std::atomic<bool> set{false};
  w.thread([&] {
    whole_run(1, [&] {
      descriptor* d = open(first.near);
      shared.store(d, std::memory_order_release);
      check(d->close(), "closed twice");
      while (!set.load(std::memory_order_acquire)) the_world.give_way();
      d->release();
      descriptor* next = open(second.near);
      char room[8];
      const auto r = next->read(room, sizeof room);
      check(r.status == io_status::done && r.value == 1, "a deadline of the file before");
      next->release();
    });
  });
  w.thread([&] {
    while (shared.load(std::memory_order_acquire) == nullptr) the_world.give_way();
    shared.load(std::memory_order_relaxed)->set_deadline(io_side::read, warren::runtime::monotonic_ns() + 1'000);
    set.store(true, std::memory_order_release);
    warren::runtime::sys::sleep_ns(10'000);
    files::send(second.far, 1);
  });
  w.run();
  files::hang_up(first.far);
  files::hang_up(second.far);
  all_is_closed();
}

struct watcher : warren::runtime::peer_watcher {
  watcher() noexcept : peer_watcher{told} {}
  std::atomic<int> fired{0};
  static void told(peer_watcher* raw) noexcept {
    static_cast<watcher*>(raw)->fired.fetch_add(1, std::memory_order_relaxed);
  }
};

/// A watcher set beside the end of the peer is told once, and not after unwatch().
void watch_against_end(world& w) {
  const files::pair p = files::connect(4);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      watcher first;
      d->watch(first, warren::runtime::peer_end::half_closed);
      while (first.fired.load(std::memory_order_relaxed) == 0) warren::gosched();
      d->unwatch(first);
      check(first.fired.load(std::memory_order_relaxed) == 1, "told twice");
      watcher late;
      d->watch(late, warren::runtime::peer_end::half_closed);
      check(late.fired.load(std::memory_order_relaxed) == 1, "who watches after the end is not told");
      d->unwatch(late);
      d->release();
    });
  });
  w.thread([p] { files::hang_up(p.far); });
  w.run();
  all_is_closed();
}

void unwatch_against_end(world& w) {
  const files::pair p = files::connect(4);
  w.thread([p] {
    whole_run(2, [p] {
      descriptor* d = open(p.near);
      {
        watcher one;
        d->watch(one, warren::runtime::peer_end::half_closed);
        warren::gosched();
        d->unwatch(one);
        const int told = one.fired.load(std::memory_order_relaxed);
        warren::gosched();
        check(one.fired.load(std::memory_order_relaxed) == told && told <= 1, "told after it was taken back");
      }
      d->release();
    });
  });
  w.thread([p] { files::hang_up(p.far); });
  w.run();
  all_is_closed();
}

constexpr kernel kernels[] = {
    {.name = "read_waits", .body = read_waits, .whole = true},
    {.name = "read_beside_work", .body = read_beside_work, .whole = true},
    {.name = "write_waits", .body = write_waits, .whole = true},
    {.name = "close_against_read", .body = close_against_read, .whole = true},
    {.name = "close_against_event", .body = close_against_event, .whole = true},
    {.name = "deadline_against_read", .body = deadline_against_read, .whole = true},
    {.name = "deadline_against_close", .body = deadline_against_close, .whole = true},
    {.name = "watch_against_end", .body = watch_against_end, .whole = true},
    {.name = "unwatch_against_end", .body = unwatch_against_end, .whole = true},
};

}  // namespace

std::span<const kernel> descriptor_kernels() { return kernels; }

}  // namespace stepping
