// SPDX-License-Identifier: MIT
// Ten thousand connections: what they cost while they are idle, and that slow ones do not stop others.

#include <gtest/gtest.h>

#include "crowd.hpp"
#include "serving.hpp"
#include "test.hpp"

#include <cstdio>
#include <fstream>

using namespace warren;
using namespace std::chrono_literals;
using http::request;
using http::response_writer;
using tests::crowd;
using tests::serving;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

void say_x(response_writer& w, request&) { w.write("x"); }

/// Resident memory and page tables of this process, in KiB.
long memory_of_process() {
  long sum = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    long n = 0;
    if (std::sscanf(line.c_str(), "VmRSS: %ld", &n) == 1 || std::sscanf(line.c_str(), "VmPTE: %ld", &n) == 1) sum += n;
  }
  return sum;
}

bool has_descriptors_for(std::size_t connections) { return tests::raise_descriptor_limit() >= connections + 200; }

}  // namespace

WARREN_TEST(crowd, idle_connections_cost_at_most_6_kib_each) {
  const auto size = static_cast<std::size_t>(tests::scaled(10'000));
  if (!has_descriptors_for(size)) GTEST_SKIP() << "needs " << size << " descriptors";
  serving s(say_x);
  EXPECT_EQ(tests::ask(s.address(), get).body, "x");
  const long before = memory_of_process();
  crowd clients(s.address(), size, "GET / HTTP/1.1\r\nHost: a\r\nX-Long: " + std::string(4096, 'x') + "\r\n\r\n", true);
  ASSERT_TRUE(clients.is_there());
  ASSERT_TRUE(tests::eventually([] { return num_goroutine() <= 4; })) << num_goroutine();
  const long grown = memory_of_process() - before;
  if (tests::scale() == 1) {
    EXPECT_LE(grown, static_cast<long>(6 * size));
    ::testing::Test::RecordProperty("bytes_each", static_cast<int>(grown * 1024 / static_cast<long>(size)));
  }
  EXPECT_EQ(tests::ask(s.address(), get).body, "x");
}

WARREN_TEST(crowd, half_open_requests_do_not_stop_others) {
  const auto size = static_cast<std::size_t>(tests::scaled(10'000));
  if (!has_descriptors_for(size)) GTEST_SKIP() << "needs " << size << " descriptors";
  serving s;
  s.server.read_header_timeout = 60s;
  s.start(say_x);
  crowd slow(s.address(), size, "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ", false);
  ASSERT_TRUE(slow.is_there());
  for (int i = 0; i < 100; ++i) {
    const auto begin = clock::now();
    EXPECT_EQ(tests::ask(s.address(), get).body, "x");
    if (tests::scale() == 1) {
      EXPECT_LT(since(begin), 1s);
    }
  }
}
