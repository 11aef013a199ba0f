// SPDX-License-Identifier: MIT
#include "network.hpp"

namespace {

using namespace warren;

// Go's table (ip_test.go).
TEST(host_port, is_split) {
  const struct {
    const char* text;
    const char* host;
    const char* port;
  } cases[] = {
      {"localhost:http", "localhost", "http"},
      {"localhost:80", "localhost", "80"},
      {"localhost%lo0:http", "localhost%lo0", "http"},
      {"127.0.0.1:http", "127.0.0.1", "http"},
      {"[::1]:80", "::1", "80"},
      {"[fe80::1%lo0]:http", "fe80::1%lo0", "http"},
      {"[localhost%lo0]:80", "localhost%lo0", "80"},
      {":http", "", "http"},
      {":80", "", "80"},
      {"golang.org:", "golang.org", ""},
      {"127.0.0.1:", "127.0.0.1", ""},
      {"[::1]:", "::1", ""},
      {"golang.org:https%foo", "golang.org", "https%foo"},
  };
  for (const auto& c : cases) {
    auto [parts, err] = net::split_host_port(c.text);
    EXPECT_EQ(err, nil) << c.text;
    EXPECT_EQ(parts.host, c.host);
    EXPECT_EQ(parts.port, c.port);
  }
}

TEST(host_port, that_is_none_is_refused) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"golang.org", "missing port in address"},
      {"127.0.0.1", "missing port in address"},
      {"[::1]", "missing port in address"},
      {"[fe80::1%lo0]", "missing port in address"},
      {"[localhost%lo0]", "missing port in address"},
      {"localhost%lo0", "missing port in address"},
      {"::1", "too many colons in address"},
      {"fe80::1%lo0", "too many colons in address"},
      {"fe80::1%lo0:80", "too many colons in address"},
      {"[foo:bar]", "missing port in address"},
      {"[foo:bar]baz", "missing port in address"},
      {"[foo]bar:baz", "missing port in address"},
      {"[foo]:[bar]:baz", "too many colons in address"},
      {"[foo]:[bar]baz", "unexpected '[' in address"},
      {"foo[bar]:baz", "unexpected '[' in address"},
      {"foo]bar:baz", "unexpected ']' in address"},
      {"[::1:80", "missing ']' in address"},
  };
  for (const auto& c : cases) {
    const error err = net::split_host_port(c.text).err();
    EXPECT_EQ(to_string(err), std::string("address ") + c.text + ": " + c.why);
    ASSERT_NE(errors::as<net::addr_error>(err), nullptr);
    EXPECT_EQ(errors::as<net::addr_error>(err)->address(), c.text);
  }
}

TEST(host_port, is_joined) {
  EXPECT_EQ(net::join_host_port("localhost", "80"), "localhost:80");
  EXPECT_EQ(net::join_host_port("::1", "80"), "[::1]:80");
  EXPECT_EQ(net::join_host_port("fe80::1%lo0", "80"), "[fe80::1%lo0]:80");
  EXPECT_EQ(net::join_host_port("", ""), ":");
}

}  // namespace
