// SPDX-License-Identifier: MIT

// The work of warren's benchmarks, on Boost.Fiber. One process runs one benchmark:
//
//     fiber_peer --name switch --min-time 0.3
//
// and prints one line of JSON. GOMAXPROCS is the number of threads: one schedules round robin, several
// steal from each other. Boost.Fiber has no select, no timers to start and stop, and no contexts.
#include "measure.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "workers.hpp"

namespace {

constexpr measured_work benchmarks[] = {
    {"switch", 2, hand_over},
    {"spawn_join", spawn_batch, spawn_join},
    {"spawn_serial", 1, spawn_serial},
    {"yield", yielders, yield_among_many},
    {"unbuffered_round_trip", 1, unbuffered_round_trip},
    {"unbuffered_stream", 1, unbuffered_stream},
    {"buffered_stream", 1, buffered_stream},
    {"uncontended", 1, uncontended},
    {"mpmc_4x4", producers, mpmc},
    {"mutex_free", 1, mutex_free},
    {"mutex_8", lockers, mutex_contended},
    {"skynet_1m", 1, skynet_million},
    {"sieve_2000", 1, sieve_primes},
    {"ring_1000", ring_nodes, ring_hops},
};

struct measurement {
  std::int64_t n;
  double seconds;
};

double seconds_for(const measured_work& b, std::int64_t n) {
  const auto start = std::chrono::steady_clock::now();
  b.work(n);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The steps of Google Benchmark, so that all programs warm up and repeat alike.
measurement measure(const measured_work& b, double min_time) {
  constexpr double most_iterations = 1e9;
  for (std::int64_t n = 1;;) {
    const double seconds = seconds_for(b, n);
    const auto done = static_cast<double>(n);
    if (done >= most_iterations || seconds >= min_time) return {n, seconds};
    const double factor = seconds * 10 > min_time ? 1.4 * min_time / seconds : 10.0;
    n = static_cast<std::int64_t>(std::min(std::max(factor * done, done + 1), most_iterations));
  }
}

// ru_maxrss would count the parent as well: it lives through exec, the high-water mark does not.
long peak_rss_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  verify(false, "no VmHWM in /proc/self/status");
  return 0;
}

void report(const measured_work& b, const measurement& m) {
  const std::int64_t ops = m.n * b.batch;
  std::printf("{\"name\":\"%s\",\"ns_per_op\":%.4f,\"ops\":%lld,\"peak_rss_kb\":%ld}\n", b.name,
              m.seconds * 1e9 / static_cast<double>(ops), static_cast<long long>(ops), peak_rss_kb());
}

int list_names() {
  for (const measured_work& b : benchmarks) std::puts(b.name);
  return 0;
}

// Stacks come from malloc and go back to it; by default it returns them to the kernel and fetches them
// again for every batch of fibers, which costs ten times the rest.
void keep_freed_stacks() {
  const bool kept = mallopt(M_TRIM_THRESHOLD, 1 << 30) == 1 && mallopt(M_MMAP_THRESHOLD, 32 << 20) == 1;
  verify(kept, "mallopt");
}

unsigned worker_count() {
  const char* procs = std::getenv("GOMAXPROCS");
  return procs ? static_cast<unsigned>(std::max(1L, std::strtol(procs, nullptr, 10))) : 1;
}

}  // namespace

void verify(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::_Exit(1);
}

int main(int argc, char** argv) {
  std::string name;
  double min_time = 0.3;
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--list") == 0) return list_names();
    if (std::strcmp(argv[i], "--name") == 0 && i + 1 < argc) name = argv[++i];
    if (std::strcmp(argv[i], "--min-time") == 0 && i + 1 < argc) min_time = std::strtod(argv[++i], nullptr);
  }
  for (const measured_work& b : benchmarks) {
    if (name != b.name) continue;
    keep_freed_stacks();
    measurement m{};
    run_on_workers(worker_count(), [&] { m = measure(b, min_time); });
    report(b, m);
    return 0;
  }
  std::fprintf(stderr, "no benchmark named \"%s\"\n", name.c_str());
  return 2;
}
