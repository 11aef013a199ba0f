// SPDX-License-Identifier: MIT
// Connections of a program that never calls run(): the runtime starts by itself. A program of its own, because what has
// started so goes on until the process ends.
#include "network.hpp"

#include <thread>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;

TEST(background, threads_talk_without_a_run) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  std::vector<std::thread> peers;
  for (int i = 0; i < 4; ++i) {
    peers.emplace_back([l] {
      const net::conn c = must(l.accept());
      c.write(tests::read_exactly(c, 5));
    });
  }
  for (int i = 0; i < 4; ++i) {
    const auto [ctx, cancel] = context::with_timeout(context::background(), tests::patience);
    const net::conn c = must(net::dial(ctx, "tcp", to_string(l.addr())));
    EXPECT_EQ(c.write("hello").err(), nil);
    EXPECT_EQ(tests::read_to_end(c), "hello");
    cancel();
  }
  for (std::thread& t : peers) t.join();
}

TEST(background, threads_have_deadlines_without_a_run) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  EXPECT_EQ(l.set_deadline(clock::now() + 10ms), nil);
  EXPECT_TRUE(tests::is_io_timeout(l.accept().err(), "accept"));
  auto [one, other] = net::pipe();
  EXPECT_EQ(one.set_read_deadline(clock::now() + 10ms), nil);
  char some[1];
  EXPECT_TRUE(tests::is_io_timeout(one.read(some).err(), "read"));
}

TEST(background, a_run_takes_over_the_connections_of_threads) {
  auto [client, server] = tests::tcp_pair();
  run([client = client, server = server] {
    EXPECT_EQ(client.write("x").err(), nil);
    EXPECT_EQ(tests::read_exactly(server, 1), "x");
  });
  EXPECT_EQ(server.write("y").err(), nil);
  EXPECT_EQ(tests::read_exactly(client, 1), "y");
}

}  // namespace
