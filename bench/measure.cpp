// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

// ru_maxrss would count the parent as well: it lives through exec, the high-water mark does not.
double peak_rss_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::strtod(line.c_str() + 6, nullptr);
  }
  verify(false, "no VmHWM in /proc/self/status");
  return 0;
}

template <class Work>
bool measure_by(const char* name, std::int64_t batch, Work work) {
  const auto measured = [batch, work](benchmark::State& state) {
    while (state.KeepRunningBatch(state.max_iterations)) work(state.max_iterations, state);
    const auto seconds_each = benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert;
    state.counters["per_op"] = benchmark::Counter(static_cast<double>(batch), seconds_each);
    state.counters["ops"] = static_cast<double>(state.max_iterations * batch);
    state.counters["peak_rss_kb"] = peak_rss_kb();
  };
  // A goroutine moves between threads, so only the wall clock tells what it took.
  benchmark::RegisterBenchmark(name, measured)->UseRealTime();
  return true;
}

}  // namespace

bool measure(const char* name, std::int64_t batch, void (*work)(std::int64_t n)) {
  return measure_by(name, batch, [work](std::int64_t n, benchmark::State&) { work(n); });
}

bool measure(const char* name, std::int64_t batch, void (*work)(std::int64_t n, benchmark::State& clock)) {
  return measure_by(name, batch, work);
}

bool measure_at(const char* name, std::int64_t size, std::int64_t batch, sized_work work) {
  const std::string point = std::string(name) + "@" + std::to_string(size);
  return measure_by(point.c_str(), batch,
                    [size, work](std::int64_t n, benchmark::State& clock) { work(size, n, clock); });
}

void verify(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "wrong result: %s\n", what);
  std::_Exit(1);
}
