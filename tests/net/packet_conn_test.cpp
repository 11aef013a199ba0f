// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <unordered_set>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;

const clock::time_point long_ago(clock::duration(1));

WARREN_TEST(packet_conn, carries_datagrams_both_ways) {
  const net::packet_conn a = must(net::listen_packet("udp", "127.0.0.1:0"));
  const net::packet_conn b = must(net::listen_packet("udp", "127.0.0.1:0"));
  char some[64];
  for (const std::string text : {"one", "", "three"}) {
    EXPECT_EQ(a.write_to(text, b.local_addr()).value(), text.size());
    auto [got, err] = b.read_from(some);
    EXPECT_EQ(err, nil);
    EXPECT_EQ(std::string(some, got.size), text);
    EXPECT_EQ(got.from, a.local_addr());
    EXPECT_EQ(b.write_to("back", got.from).value(), 4u);
    EXPECT_EQ(must(a.read_from(some)).size, 4u);
  }
}

WARREN_TEST(packet_conn, keeps_datagrams_apart) {
  const net::packet_conn a = must(net::listen_packet("udp", "127.0.0.1:0"));
  const net::packet_conn b = must(net::listen_packet("udp", "127.0.0.1:0"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(a.write_to(std::string(100, static_cast<char>('a' + i)), b.local_addr()).err(), nil);
  char few[10];
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(must(b.read_from(few)).size, 10u);
    EXPECT_EQ(std::string(few, 10), std::string(10, static_cast<char>('a' + i)));
  }
}

WARREN_TEST(packet_conn, is_read_by_a_connected_peer) {
  const net::packet_conn server = must(net::listen_packet("udp", "127.0.0.1:0"));
  const net::conn client = must(net::dial("udp", to_string(server.local_addr())));
  EXPECT_EQ(client.remote_addr(), server.local_addr());
  EXPECT_EQ(client.local_addr().network(), "udp");
  EXPECT_EQ(client.write("pi", "ng").value(), 4u);
  char some[64];
  const net::datagram got = must(server.read_from(some));
  EXPECT_EQ(std::string(some, got.size), "ping");
  EXPECT_EQ(got.from, client.local_addr());
  // Several at once, each shorter than the room: none may be overlooked.
  for (const std::string text : {"a", "", "ccc"}) EXPECT_EQ(server.write_to(text, got.from).err(), nil);
  for (const std::string text : {"a", "", "ccc"}) {
    auto [n, err] = client.read(some);
    EXPECT_EQ(err, nil);
    EXPECT_EQ(std::string(some, n), text);
  }
  EXPECT_EQ(client.read({}).value(), 0u);
  EXPECT_EQ(client.close(), nil);
  EXPECT_TRUE(tests::is_op_error(client.read({}).err(), "read", net::closed));
}

WARREN_TEST(packet_conn, of_a_peer_that_is_gone_says_so) {
  net::packet_conn server = must(net::listen_packet("udp", "127.0.0.1:0"));
  const net::conn client = must(net::dial("udp", to_string(server.local_addr())));
  EXPECT_EQ(server.close(), nil);
  EXPECT_EQ(client.write("x").err(), nil);
  char some[1];
  EXPECT_TRUE(tests::is_op_error(client.read(some).err(), "read",
                                 errors::from(std::make_error_code(std::errc::connection_refused))));
}

WARREN_TEST(packet_conn, has_deadlines) {
  const net::packet_conn c = must(net::listen_packet("udp4", "127.0.0.1:0"));
  char some[1];
  EXPECT_EQ(c.set_read_deadline(clock::now() + 10ms), nil);
  EXPECT_EQ(to_string(c.read_from(some).err()), "read udp4 " + to_string(c.local_addr()) + ": i/o timeout");
  EXPECT_EQ(c.set_deadline(long_ago), nil);
  const error err = c.write_to("x", c.local_addr()).err();
  EXPECT_EQ(to_string(err), "write udp4 " + to_string(c.local_addr()) + "->" + to_string(c.local_addr()) + ": i/o timeout");
  EXPECT_EQ(c.set_deadline(clock::time_point{}), nil);
  EXPECT_EQ(c.write_to("x", c.local_addr()).err(), nil);
  EXPECT_EQ(must(c.read_from(some)).size, 1u);
}

// Go: TestCloseUnblocksReadUDP.
WARREN_TEST(packet_conn, that_is_closed_ends_what_waits) {
  const net::packet_conn c = must(net::listen_packet("udp", "127.0.0.1:0"));
  const auto got = make_chan<error>(1);
  go([c, got] {
    char some[1];
    got.send(c.read_from(some).err());
  });
  sleep(5ms);
  EXPECT_EQ(c.close(), nil);
  EXPECT_TRUE(tests::is_op_error(got.recv(), "read", net::closed));
  EXPECT_TRUE(tests::is_op_error(c.close(), "close", net::closed));
  EXPECT_TRUE(tests::is_op_error(c.write_to("x", c.local_addr()).err(), "write", net::closed));
}

WARREN_TEST(packet_conn, of_both_families_writes_to_both) {
  const net::packet_conn both = must(net::listen_packet("udp", ":0"));
  const net::packet_conn v4 = must(net::listen_packet("udp4", "127.0.0.1:0"));
  EXPECT_EQ(both.write_to("x", v4.local_addr()).err(), nil);
  char some[1];
  EXPECT_EQ(must(v4.read_from(some)).from, must(net::addr::parse_ip(net::network::udp, "127.0.0.1", both.local_addr().port())));
  const net::addr v6 = must(net::addr::parse_ip(net::network::udp, "::1", 9));
  EXPECT_EQ(to_string(v4.write_to("x", v6).err()),
            "write udp4 " + to_string(v4.local_addr()) + "->[::1]:9: address ::1: non-IPv4 address");
  EXPECT_EQ(to_string(v4.write_to("x", nil).err()), "write udp4 " + to_string(v4.local_addr()) + ": missing address");
}

WARREN_TEST(packet_conn, is_a_handle) {
  const net::packet_conn a = must(net::listen_packet("udp", "127.0.0.1:0"));
  const net::packet_conn same = a;
  EXPECT_EQ(a, same);
  EXPECT_NE(a, nil);
  EXPECT_EQ(net::packet_conn{}, nil);
  EXPECT_EQ((std::unordered_set<net::packet_conn>{a, same, nil}.size()), 2u);
}

}  // namespace
