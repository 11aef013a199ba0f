// SPDX-License-Identifier: MIT
// Deadlines, after Go's net/timeout_test.go.
#include "../test.hpp"
#include "network.hpp"

#include <atomic>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::is_io_timeout;
using tests::must;
using tests::tcp_pair;

const clock::time_point long_ago(clock::duration(1));
const clock::time_point no_deadline{};

WARREN_TEST(deadline, of_accept_that_has_passed) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const net::conn waiting = must(net::dial("tcp", to_string(l.addr())));
  EXPECT_EQ(l.set_deadline(clock::now() - 5s), nil);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(is_io_timeout(l.accept().err(), "accept"));
  EXPECT_EQ(l.set_deadline(no_deadline), nil);
  EXPECT_EQ(l.accept().err(), nil);
}

WARREN_TEST(deadline, of_accept_that_comes) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  for (const auto d : {10ms, 50ms}) {
    const auto start = clock::now();
    EXPECT_EQ(l.set_deadline(start + d), nil);
    EXPECT_TRUE(is_io_timeout(l.accept().err(), "accept"));
    EXPECT_GE(since(start), d);
    EXPECT_TRUE(is_io_timeout(l.accept().err(), "accept"));
  }
}

WARREN_TEST(deadline, of_accept_must_not_return_without_one) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const auto returned = make_chan<error>(1);
  go([l, returned] { returned.send(l.accept().err()); });
  EXPECT_EQ(select(recv(returned), recv(time_after(20ms))), 1);
  EXPECT_EQ(l.close(), nil);
  EXPECT_TRUE(tests::is_op_error(returned.recv(), "accept", net::closed));
}

WARREN_TEST(deadline, of_read_that_has_passed_hides_what_came) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(server.write("READ TIMEOUT TEST").err(), nil);
  sleep(1ms);
  EXPECT_EQ(client.set_read_deadline(clock::now() - 5s), nil);
  char some[8];
  for (int i = 0; i < 2; ++i) {
    auto [n, err] = client.read(some);
    EXPECT_EQ(n, 0u);
    EXPECT_TRUE(is_io_timeout(err, "read"));
  }
  EXPECT_EQ(client.set_read_deadline(no_deadline), nil);
  EXPECT_EQ(tests::read_exactly(client, 17), "READ TIMEOUT TEST");
}

WARREN_TEST(deadline, of_read_that_comes_gives_what_came_before) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(server.write("x").err(), nil);
  EXPECT_EQ(client.set_read_deadline(clock::now() + 50ms), nil);
  EXPECT_EQ(tests::read_exactly(client, 1), "x");
  char some[8];
  EXPECT_TRUE(is_io_timeout(client.read(some).err(), "read"));
  EXPECT_EQ(server.write("y").err(), nil);
  EXPECT_EQ(client.set_read_deadline(no_deadline), nil);
  EXPECT_EQ(tests::read_exactly(client, 1), "y");
}

WARREN_TEST(deadline, of_read_must_not_return_without_one) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.set_deadline(clock::now() - 5s), nil);
  EXPECT_EQ(client.set_write_deadline(clock::now() - 5s), nil);
  EXPECT_EQ(client.set_read_deadline(no_deadline), nil);
  const auto returned = make_chan<error>(1);
  go([client = client, returned] {
    char some[1];
    returned.send(client.read(some).err());
  });
  EXPECT_EQ(select(recv(returned), recv(time_after(20ms))), 1);
  EXPECT_EQ(client.close(), nil);
  EXPECT_TRUE(tests::is_op_error(returned.recv(), "read", net::closed));
}

WARREN_TEST(deadline, of_write_that_has_passed) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.set_write_deadline(clock::now() - 5s), nil);
  for (int i = 0; i < 2; ++i) {
    auto [n, err] = client.write("WRITE TIMEOUT TEST");
    EXPECT_EQ(n, 0u);
    EXPECT_TRUE(is_io_timeout(err, "write"));
  }
  EXPECT_EQ(client.set_write_deadline(no_deadline), nil);
  EXPECT_EQ(client.write("w").err(), nil);
  EXPECT_EQ(tests::read_exactly(server, 1), "w");
}

WARREN_TEST(deadline, of_write_tells_how_much_was_written) {
  auto [client, server] = tcp_pair();
  const std::string much(32 << 20, 'x');
  EXPECT_EQ(client.set_write_deadline(clock::now() + 30ms), nil);
  auto [n, err] = client.write(much);
  EXPECT_TRUE(is_io_timeout(err, "write"));
  EXPECT_GT(n, 0u);
  EXPECT_LT(n, much.size());
  EXPECT_EQ(client.close(), nil);
  EXPECT_EQ(tests::read_to_end(server).size(), n);
}

WARREN_TEST(deadline, that_is_moved_moves_what_waits) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.set_read_deadline(clock::now() + 1h), nil);
  const auto returned = make_chan<error>(1);
  go([client = client, returned] {
    char some[1];
    returned.send(client.read(some).err());
  });
  sleep(5ms);
  const auto start = clock::now();
  EXPECT_EQ(client.set_read_deadline(start + 20ms), nil);
  EXPECT_TRUE(is_io_timeout(returned.recv(), "read"));
  EXPECT_GE(since(start), 20ms);
  go([client = client, returned] {
    char some[1];
    returned.send(client.read(some).err());
  });
  EXPECT_EQ(client.set_read_deadline(clock::now() + 1h), nil);
  EXPECT_EQ(client.set_read_deadline(long_ago), nil);
  EXPECT_TRUE(is_io_timeout(returned.recv(), "read"));
}

WARREN_TEST(deadline, takes_time_points_of_other_clocks) {
  auto [client, server] = tcp_pair();
  char some[1];
  EXPECT_EQ(client.set_read_deadline(std::chrono::steady_clock::now() + 5ms), nil);
  EXPECT_TRUE(is_io_timeout(client.read(some).err(), "read"));
  EXPECT_EQ(client.set_read_deadline(std::chrono::system_clock::now() + 5ms), nil);
  EXPECT_TRUE(is_io_timeout(client.read(some).err(), "read"));
  EXPECT_EQ(client.set_read_deadline(std::chrono::system_clock::time_point{}), nil);
  EXPECT_EQ(server.write("x").err(), nil);
  EXPECT_EQ(client.read(some).err(), nil);
}

// Go: TestVariousDeadlines. Each produces a timeout, not too early, and not never.
WARREN_TEST(deadline, of_any_length_produces_a_timeout) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  sync::wait_group server;
  server.go([l] {
    for (;;) {
      auto [c, err] = l.accept();
      if (err != nil) return;
      go([c = c] {
        const std::string text(64 * 1024, 'x');
        while (c.write(text).err() == nil) {
        }
      });
    }
  });
  for (const clock::duration d : {clock::duration(1ns), clock::duration(50ns), clock::duration(1us),
                                  clock::duration(20us), clock::duration(500us), clock::duration(5ms),
                                  clock::duration(50ms), clock::duration(250ms)}) {
    const int runs = d < 10ms ? 3 : 1;
    for (int i = 0; i < runs; ++i) {
      const net::conn c = must(net::dial("tcp", to_string(l.addr())));
      const auto start = clock::now();
      EXPECT_EQ(c.set_deadline(start + d), nil);
      error err;
      tests::read_to_end(c, &err);
      EXPECT_TRUE(is_io_timeout(err, "read"));
      EXPECT_GE(since(start), d);
    }
  }
  EXPECT_EQ(l.close(), nil);
  server.wait();
}

// Go: TestReadWriteProlongedTimeout.
WARREN_TEST(deadline, is_prolonged_by_one_goroutine_while_another_waits) {
  auto [client, server] = tcp_pair();
  sync::wait_group all;
  const int rounds = static_cast<int>(tests::scaled(500));
  all.go([rounds, server = server] {
    char some[1];
    for (int i = 0; i < rounds; ++i) {
      EXPECT_EQ(server.set_read_deadline(clock::now() + 1h), nil);
      if (const error err = server.read(some).err(); err != nil) {
        ADD_FAILURE() << err;
        return;
      }
    }
  });
  for (int i = 0; i < rounds; ++i) {
    EXPECT_EQ(client.set_write_deadline(clock::now() + 1h), nil);
    EXPECT_EQ(client.write("x").err(), nil);
  }
  all.wait();
}

// Go: TestReadWriteDeadlineRace.
WARREN_TEST(deadline, races_with_reads_and_writes) {
  const int rounds = static_cast<int>(tests::scaled(1000));
  auto [client, server] = tcp_pair();
  sync::wait_group all;
  std::atomic<bool> over{false};
  all.go([&, server = server] {
    char some[64];
    while (server.read(some).err() == nil) {
    }
  });
  all.go([&, server = server] {
    while (server.write("x").err() == nil && !over) sleep(1us);
  });
  all.go([&, client = client] {
    for (int i = 0; i < rounds; ++i) {
      EXPECT_EQ(client.set_deadline(clock::now() + 2us), nil);
      gosched();
    }
    over = true;
    EXPECT_EQ(client.set_deadline(long_ago), nil);
  });
  const auto only_timeouts = [&](const error& err) { EXPECT_TRUE(err == nil || errors::is_timeout(err)) << err; };
  sync::wait_group users;
  users.go([&, client = client] {
    char some[1];
    while (!over) only_timeouts(client.read(some).err());
  });
  users.go([&, client = client] {
    while (!over) only_timeouts(client.write("y").err());
  });
  users.wait();
  EXPECT_EQ(client.close(), nil);
  all.wait();
}

// Go: TestConcurrentSetDeadline.
WARREN_TEST(deadline, is_set_by_many_on_many) {
  constexpr int goroutines = 8;
  constexpr int conns = 10;
  const int each = static_cast<int>(tests::scaled(100));
  std::vector<tests::linked> all;
  for (int i = 0; i < conns; ++i) all.push_back(tcp_pair());
  sync::wait_group setters;
  const auto start = clock::now();
  for (int g = 0; g < goroutines; ++g) {
    setters.go([&] {
      for (int j = 0; j < each; ++j) {
        for (const tests::linked& p : all) EXPECT_EQ(p.client.set_deadline(start + 1h - 1s * j), nil);
      }
    });
  }
  setters.wait();
  for (const tests::linked& p : all) {
    EXPECT_EQ(p.client.write("x").err(), nil);
    EXPECT_EQ(tests::read_exactly(p.server, 1), "x");
    EXPECT_EQ(p.client.set_deadline(long_ago), nil);
    char some[1];
    EXPECT_TRUE(is_io_timeout(p.client.read(some).err(), "read"));
  }
}

}  // namespace
