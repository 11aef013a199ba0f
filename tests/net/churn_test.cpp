// SPDX-License-Identifier: MIT
// 100,000 connections, opened and closed: nothing is left of them.
#include "../test.hpp"
#include "network.hpp"

#include <atomic>
#include <cstdint>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;

/// An address of this machine: 127.0.0.0/8 has many, so that no port is used up by connections that wait for their end.
std::string spread(std::uint32_t i, std::uint16_t port) {
  return "127." + std::to_string(1 + i % 250) + "." + std::to_string(i / 250 % 250) + ".1:" + std::to_string(port);
}

void serve(const net::listener& l) {
  for (;;) {
    auto [c, err] = l.accept();
    if (err != nil) return;
    go([c = c] {
      char some[16];
      auto [n, why] = c.read(some);
      if (why == nil) c.write(std::string_view(some, n));
    });
  }
}

void open_and_close(std::uint32_t i, std::uint16_t port) {
  auto [c, err] = net::dial("tcp", spread(i, port));
  ASSERT_EQ(err, nil);
  if (i % 3 == 0) tests::reset_on_close(c);
  if (i % 4 != 0) {
    EXPECT_EQ(c.write("hello").err(), nil);
    EXPECT_EQ(tests::read_exactly(c, 5), "hello");
  }
}

void churn(std::uint32_t from, std::uint32_t to, std::uint16_t port) {
  constexpr std::uint32_t side_by_side = 16;
  sync::wait_group all;
  for (std::uint32_t k = 0; k < side_by_side; ++k) {
    all.go([=] {
      for (std::uint32_t i = from + k; i < to; i += side_by_side) open_and_close(i, port);
    });
  }
  all.wait();
}

void settle_at(int files) {
  for (int i = 0; i < 1000 && tests::open_files() > files; ++i) sleep(1ms);
  EXPECT_LE(tests::open_files(), files);
}

WARREN_TEST(churn, of_connections_leaves_nothing) {
  // A third each: the test runs with 1, 2 and 4 workers.
  const auto total = static_cast<std::uint32_t>(tests::scaled(100'000) / 3);
  const std::uint32_t warm = total / 5;
  const net::listener l = must(net::listen("tcp4", "0.0.0.0:0"));
  sync::wait_group server;
  server.go([l] { serve(l); });
  const int files = tests::open_files();
  churn(0, warm, l.addr().port());
  settle_at(files);
  const std::size_t before = tests::resident_bytes();
  churn(warm, total, l.addr().port());
  settle_at(files);
  const std::size_t after = tests::resident_bytes();
  if (tests::scale() == 1) {
    EXPECT_LT(after, before + (4u << 20)) << "each connection leaves " << (after - before) / (total - warm) << " bytes";
  }
  EXPECT_EQ(l.close(), nil);
  server.wait();
}

}  // namespace
