// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <cerrno>
#include <system_error>

namespace {

using namespace warren;
using net::addr;
using tests::must;

addr tcp(const char* ip, std::uint16_t port) { return must(addr::parse_ip(net::network::tcp, ip, port)); }

TEST(net_error, says_what_failed_where_and_why) {
  const error why = errors::of<net::system_call_error>("connect", ECONNREFUSED);
  EXPECT_EQ(to_string(errors::of<net::op_error>("dial", "tcp", addr{}, tcp("127.0.0.1", 1), why)),
            "dial tcp 127.0.0.1:1: connect: connection refused");
  EXPECT_EQ(to_string(errors::of<net::op_error>("read", "tcp", tcp("127.0.0.1", 1), tcp("::1", 2),
                                                net::deadline_exceeded)),
            "read tcp 127.0.0.1:1->[::1]:2: i/o timeout");
  EXPECT_EQ(to_string(errors::of<net::op_error>("read", "pipe", addr{}, addr{}, net::closed)),
            "read pipe: use of closed network connection");
  EXPECT_EQ(to_string(errors::of<net::op_error>("close", "", addr{}, addr{}, net::closed)),
            "close: use of closed network connection");
}

TEST(net_error, is_seen_through) {
  const error err = errors::of<net::op_error>("dial", "tcp", addr{}, tcp("127.0.0.1", 1),
                                              errors::of<net::system_call_error>("connect", ECONNREFUSED));
  EXPECT_TRUE(errors::is(err, errors::from(std::make_error_code(std::errc::connection_refused))));
  EXPECT_TRUE(errors::is(err, errors::from(std::error_code(ECONNREFUSED, std::system_category()))));
  EXPECT_FALSE(errors::is(err, errors::from(std::make_error_code(std::errc::connection_reset))));
  ASSERT_NE(errors::as<std::error_code>(err), nullptr);
  EXPECT_EQ(*errors::as<std::error_code>(err), std::errc::connection_refused);
  EXPECT_FALSE(errors::is_timeout(err));
  const error late = errors::of<net::op_error>("connect", "tcp", addr{}, addr{},
                                               errors::of<net::system_call_error>("connect", ETIMEDOUT));
  EXPECT_TRUE(errors::is_timeout(late));
}

TEST(net_error, has_go_s_texts_for_numbers) {
  EXPECT_EQ(net::errno_text(EADDRINUSE), "address already in use");
  EXPECT_EQ(net::errno_text(ENFILE), "too many open files in system");
  EXPECT_EQ(net::errno_text(ENOSTR), "device not a stream");
  EXPECT_EQ(net::errno_text(EDOTDOT), "RFS specific error");
  EXPECT_EQ(net::errno_text(99999), "errno 99999");
}

TEST(net_error, tells_what_passes) {
  const auto call = [](const char* op, int code) {
    return errors::of<net::op_error>(op, "tcp", addr{}, addr{}, errors::of<net::system_call_error>(op, code));
  };
  EXPECT_TRUE(net::is_temporary(call("accept", EMFILE)));
  EXPECT_TRUE(net::is_temporary(call("accept", ENFILE)));
  EXPECT_TRUE(net::is_temporary(call("accept", ECONNABORTED)));
  EXPECT_TRUE(net::is_temporary(call("accept", ECONNRESET)));
  EXPECT_FALSE(net::is_temporary(call("read", ECONNRESET)));
  EXPECT_FALSE(net::is_temporary(call("accept", EINVAL)));
  EXPECT_TRUE(net::is_temporary(net::deadline_exceeded));
  EXPECT_FALSE(net::is_temporary(net::closed));
  EXPECT_FALSE(net::is_temporary(nil));
}

TEST(net_error, of_a_context_has_two_names) {
  const error canceled = net::mapped_context_error(context::canceled);
  EXPECT_EQ(to_string(canceled), "operation was canceled");
  EXPECT_TRUE(errors::is(canceled, context::canceled));
  EXPECT_FALSE(errors::is_timeout(canceled));
  const error late = net::mapped_context_error(context::deadline_exceeded);
  EXPECT_EQ(to_string(late), "i/o timeout");
  EXPECT_TRUE(errors::is(late, context::deadline_exceeded));
  EXPECT_TRUE(errors::is_timeout(late));
}

std::string dial_error(std::string_view network, std::string_view address) {
  return to_string(net::dial(network, address).err());
}

std::string listen_error(std::string_view network, std::string_view address) {
  return to_string(net::listen(network, address).err());
}

WARREN_TEST(net_error, of_addresses_reads_as_go_s) {
  EXPECT_EQ(dial_error("foo", "x"), "dial foo: unknown network foo");
  EXPECT_EQ(dial_error("tcp", ""), "dial tcp: missing address");
  EXPECT_EQ(dial_error("unix", ""), "dial unix: missing address");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1"), "dial tcp: address 127.0.0.1: missing port in address");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1:1:2"), "dial tcp: address 127.0.0.1:1:2: too many colons in address");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1:65536"), "dial tcp: address 65536: invalid port");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1:-1"), "dial tcp: address -1: invalid port");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1:99999999999999999999"),
            "dial tcp: address 99999999999999999999: invalid port");
  EXPECT_EQ(dial_error("tcp", "127.0.0.1:no-such-service"), "dial tcp: lookup tcp/no-such-service: unknown port");
  EXPECT_EQ(dial_error("tcp6", "127.0.0.1:1"), "dial tcp6: address 127.0.0.1: no suitable address found");
  EXPECT_EQ(dial_error("tcp4", "[::1]:1"), "dial tcp4: address ::1: no suitable address found");
  EXPECT_EQ(dial_error("tcp", "host.invalid:80"), "dial tcp: lookup host.invalid: no such host");
  EXPECT_EQ(dial_error("unix", "/nonexistent/x"), "dial unix /nonexistent/x: connect: no such file or directory");
  EXPECT_EQ(listen_error("foo", ":0"), "listen foo: unknown network foo");
  EXPECT_EQ(listen_error("tcp", "127.0.0.1"), "listen tcp: address 127.0.0.1: missing port in address");
  EXPECT_EQ(listen_error("tcp", "203.0.113.1:80"), "listen tcp 203.0.113.1:80: bind: cannot assign requested address");
  EXPECT_EQ(listen_error("udp", "127.0.0.1:0"), "listen udp 127.0.0.1:0: address 127.0.0.1:0: unexpected address type");
  EXPECT_EQ(listen_error("unix", "/nonexistent/x"), "listen unix /nonexistent/x: bind: no such file or directory");
  EXPECT_EQ(listen_error("unix", std::string(108, 'x')),
            "listen unix " + std::string(108, 'x') + ": bind: invalid argument");
  EXPECT_EQ(to_string(net::listen_packet("tcp", "127.0.0.1:0").err()),
            "listen tcp 127.0.0.1:0: address 127.0.0.1:0: unexpected address type");
}

WARREN_TEST(net_error, of_ports_reads_as_go_s) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const std::string taken = to_string(l.addr());
  const error err = net::listen("tcp", taken).err();
  EXPECT_EQ(to_string(err), "listen tcp " + taken + ": bind: address already in use");
  EXPECT_TRUE(errors::is(err, errors::from(std::make_error_code(std::errc::address_in_use))));
  EXPECT_EQ(l.close(), nil);
  const error refused = net::dial("tcp", taken).err();
  EXPECT_EQ(to_string(refused), "dial tcp " + taken + ": connect: connection refused");
  EXPECT_TRUE(errors::is(refused, errors::from(std::make_error_code(std::errc::connection_refused))));
  EXPECT_EQ(to_string(l.accept().err()), "accept tcp " + taken + ": use of closed network connection");
  EXPECT_TRUE(errors::is(l.accept().err(), net::closed));
  EXPECT_EQ(to_string(l.close()), "close tcp " + taken + ": use of closed network connection");
}

WARREN_TEST(net_error, of_connections_reads_as_go_s) {
  auto [client, server] = tests::tcp_pair();
  const std::string ends = to_string(client.local_addr()) + "->" + to_string(client.remote_addr());
  EXPECT_EQ(client.set_read_deadline(clock::time_point(clock::duration(1))), nil);
  char some[8];
  EXPECT_EQ(to_string(client.read(some).err()), "read tcp " + ends + ": i/o timeout");
  EXPECT_EQ(client.close(), nil);
  EXPECT_EQ(to_string(client.read(some).err()), "read tcp " + ends + ": use of closed network connection");
  EXPECT_EQ(to_string(client.write("x").err()), "write tcp " + ends + ": use of closed network connection");
  EXPECT_EQ(to_string(client.close()), "close tcp " + ends + ": use of closed network connection");
  EXPECT_EQ(to_string(client.set_deadline(clock::time_point{})), "set tcp " + ends + ": use of closed network connection");
  EXPECT_EQ(to_string(client.close_write()), "close tcp " + ends + ": use of closed network connection");
}

WARREN_TEST(net_error, of_nil_handles_is_a_panic) {
  char some[1];
  EXPECT_THROW(net::conn{}.read(some), panic_error);
  EXPECT_THROW(net::conn{}.close(), panic_error);
  EXPECT_THROW(net::listener{}.accept(), panic_error);
  EXPECT_THROW(net::packet_conn{}.close(), panic_error);
  EXPECT_THROW(net::dial(context{}, "tcp", "127.0.0.1:1"), panic_error);
}

}  // namespace
