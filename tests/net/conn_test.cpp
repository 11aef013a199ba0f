// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/sockets.hpp>

#include <cstdlib>
#include <new>
#include <thread>
#include <unordered_set>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using runtime::sys::socket_option;
using tests::must;
using tests::tcp_pair;

int option(const net::conn& c, socket_option o) {
  return static_cast<int>(
      c.behind()->descriptor()->with_file([&](int file) { return runtime::sys::get_option(file, o); }).value);
}

WARREN_TEST(conn, is_a_handle) {
  auto [client, server] = tcp_pair();
  net::conn same = client;
  EXPECT_EQ(same, client);
  EXPECT_NE(same, server);
  EXPECT_NE(same, nil);
  EXPECT_EQ(net::conn{}, nil);
  const std::unordered_set<net::conn> all{client, same, server, nil};
  EXPECT_EQ(all.size(), 3u);
  same = nil;
  EXPECT_EQ(client.write("x").err(), nil);
}

WARREN_TEST(conn, is_closed_by_its_last_handle) {
  auto [client, server] = tcp_pair();
  net::conn copy = client;
  client = nil;
  EXPECT_EQ(copy.write("still open").err(), nil);
  copy = nil;
  error err;
  EXPECT_EQ(tests::read_to_end(server, &err), "still open");
  EXPECT_EQ(err, net::eof);
}

WARREN_TEST(conn, has_the_defaults_at_both_ends) {
  auto [client, server] = tcp_pair();
  for (const net::conn& c : {client, server}) {
    EXPECT_EQ(option(c, socket_option::no_delay), 1);
    EXPECT_EQ(option(c, socket_option::keep_alive), 1);
    EXPECT_EQ(option(c, socket_option::keep_alive_idle), 15);
    EXPECT_EQ(option(c, socket_option::keep_alive_interval), 15);
    EXPECT_EQ(option(c, socket_option::keep_alive_count), 9);
  }
}

WARREN_TEST(conn, knows_both_addresses) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.local_addr(), server.remote_addr());
  EXPECT_EQ(client.remote_addr(), server.local_addr());
  EXPECT_EQ(client.local_addr().network(), "tcp");
  const net::addr before = client.local_addr();
  EXPECT_EQ(client.close(), nil);
  EXPECT_EQ(client.local_addr(), before);
}

WARREN_TEST(conn, of_a_wildcard_listener_knows_where_it_came_in) {
  const net::listener l = must(net::listen("tcp", ":0"));
  const std::string port = std::to_string(l.addr().port());
  const net::conn client = must(net::dial("tcp", "127.0.0.1:" + port));
  const net::conn server = must(l.accept());
  EXPECT_EQ(to_string(server.local_addr()), "127.0.0.1:" + port);
  EXPECT_EQ(server.remote_addr(), client.local_addr());
}

WARREN_TEST(conn, reads_nothing_into_no_room) {
  auto [client, server] = tcp_pair();
  auto [n, err] = client.read({});
  EXPECT_EQ(n, 0u);
  EXPECT_EQ(err, nil);
  EXPECT_EQ(server.write("x").err(), nil);
  EXPECT_EQ(tests::read_exactly(client, 1), "x");
}

WARREN_TEST(conn, that_is_closed_for_writing_still_reads) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.write("question").err(), nil);
  EXPECT_EQ(client.close_write(), nil);
  error err;
  EXPECT_EQ(tests::read_to_end(server, &err), "question");
  EXPECT_EQ(err, net::eof);
  EXPECT_EQ(server.write("answer").err(), nil);
  EXPECT_EQ(tests::read_exactly(client, 6), "answer");
  const error late = client.write("more").err();
  EXPECT_TRUE(tests::is_op_error(late, "write", errors::from(std::make_error_code(std::errc::broken_pipe)))) << late;
}

WARREN_TEST(conn, that_is_closed_for_reading_reads_the_end) {
  auto [client, server] = tcp_pair();
  const auto got = make_chan<error>(1);
  go([got, client = client] {
    char some[1];
    got.send(client.read(some).err());
  });
  sleep(5ms);
  EXPECT_EQ(client.close_read(), nil);
  EXPECT_EQ(got.recv(), net::eof);
  EXPECT_EQ(client.write("x").err(), nil);
  EXPECT_EQ(tests::read_exactly(server, 1), "x");
}

WARREN_TEST(conn, that_was_reset_says_so) {
  auto [client, server] = tcp_pair();
  tests::reset_on_close(client);
  const std::string ends = to_string(server.local_addr()) + "->" + to_string(server.remote_addr());
  client = nil;
  char some[1];
  const error err = server.read(some).err();
  EXPECT_EQ(to_string(err), "read tcp " + ends + ": read: connection reset by peer");
  EXPECT_TRUE(errors::is(err, errors::from(std::make_error_code(std::errc::connection_reset))));
}

/// A reset ends whatever goes on, at once.
void reset_while(void (*wait_in)(const net::conn&)) {
  auto [client, server] = tcp_pair();
  tests::reset_on_close(client);
  sync::wait_group all;
  all.go([wait_in, server = server] { wait_in(server); });
  sleep(5ms);
  client = nil;
  all.wait();
}

WARREN_TEST(conn, that_is_reset_while_it_is_read) {
  reset_while([](const net::conn& c) {
    char some[1];
    EXPECT_TRUE(tests::is_op_error(c.read(some).err(), "read",
                                   errors::from(std::make_error_code(std::errc::connection_reset))));
  });
}

WARREN_TEST(conn, that_is_reset_while_it_is_written) {
  reset_while([](const net::conn& c) {
    const std::string much(1 << 20, 'x');
    error err;
    while (err == nil) err = c.write(much).err();
    EXPECT_TRUE(tests::is_op_error(err, "write", errors::from(std::make_error_code(std::errc::connection_reset))) ||
                tests::is_op_error(err, "write", errors::from(std::make_error_code(std::errc::broken_pipe))))
        << err;
  });
}

WARREN_TEST(conn, that_was_reset_after_half_of_it_was_closed) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(server.close_write(), nil);
  tests::reset_on_close(client);
  client = nil;
  char some[1];
  const error err = server.read(some).err();
  EXPECT_TRUE(tests::is_op_error(err, "read", errors::from(std::make_error_code(std::errc::connection_reset)))) << err;
}

WARREN_TEST(conn, that_was_reset_with_data_not_read_loses_it) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.write("data").err(), nil);
  EXPECT_EQ(tests::read_exactly(server, 1), "d");
  tests::reset_on_close(client);
  client = nil;
  sleep(5ms);
  error err;
  tests::read_to_end(server, &err);
  EXPECT_TRUE(tests::is_op_error(err, "read", errors::from(std::make_error_code(std::errc::connection_reset)))) << err;
}

WARREN_TEST(conn, writes_much_while_the_other_end_is_slow) {
  auto [client, server] = tcp_pair();
  const auto much = static_cast<std::size_t>(tests::scaled(64 << 20));
  sync::wait_group writer;
  writer.go([much, client = client] {
    auto [n, err] = client.write(std::string(much, 'x'));
    EXPECT_EQ(n, much);
    EXPECT_EQ(err, nil);
    EXPECT_EQ(client.close(), nil);
  });
  std::size_t all = 0;
  std::string room(100'000, '\0');
  for (;;) {
    auto [n, err] = server.read(room);
    all += n;
    if (err != nil) break;
  }
  EXPECT_EQ(all, much);
  writer.wait();
}

WARREN_TEST(conn, writes_two_pieces_as_one) {
  auto [client, server] = tcp_pair();
  sync::wait_group all;
  const int each = static_cast<int>(tests::scaled(500));
  for (int w = 0; w < 4; ++w) {
    all.go([w, each, client = client] {
      const std::string head(10, static_cast<char>('a' + w));
      const std::string body(90, static_cast<char>('a' + w));
      for (int i = 0; i < each; ++i) {
        auto [n, err] = client.write(head, i % 10 == 0 ? std::string(90, static_cast<char>('a' + w)) : body);
        EXPECT_EQ(n, 100u);
        EXPECT_EQ(err, nil);
      }
    });
  }
  for (int i = 0; i < 4 * each; ++i) {
    const std::string text = tests::read_exactly(server, 100);
    ASSERT_EQ(text, std::string(100, text[0]));
  }
  all.wait();
  EXPECT_EQ(client.write("", "").value(), 0u);
  EXPECT_EQ(client.write("", "b").value(), 1u);
  EXPECT_EQ(client.write("a", "").value(), 1u);
  EXPECT_EQ(tests::read_exactly(server, 2), "ba");
}

WARREN_TEST(conn, may_be_used_by_any_thread) {
  auto [client, server] = tcp_pair();
  std::thread other([server = server] {
    for (int i = 0; i < 100; ++i) {
      const std::string text = tests::read_exactly(server, 4);
      server.write(text);
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(client.write("ping").err(), nil);
    EXPECT_EQ(tests::read_exactly(client, 4), "ping");
  }
  other.join();
}

WARREN_TEST(conn, with_a_prefix_gives_it_first) {
  auto [client, server] = tcp_pair();
  EXPECT_EQ(client.write("world").err(), nil);
  EXPECT_EQ(client.close_write(), nil);
  const net::conn c = net::with_prefix(server, "hello ");
  EXPECT_TRUE(c.behind()->has_buffered());
  EXPECT_EQ(c.behind()->descriptor(), server.behind()->descriptor());
  EXPECT_EQ(c.remote_addr(), client.local_addr());
  EXPECT_EQ(c.read({}).value(), 0u);
  EXPECT_EQ(tests::read_exactly(c, 3), "hel");
  error err;
  EXPECT_EQ(tests::read_to_end(c, &err), "lo world");
  EXPECT_EQ(err, net::eof);
  EXPECT_FALSE(c.behind()->has_buffered());
  EXPECT_EQ(net::with_prefix(server, ""), server);
  EXPECT_EQ(c.close(), nil);
  EXPECT_TRUE(errors::is(server.close(), net::closed));
}

}  // namespace
