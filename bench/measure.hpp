// SPDX-License-Identifier: MIT
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

/// Registers a benchmark. The work is done n times over in one call, so that goroutines which talk to
/// each other share the count; each time counts as batch operations in the counter per_op.
/// Returns: true, to initialise something with.
bool measure(const char* name, std::int64_t batch, void (*work)(std::int64_t n));

/// The same for work that stops the clock at times.
bool measure(const char* name, std::int64_t batch, void (*work)(std::int64_t n, benchmark::State& clock));

using sized_work = void (*)(std::int64_t size, std::int64_t n, benchmark::State& clock);

/// The same for one point of a curve: work of a certain size, under the name `name@size`. tools/bench.py knows
/// the points of curves by their names.
bool measure_at(const char* name, std::int64_t size, std::int64_t batch, sized_work work);

/// Ends the program if a benchmark's result is wrong: its time would mean nothing.
void verify(bool holds, const char* what);
