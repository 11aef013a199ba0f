// SPDX-License-Identifier: MIT

// All benchmarks run in one run(), as goroutine 1; GOMAXPROCS in the environment is the number of workers.
// One alone:  warren_bench --benchmark_filter='^switch/'
#include <benchmark/benchmark.h>
#include <warren/warren.hpp>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  return warren::run([] { benchmark::RunSpecifiedBenchmarks(); });
}
