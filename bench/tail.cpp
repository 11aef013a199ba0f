// SPDX-License-Identifier: MIT

// How late things are: not what an operation costs on average, but how long the unlucky ones take.
//
//   warren_tail                  prints the names
//   warren_tail NAME SECONDS     takes samples for so long and prints their percentiles, in nanoseconds
//
// GOMAXPROCS is the number of workers. The Go peer is bench/peers/go_tail.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>
#include <warren/warren.hpp>

using namespace warren;
using namespace std::chrono_literals;

namespace {

using moment = std::chrono::steady_clock::time_point;

moment now() { return std::chrono::steady_clock::now(); }

class latencies {
 public:
  void add(std::chrono::nanoseconds ns) { all_.push_back(ns.count()); }

  bool empty() const { return all_.empty(); }

  void print(const char* name) {
    std::sort(all_.begin(), all_.end());
    std::printf("{\"name\":\"%s\",\"samples\":%zu,\"p50\":%lld,\"p99\":%lld,\"p999\":%lld,\"max\":%lld}\n",
                name, all_.size(), at(0.5), at(0.99), at(0.999), at(1));
  }

 private:
  /// The least sample that so great a part of all does not exceed.
  long long at(double part) const {
    const double rank = std::ceil(part * static_cast<double>(all_.size()));
    return all_[static_cast<std::size_t>(rank) - 1];
  }

  std::vector<std::int64_t> all_;
};

// From going to sleep to being awake, the 50 us included; nothing else runs.
void sleep_50us(latencies& taken, moment end) {
  for (moment begin = now(); begin < end; begin = now()) {
    sleep(50us);
    taken.add(now() - begin);
  }
}

constexpr auto until_all_sleep = 1ms;
constexpr auto until_searchers_sleep = 100us;

// From a send to the receiver's first instruction. The sender computes on, so another worker must wake up for it.
void wake_worker(latencies& taken, moment end) {
  const chan<moment> c = make_chan<moment>();
  std::atomic<std::int64_t> received{0};
  sync::wait_group wg;
  wg.go([&taken, &received, c] {
    for (const moment sent : c) {
      taken.add(now() - sent);
      received.fetch_add(1, std::memory_order_release);  // pairs with the acquire below: the sample is stored
    }
  });
  for (std::int64_t sent = 1; now() < end; sent++) {
    sleep(until_all_sleep);
    for (const moment until = now() + until_searchers_sleep; now() < until;) {
    }
    c.send(now());
    while (received.load(std::memory_order_acquire) < sent) {  // pairs with the release above
    }
  }
  c.close();
  wg.wait();
}

// The same, sent by a thread that is no worker while all workers sleep.
void wake_by_thread(latencies& taken, moment end) {
  const chan<moment> c = make_chan<moment>();
  std::thread sender([c, end] {
    while (now() < end) {
      std::this_thread::sleep_for(until_all_sleep);
      c.send(now());
    }
    c.close();
  });
  sync::wait_group wg;
  wg.go([&taken, c] {
    for (const moment sent : c) taken.add(now() - sent);
  });
  wg.wait();
  sender.join();
}

// Goroutines that never call the library keep as many processors busy, and an echo answers beside them.
class echo_beside_hogs {
 public:
  echo_beside_hogs() {
    for (int k = 0; k < hogs; k++) {
      wg_.go([this] {
        while (!over_.load(std::memory_order_relaxed)) {
        }
      });
    }
    wg_.go([there = there_, back = back_] {
      for (int v : there) back.send(v);
    });
  }

  ~echo_beside_hogs() {
    there_.close();
    over_.store(true, std::memory_order_relaxed);
    wg_.wait();
  }

  void round_trip() {
    there_.send(1);
    back_.recv();
  }

 private:
  static constexpr int hogs = 2;

  const chan<int> there_ = make_chan<int>();
  const chan<int> back_ = make_chan<int>();
  std::atomic<bool> over_{false};
  sync::wait_group wg_;
};

// One round trip after the other. Most are made while the pair has a processor.
void pair_beside_hogs(latencies& taken, moment end) {
  echo_beside_hogs echo;
  for (moment begin = now(); begin < end; begin = now()) {
    echo.round_trip();
    taken.add(now() - begin);
  }
}

// One is due each millisecond, and its time counts from then, also if the one before took long.
void beat_beside_hogs(latencies& taken, moment end) {
  echo_beside_hogs echo;
  for (moment due = now(); due < end; due += 1ms) {
    sleep_until(due);
    echo.round_trip();
    taken.add(now() - due);
  }
}

struct measured {
  const char* name;
  void (*run)(latencies& taken, moment end);
  int workers;  ///< with fewer it would not end
};

constexpr measured all[] = {
    {"sleep_50us", sleep_50us, 1},
    {"wake_worker", wake_worker, 2},
    {"wake_by_thread", wake_by_thread, 1},
    {"pair_beside_hogs", pair_beside_hogs, 1},
    {"beat_beside_hogs", beat_beside_hogs, 1},
};

int measure(const measured& m, double seconds) {
  if (gomaxprocs() < m.workers) {
    std::fprintf(stderr, "%s needs %d workers\n", m.name, m.workers);
    return 2;
  }
  latencies taken;
  const auto length =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
  const int status = run([&] { m.run(taken, now() + length); });
  if (status != 0 || taken.empty()) return 1;
  taken.print(m.name);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  for (const measured& m : all) {
    if (argc == 1) std::puts(m.name);
    if (argc == 3 && std::string_view(argv[1]) == m.name) return measure(m, std::strtod(argv[2], nullptr));
  }
  return argc == 1 ? 0 : 2;
}
