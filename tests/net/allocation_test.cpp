// SPDX-License-Identifier: MIT
// Go: TestTCPReadWriteAllocs. Reads and writes allocate nothing.
#include "../test.hpp"
#include "network.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::int64_t> allocations{0};

void* allocate(std::size_t bytes) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(bytes);
}

}  // namespace

// This program's own: all that are not aligned beyond the usual.
void* operator new(std::size_t bytes) {
  if (void* at = allocate(bytes)) return at;
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return allocate(bytes); }
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { std::free(at); }

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(allocation, there_is_none_in_reads_writes_and_deadlines) {
  auto [client, server] = tests::tcp_pair();
  sync::wait_group echo;
  echo.go([server = server] {
    char some[128];
    for (;;) {
      auto [n, err] = server.read(some);
      if (err != nil) return;
      server.write(std::string_view(some, n));
    }
  });
  const auto talk = [&, client = client] {
    char some[128];
    for (int i = 0; i < 100; ++i) {
      client.set_deadline(clock::now() + 1h);
      client.write("hello ", "world");
      std::size_t have = 0;
      while (have < 11) have += client.read(some).value();
    }
  };
  talk();
  const std::int64_t before = allocations;
  talk();
  EXPECT_LE(allocations - before, 2) << "beside what the scheduler may once need";
  EXPECT_EQ(client.close(), nil);
  echo.wait();
}

}  // namespace
