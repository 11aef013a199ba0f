// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

/// A benchmark does its work n times over; each time counts as batch operations.
struct measured_work {
  const char* name;
  std::int64_t batch;
  void (*work)(std::int64_t n);
};

void verify(bool holds, const char* what);

void hand_over(std::int64_t n);

constexpr std::int64_t yielders = 1000;
void yield_among_many(std::int64_t n);

constexpr std::int64_t spawn_batch = 1000;
void spawn_join(std::int64_t n);
void spawn_serial(std::int64_t n);

constexpr std::int64_t producers = 4;
constexpr std::int64_t consumers = 4;
void unbuffered_round_trip(std::int64_t n);
void unbuffered_stream(std::int64_t n);
void buffered_stream(std::int64_t n);
void uncontended(std::int64_t n);
void mpmc(std::int64_t n);

constexpr std::int64_t lockers = 8;
void mutex_free(std::int64_t n);
void mutex_contended(std::int64_t n);

void skynet_million(std::int64_t n);
void sieve_primes(std::int64_t n);

constexpr std::int64_t ring_nodes = 1000;
void ring_hops(std::int64_t n);
