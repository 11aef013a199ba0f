// SPDX-License-Identifier: MIT

// A buffered channel of Boost.Fiber holds one value less than its capacity, a power of two.
#include <boost/fiber/all.hpp>
#include <numeric>
#include <vector>

#include "measure.hpp"

namespace {

using unbuffered = boost::fibers::unbuffered_channel<std::int64_t>;
using buffered = boost::fibers::buffered_channel<std::int64_t>;

template <class Channel>
void stream(Channel& c, std::int64_t n, const char* name) {
  boost::fibers::fiber sender([&c, n] {
    for (std::int64_t i = 0; i < n; i++) c.push(i);
    c.close();
  });
  std::int64_t sum = 0;
  for (std::int64_t v : c) sum += v;
  sender.join();
  verify(sum == n * (n - 1) / 2, name);
}

}  // namespace

// There and back over two unbuffered channels.
void unbuffered_round_trip(std::int64_t n) {
  unbuffered there, back;
  boost::fibers::fiber echo([&] {
    for (std::int64_t v : there) back.push(v + 1);
    back.close();
  });
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    there.push(i);
    sum += back.value_pop();
  }
  there.close();
  echo.join();
  verify(sum == n * (n + 1) / 2, "unbuffered_round_trip");
}

void unbuffered_stream(std::int64_t n) {
  unbuffered c;
  stream(c, n, "unbuffered_stream");
}

void buffered_stream(std::int64_t n) {
  buffered c(128);
  stream(c, n, "buffered_stream");
}

// Send and receive by one fiber: nobody waits.
void uncontended(std::int64_t n) {
  buffered c(2);
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < n; i++) {
    c.push(i);
    sum += c.value_pop();
  }
  verify(sum == n * (n - 1) / 2, "uncontended");
}

// Four fibers send n values each, four receive.
void mpmc(std::int64_t n) {
  buffered c(128);
  std::vector<boost::fibers::fiber> sending, receiving;
  for (std::int64_t k = 0; k < producers; k++) {
    sending.emplace_back([&c, n] {
      for (std::int64_t i = 0; i < n; i++) c.push(i);
    });
  }
  std::vector<std::int64_t> sums(consumers);
  for (std::int64_t& mine : sums) {
    receiving.emplace_back([&c, &mine] {
      std::int64_t sum = 0;
      for (std::int64_t v : c) sum += v;
      mine = sum;
    });
  }
  for (boost::fibers::fiber& f : sending) f.join();
  c.close();
  for (boost::fibers::fiber& f : receiving) f.join();
  const std::int64_t total = std::accumulate(sums.begin(), sums.end(), std::int64_t{0});
  verify(total == producers * (n * (n - 1) / 2), "mpmc_4x4");
}
