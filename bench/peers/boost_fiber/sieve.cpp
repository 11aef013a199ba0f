// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>
#include <memory>
#include <vector>

#include "measure.hpp"

namespace {

using number_channel = boost::fibers::unbuffered_channel<std::int64_t>;
using shared_channel = std::shared_ptr<number_channel>;

constexpr std::int64_t last_prime = 17389;  // the 2000th

void generate(const shared_channel& out) {
  for (std::int64_t v = 2; v <= last_prime; v++) out->push(v);
  out->close();
}

void filter(const shared_channel& in, const shared_channel& out, std::int64_t prime) {
  for (std::int64_t v : *in) {
    if (v % prime != 0) out->push(v);
  }
  out->close();
}

// The first 2000 primes, a fiber for each, in a chain of unbuffered channels.
void sieve() {
  auto c = std::make_shared<number_channel>();
  std::vector<boost::fibers::fiber> fibers;
  fibers.emplace_back([out = c] { generate(out); });
  std::int64_t count = 0, sum = 0, prime = 0;
  while (c->pop(prime) == boost::fibers::channel_op_status::success) {
    count++;
    sum += prime;
    auto next = std::make_shared<number_channel>();
    fibers.emplace_back([in = c, out = next, prime] { filter(in, out, prime); });
    c = next;
  }
  for (boost::fibers::fiber& f : fibers) f.join();
  verify(count == 2000 && sum == 16'274'627, "sieve_2000");
}

}  // namespace

void sieve_primes(std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) sieve();
}
