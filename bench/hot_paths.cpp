// SPDX-License-Identifier: MIT
// Fixed small programs, one for each operation that must stay cheap. tools/count_instructions.py runs them under
// Callgrind and compares what an operation costs with hot_paths.txt.
//
//   hot_paths NAME N     does the operation N times on one worker
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <warren/warren.hpp>

using namespace warren;
using namespace std::chrono_literals;

namespace {

void yield(long n) {
  sync::wait_group started, wg;
  started.add(2);
  for (int i = 0; i < 2; i++) {
    wg.go([&] {
      started.done();
      started.wait();  // or the first would be through before there is a second
      for (long k = 0; k < n / 2; k++) gosched();
    });
  }
  wg.wait();
}

void spawn(long n) {
  for (long k = 0; k < n; k += 100) {
    sync::wait_group wg;
    for (int i = 0; i < 100; i++) wg.go([] {});
    wg.wait();
  }
}

void spawn_serial(long n) {
  for (long k = 0; k < n; k++) {
    sync::wait_group wg;
    wg.go([] {});
    wg.wait();
  }
}

void stream(long n, int capacity) {
  chan<int> c = make_chan<int>(capacity);
  go([=] {
    for (long k = 0; k < n; k++) c.send(1);
    c.close();
  });
  for ([[maybe_unused]] int v : c) {
  }
}

void round_trip(long n) {
  chan<int> there = make_chan<int>();
  chan<int> back = make_chan<int>();
  go([=] {
    for (int v : there) back.send(v);
  });
  for (long k = 0; k < n; k++) {
    there.send(1);
    back.recv();
  }
  there.close();
}

void send_and_receive(long n) {
  chan<int> c = make_chan<int>(1);
  for (long k = 0; k < n; k++) {
    c.send(1);
    c.recv();
  }
}

void select_otherwise(long n) {
  chan<int> c = make_chan<int>();
  for (long k = 0; k < n; k++) select(recv(c), otherwise);
}

void select_two(long n) {
  chan<int> a = make_chan<int>();
  chan<int> b = make_chan<int>();
  go([=] {
    for (long k = 0; k < n; k++) (k % 2 == 0 ? a : b).send(1);
  });
  for (long k = 0; k < n; k++) select(recv(a), recv(b));
}

void lock(long n) {
  sync::mutex m;
  for (long k = 0; k < n; k++) {
    m.lock();
    m.unlock();
  }
}

void start_and_stop_timer(long n) {
  for (long k = 0; k < n; k++) timer(1h).stop();
}

void make_and_cancel(long n) {
  for (long k = 0; k < n; k++) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    cancel();
  }
}

void make_and_cancel_with_timeout(long n) {
  for (long k = 0; k < n; k++) {
    auto [ctx, cancel] = context::with_timeout(context::background(), 1h);
    cancel();
  }
}

struct path {
  std::string_view name;
  void (*run)(long n);
};

constexpr path paths[] = {
    {"gosched", yield},
    {"go", spawn},
    {"go_and_wait", spawn_serial},
    {"unbuffered_stream", [](long n) { stream(n, 0); }},
    {"buffered_stream", [](long n) { stream(n, 100); }},
    {"round_trip", round_trip},
    {"send_and_receive", send_and_receive},
    {"select_otherwise", select_otherwise},
    {"select_two", select_two},
    {"mutex", lock},
    {"timer", start_and_stop_timer},
    {"with_cancel", make_and_cancel},
    {"with_timeout", make_and_cancel_with_timeout},
};

}  // namespace

int main(int argc, char** argv) {
  for (const path& p : paths) {
    if (argc == 1) std::printf("%.*s\n", static_cast<int>(p.name.size()), p.name.data());
    if (argc != 3 || argv[1] != p.name) continue;
    const long n = std::atol(argv[2]);
    return run(run_options{.max_procs = 1}, [&] {
      gosched();  // goroutine 1 leaves the thread that called run(), where each switch point is a little longer
      p.run(n);
    });
  }
  return argc == 1 ? 0 : 2;
}
