// SPDX-License-Identifier: MIT

// How the cost of an operation grows with the number of goroutines, timers, children, waiters and bytes. Making and
// ending them is not measured, but where it is what is asked for (spawn, crowd).
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;
using namespace std::chrono_literals;

namespace {

// One token goes round a ring of so many goroutines; the caller is one of them. Each adds one. The first lap starts
// them all.
void ring(std::int64_t size, std::int64_t n, benchmark::State& clock) {
  clock.PauseTiming();
  std::vector<chan<std::int64_t>> links(static_cast<std::size_t>(size));
  for (chan<std::int64_t>& link : links) link = make_chan<std::int64_t>();
  sync::wait_group ended;
  for (std::size_t k = 1; k < links.size(); k++) {
    ended.go([in = links[k - 1], out = links[k]] {
      for (std::int64_t token : in) out.send(token + 1);
      out.close();
    });
  }
  std::int64_t token = 0;
  const auto lap = [&] {
    links.front().send(token + 1);
    token = links.back().recv();
  };
  lap();
  clock.ResumeTiming();
  for (std::int64_t i = 0; i < n; i++) lap();
  clock.PauseTiming();
  links.front().close();
  auto [v, open] = links.back().recv_ok();
  verify(!open && token == size * (n + 1), "ring");
  ended.wait();
  clock.ResumeTiming();
}

// So many tiny goroutines, then wait for all of them.
void spawn(std::int64_t size, std::int64_t n, benchmark::State&) {
  std::vector<std::int64_t> results(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < n; i++) {
    sync::wait_group wg;
    wg.add(static_cast<int>(size));
    for (std::int64_t& mine : results) {
      go([i, &mine, &wg] {
        mine = i + 1;
        wg.done();
      });
    }
    wg.wait();
    verify(std::count(results.begin(), results.end(), i + 1) == size, "spawn");
  }
}

// So many goroutines that each wait once, on one channel: all live at the same time, each on a stack of its own.
void crowd(std::int64_t size, std::int64_t n, benchmark::State&) {
  std::atomic<std::int64_t> woken{0};
  for (std::int64_t i = 0; i < n; i++) {
    const chan<void> gate = make_chan<void>();
    sync::wait_group waiting, ended;
    waiting.add(static_cast<int>(size));
    ended.add(static_cast<int>(size));
    for (std::int64_t k = 0; k < size; k++) {
      go([&waiting, &ended, &woken, gate] {
        waiting.done();
        if (!gate.recv()) woken.fetch_add(1, std::memory_order_relaxed);
        ended.done();
      });
    }
    waiting.wait();
    gate.close();
    ended.wait();
  }
  verify(woken.load(std::memory_order_relaxed) == size * n, "crowd");
}

// So many goroutines wait on one channel, and all wait on the next when it is closed.
void close_wakes(std::int64_t size, std::int64_t n, benchmark::State& clock) {
  clock.PauseTiming();
  std::vector<chan<void>> gates(static_cast<std::size_t>(n) + 1);
  for (chan<void>& gate : gates) gate = make_chan<void>();
  sync::wait_group waiting, ended;
  waiting.add(static_cast<int>(size));
  for (std::int64_t k = 0; k < size; k++) {
    ended.go([&gates, &waiting] {
      for (const chan<void>& gate : gates) {
        waiting.done();
        verify(!gate.recv(), "close");
      }
    });
  }
  waiting.wait();
  clock.ResumeTiming();
  for (std::int64_t i = 0; i < n; i++) {
    waiting.add(static_cast<int>(size));
    gates[static_cast<std::size_t>(i)].close();
    waiting.wait();
  }
  clock.PauseTiming();
  gates.back().close();
  ended.wait();
  clock.ResumeTiming();
}

constexpr std::int64_t timer_starts = 1000;

// Starts and stops a timer while so many are pending. Functions, not channels: the timer of a channel that nobody
// waits on is in no heap. The new one's time lies somewhere among those of the others.
void timers_pending(std::int64_t size, std::int64_t n, benchmark::State& clock) {
  clock.PauseTiming();
  std::vector<timer> pending;
  pending.reserve(static_cast<std::size_t>(size));
  for (std::int64_t k = 0; k < size; k++) pending.push_back(after_func(1h + k * 1ms, [] {}));
  clock.ResumeTiming();
  std::int64_t stopped = 0;
  for (std::int64_t i = 0; i < n * timer_starts; i++) {
    if (after_func(1h + i * 7919 % size * 1ms, [] {}).stop()) stopped++;
  }
  clock.PauseTiming();
  verify(stopped == n * timer_starts, "timer");
  for (const timer& t : pending) verify(t.stop(), "timer");
  pending.clear();
  clock.ResumeTiming();
}

using context_and_end = std::pair<context, cancel_func>;

// Small families are canceled several at a time: stopping the clock takes longer than canceling one.
constexpr std::int64_t families_of(std::int64_t size) { return std::max<std::int64_t>(1, 10'000 / size); }

// The cancel alone is measured. Each child's done channel exists, as for a context that somebody waits on.
void cancel_children(std::int64_t size, std::int64_t n, benchmark::State& clock) {
  for (std::int64_t i = 0; i < n; i++) {
    clock.PauseTiming();
    std::vector<cancel_func> cancels;
    std::vector<context_and_end> children;
    children.reserve(static_cast<std::size_t>(size * families_of(size)));
    for (std::int64_t f = 0; f < families_of(size); f++) {
      auto [parent, cancel] = context::with_cancel(context::background());
      cancels.push_back(cancel);
      for (std::int64_t k = 0; k < size; k++) {
        children.push_back(context::with_cancel(parent));
        verify(children.back().first.done() != nil, "cancel");
      }
    }
    clock.ResumeTiming();
    for (const cancel_func& cancel : cancels) cancel();
    clock.PauseTiming();
    for (const context_and_end& child : children) {
      verify(child.first.err() == context::canceled, "cancel");
      child.second();
    }
    children.clear();
    clock.ResumeTiming();
  }
}

// So many goroutines, in pairs that send a token to and fro, each in a select on its own channel and on one done
// channel that all share and that stays open.
void select_done(std::int64_t size, std::int64_t n, benchmark::State& clock) {
  clock.PauseTiming();
  auto [ctx, cancel] = context::with_cancel(context::background());
  const recv_chan<void> done = ctx.done();
  const chan<void> start = make_chan<void>(), stop = make_chan<void>();
  std::vector<chan<std::int64_t>> own(static_cast<std::size_t>(size));
  for (chan<std::int64_t>& c : own) c = make_chan<std::int64_t>(1);
  std::vector<std::int64_t> sums(own.size());
  sync::wait_group ready, through, ended;
  ready.add(static_cast<int>(size));
  through.add(static_cast<int>(size));
  for (std::size_t k = 0; k < own.size(); k++) {
    ended.go([=, mine = own[k], other = own[k ^ 1], &mine_sum = sums[k], &ready, &through] {
      ready.done();
      start.recv();
      std::int64_t token = 0, sum = 0;
      for (std::int64_t i = 0; i < n; i++) {
        verify(select(recv(mine, token), recv(done)) == 0, "select_done");
        sum += token;
        other.send(token + 1);
      }
      mine_sum = sum;
      through.done();
      stop.recv();
    });
  }
  ready.wait();
  for (std::size_t k = 0; k < own.size(); k += 2) own[k].send(0);
  clock.ResumeTiming();
  start.close();
  through.wait();
  clock.PauseTiming();
  stop.close();
  ended.wait();
  for (std::size_t k = 0; k < own.size(); k++) {
    const auto first = static_cast<std::int64_t>(k % 2);
    verify(sums[k] == n * (n - 1) + first * n, "select_done");
  }
  cancel();
  clock.ResumeTiming();
}

constexpr int message_room = 128;

// Values of so many bytes, one goroutine to another.
template <std::size_t bytes>
void message(std::int64_t size, std::int64_t n, benchmark::State&) {
  using value = std::array<std::int64_t, bytes / sizeof(std::int64_t)>;
  const chan<value> c = make_chan<value>(message_room);
  go([c, n] {
    value v{};
    for (std::int64_t i = 0; i < n; i++) {
      v.front() = v.back() = i;
      c.send(v);
    }
    c.close();
  });
  std::int64_t i = 0;
  for (const value& v : c) {
    verify(v.back() == i, "message");
    i++;
  }
  verify(i == n && size == static_cast<std::int64_t>(bytes), "message");
}

// The same with a text made for each: an allocation by one goroutine that the other frees, if it is long.
void message_text(std::int64_t size, std::int64_t n, benchmark::State&) {
  const chan<std::string> c = make_chan<std::string>(message_room);
  go([c, size, n] {
    const std::string text(static_cast<std::size_t>(size), 'w');
    for (std::int64_t i = 0; i < n; i++) c.send(std::string(text));
    c.close();
  });
  std::int64_t got = 0;
  for (const std::string& text : c) got += static_cast<std::int64_t>(text.size());
  verify(got == size * n, "message_text");
}

using sizes = std::initializer_list<std::int64_t>;

/// Each of `size` steps of the work counts as an operation.
bool measure_steps(const char* name, sizes all, sized_work work) {
  for (std::int64_t size : all) measure_at(name, size, size, work);
  return true;
}

bool measure_cancel(sizes all) {
  for (std::int64_t size : all) measure_at("cancel", size, size * families_of(size), cancel_children);
  return true;
}

bool measure_timers(sizes all) {
  for (std::int64_t size : all) measure_at("timer", size, timer_starts, timers_pending);
  return true;
}

const bool measured[] = {
    measure_steps("ring", {100, 1000, 10'000, 100'000}, ring),
    measure_steps("spawn", {100, 1000, 10'000, 100'000, 1'000'000}, spawn),
    measure_steps("crowd", {100, 1000, 10'000, 100'000}, crowd),
    measure_steps("close", {100, 1000, 10'000, 100'000, 1'000'000}, close_wakes),
    measure_timers({10, 1000, 100'000, 1'000'000}),
    measure_cancel({100, 1000, 10'000, 100'000, 1'000'000}),
    measure_steps("select_done", {10, 100, 1000, 10'000}, select_done),
    measure_at("message", 8, 1, message<8>),
    measure_at("message", 64, 1, message<64>),
    measure_at("message", 1024, 1, message<1024>),
    measure_at("message_text", 8, 1, message_text),
    measure_at("message_text", 64, 1, message_text),
    measure_at("message_text", 1024, 1, message_text),
};

}  // namespace
