// SPDX-License-Identifier: MIT
#include "network.hpp"

#include <unordered_set>

namespace {

using namespace warren;
using net::addr;
using net::network;

std::string printed(std::string_view ip, std::uint16_t port = 80) {
  auto [a, err] = addr::parse_ip(network::tcp, ip, port);
  return err != nil ? err.message() : to_string(a);
}

TEST(addr, prints_as_it_is_dialed) {
  EXPECT_EQ(printed("127.0.0.1"), "127.0.0.1:80");
  EXPECT_EQ(printed("::1"), "[::1]:80");
  EXPECT_EQ(printed("2001:DB8:0:0:0:0:0:1", 65535), "[2001:db8::1]:65535");
  EXPECT_EQ(printed("::"), "[::]:80");
  EXPECT_EQ(printed("fe80::1%7"), "[fe80::1%7]:80");
  EXPECT_EQ(printed("fe80::1%lo"), "[fe80::1%lo]:80");
  EXPECT_EQ(printed("::ffff:10.1.2.3"), "10.1.2.3:80");
  EXPECT_EQ(to_string(addr::any_host(network::tcp, 8000)), ":8000");
  EXPECT_EQ(to_string(addr::unix_path("/run/x")), "/run/x");
  EXPECT_EQ(to_string(addr::unix_path("")), "@");
  EXPECT_EQ(to_string(addr::of_pipe()), "pipe");
  EXPECT_EQ(to_string(addr{}), "<nil>");
}

TEST(addr, refuses_what_is_no_ip_address) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4%lo", "::1%", "::g", ":::", "x",
                           "1.2.3.4 ", "::ffff:1.2.3"}) {
    EXPECT_EQ(printed(text), std::string("invalid IP address: ") + text);
  }
  EXPECT_NE(addr::parse_ip(network::tcp, std::string_view("::1\0x", 5), 1).err(), nil);
}

TEST(addr, says_its_network_and_parts) {
  const addr a = tests::must(addr::parse_ip(network::udp, "10.0.0.1", 53));
  EXPECT_EQ(a.network(), "udp");
  EXPECT_EQ(a.ip(), "10.0.0.1");
  EXPECT_EQ(a.port(), 53);
  EXPECT_TRUE(a.is_v4());
  EXPECT_FALSE(a.is_wildcard());
  EXPECT_EQ(addr::unix_path("x").network(), "unix");
  EXPECT_EQ(addr::of_pipe().network(), "pipe");
  EXPECT_EQ(addr{}, nil);
  EXPECT_NE(a, nil);
  EXPECT_TRUE(tests::must(addr::parse_ip(network::tcp, "0.0.0.0", 1)).is_wildcard());
  EXPECT_TRUE(tests::must(addr::parse_ip(network::tcp, "::", 1)).is_wildcard());
}

TEST(addr, is_a_value) {
  const addr a = tests::must(addr::parse_ip(network::tcp, "10.0.0.1", 53));
  const addr same = tests::must(addr::parse_ip(network::tcp, "::ffff:10.0.0.1", 53));
  EXPECT_EQ(a, same);
  EXPECT_NE(a, a.with_port(54));
  EXPECT_NE(a, tests::must(addr::parse_ip(network::udp, "10.0.0.1", 53)));
  const std::unordered_set<addr> all{a, same, a.with_port(54), addr::unix_path("x"), addr{}};
  EXPECT_EQ(all.size(), 4u);
}

}  // namespace
