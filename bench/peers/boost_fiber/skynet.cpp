// SPDX-License-Identifier: MIT
#include <boost/fiber/all.hpp>

#include "measure.hpp"

// In the form of Boost.Fiber's own skynet: a fiber has its stack from the start, so each is dispatched
// (runs before its parent goes on) and its channel has room for all its children. With fibers posted, or
// channels unbuffered as in the other languages, a million take 7 GiB and many times as long.
namespace {

using sums_channel = boost::fibers::buffered_channel<std::int64_t>;

constexpr std::size_t sums_capacity = 16;

void skynet(sums_channel& up, std::int64_t first, std::int64_t size);

void spawn_skynet(sums_channel& up, std::int64_t first, std::int64_t size) {
  constexpr std::size_t stack_size = 16 * 1024;
  boost::fibers::fiber(boost::fibers::launch::dispatch, std::allocator_arg,
                       boost::fibers::fixedsize_stack(stack_size),
                       [&up, first, size] { skynet(up, first, size); })
      .detach();
}

// A tree of fibers, ten children each, down to a million leaves; each sends the sum below it upwards.
void skynet(sums_channel& up, std::int64_t first, std::int64_t size) {
  if (size == 1) {
    up.push(first);
    return;
  }
  sums_channel sums(sums_capacity);
  for (std::int64_t i = 0; i < 10; i++) spawn_skynet(sums, first + i * (size / 10), size / 10);
  std::int64_t sum = 0;
  for (int i = 0; i < 10; i++) sum += sums.value_pop();
  up.push(sum);
}

}  // namespace

void skynet_million(std::int64_t n) {
  for (std::int64_t i = 0; i < n; i++) {
    sums_channel top(sums_capacity);
    spawn_skynet(top, 0, 1'000'000);
    verify(top.value_pop() == 499'999'500'000, "skynet_1m");
  }
}
