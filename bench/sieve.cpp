// SPDX-License-Identifier: MIT
#include <warren/warren.hpp>

#include "measure.hpp"

using namespace warren;

namespace {

using numbers = chan<std::int64_t>;

constexpr std::int64_t last_prime = 17389;  // the 2000th

void generate(numbers out) {
  for (std::int64_t v = 2; v <= last_prime; v++) out.send(v);
  out.close();
}

void filter(numbers in, numbers out, std::int64_t prime) {
  for (std::int64_t v : in) {
    if (v % prime != 0) out.send(v);
  }
  out.close();
}

// The first 2000 primes, a goroutine for each, in a chain of unbuffered channels.
void sieve() {
  numbers c = make_chan<std::int64_t>();
  go(generate, c);
  std::int64_t count = 0, sum = 0;
  for (;;) {
    auto [prime, open] = c.recv_ok();
    if (!open) break;
    count++;
    sum += prime;
    numbers next = make_chan<std::int64_t>();
    go(filter, c, next, prime);
    c = next;
  }
  verify(count == 2000 && sum == 16'274'627, "sieve_2000");
}

void sieve_primes(std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) sieve();
}

const bool measured = measure("sieve_2000", 1, sieve_primes);

}  // namespace
