// SPDX-License-Identifier: MIT
// What a handshake agrees on, and how it fails.
#include <warren/runtime/go.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include "sessions.hpp"

#include "../runtime/waiting.hpp"
#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// What the client says of a server with that certificate.
std::string verdict(const pem_pair& pair, const http::tls_config& config, std::string* of_server = nullptr) {
  const ends e(socket_pair(), server_config(pair));
  sync::wait_group wg;
  error at_server;
  wg.go([&] { at_server = read_until_error(e.server); });
  auto [c, err] = e.client(config);
  EXPECT_TRUE(err == nil || c == nil);
  if (c != nil) c.close();
  wg.wait();
  if (of_server != nullptr) *of_server = at_server.message();
  return err.message();
}

WARREN_TEST(tls_handshake, agrees_on_the_best) {
  const ends e(socket_pair());
  sync::wait_group wg;
  wg.go([&] { EXPECT_EQ(read_until_error(e.server), net::eof); });
  auto [c, err] = e.client();
  ASSERT_EQ(err, nil) << err;
  const auto state = http::state_of_tls(c);
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->version, http::tls_version::tls_1_3);
  EXPECT_EQ(state->negotiated_protocol, "http/1.1");
  EXPECT_EQ(state->server_name, "localhost");
  EXPECT_EQ(state->cipher_suite.rfind("TLS_", 0), 0u) << state->cipher_suite;
  c.close();
  wg.wait();
  EXPECT_EQ(http::state_of_tls(e.server)->server_name, "localhost");
  EXPECT_FALSE(http::state_of_tls(e.client_below).has_value());
}

WARREN_TEST(tls_handshake, verifies_the_certificate) {
  const authority stranger;
  const pem_pair good = the_authority().issue();
  std::string server;
  EXPECT_EQ(verdict(good, client_config(), &server), "<nil>");
  EXPECT_EQ(server, "EOF");
  EXPECT_EQ(verdict(good, client_config("127.0.0.1")), "<nil>");
  EXPECT_EQ(verdict(stranger.issue(), client_config(), &server),
            "tls: failed to verify certificate: x509: certificate signed by unknown authority");
  EXPECT_EQ(server, "remote error: tls: unknown certificate authority");
  EXPECT_EQ(verdict(good, {.server_name = "localhost"}),  // the system's roots
            "tls: failed to verify certificate: x509: certificate signed by unknown authority");
  EXPECT_EQ(verdict(stranger.issue(), {.server_name = "localhost", .insecure_skip_verify = true}), "<nil>");
}

WARREN_TEST(tls_handshake, verifies_the_name) {
  const std::string failed = "tls: failed to verify certificate: x509: ";
  const pem_pair two = the_authority().issue({.names = {"a.example", "*.b.example"}, .addresses = {}});
  EXPECT_EQ(verdict(two, client_config("a.example")), "<nil>");
  EXPECT_EQ(verdict(two, client_config("x.b.example")), "<nil>");
  std::string server;
  EXPECT_EQ(verdict(two, client_config("c.example"), &server),
            failed + "certificate is valid for a.example, *.b.example, not c.example");
  EXPECT_EQ(server, "remote error: tls: bad certificate");
  EXPECT_EQ(verdict(two, client_config("127.0.0.1")),
            failed + "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs");
  const pem_pair address = the_authority().issue({.names = {}, .addresses = {"127.0.0.1", "::1"}});
  EXPECT_EQ(verdict(address, client_config("::1")), "<nil>");
  EXPECT_EQ(verdict(address, client_config("10.0.0.1")), failed + "certificate is valid for 127.0.0.1, ::1, not 10.0.0.1");
  EXPECT_EQ(verdict(address, client_config("localhost")),
            failed + "certificate is not valid for any names, but wanted to match localhost");
  const pem_pair old = the_authority().issue({.names = {}, .addresses = {}, .common_name = "localhost"});
  EXPECT_EQ(verdict(old, client_config("localhost")),
            failed + "certificate relies on legacy Common Name field, use SANs instead");
}

WARREN_TEST(tls_handshake, verifies_the_time) {
  const std::string failed = "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: ";
  std::string server;
  const std::string late = verdict(the_authority().issue({.begins_in = -7200, .ends_in = -3600}), client_config(), &server);
  EXPECT_EQ(late.rfind(failed + "current time 20", 0), 0u) << late;
  EXPECT_NE(late.find("Z is after 20"), std::string::npos) << late;
  EXPECT_EQ(server, "remote error: tls: expired certificate");
  const std::string early = verdict(the_authority().issue({.begins_in = 3600}), client_config());
  EXPECT_EQ(early.rfind(failed, 0), 0u) << early;
  EXPECT_NE(early.find(" is before "), std::string::npos) << early;
}

WARREN_TEST(tls_handshake, wants_to_know_whom_to_expect) {
  const ends e(net::pipe());
  EXPECT_EQ(e.client({}).err().message(),
            "tls: either ServerName or InsecureSkipVerify must be specified in the tls.Config");
  const ends nobody(net::pipe(), http::tls_config{});
  char one[1];
  EXPECT_EQ(nobody.server.read(one).err().message(), "tls: no certificates configured");
}

WARREN_TEST(tls_handshake, refuses_an_old_version) {
  http::tls_config newest = server_config();
  newest.min_version = http::tls_version::tls_1_3;
  const ends e(socket_pair(), newest);
  sync::wait_group wg;
  wg.go([&] { EXPECT_EQ(read_until_error(e.server), net::eof); });
  auto [c, err] = e.client();
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(http::state_of_tls(c)->version, http::tls_version::tls_1_3);
  c.close();
  wg.wait();
}

WARREN_TEST(tls_handshake, refuses_a_protocol_that_nobody_knows) {
  http::tls_config other = client_config();
  other.next_protos = {"gopher"};
  const ends e(socket_pair());
  sync::wait_group wg;
  wg.go([&] { EXPECT_NE(read_until_error(e.server), net::eof); });
  EXPECT_EQ(e.client(other).err().message(), "remote error: tls: no application protocol");
  wg.wait();
}

WARREN_TEST(tls_handshake, of_a_client_meets_plain_text) {
  auto [below, peer] = socket_pair();
  peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  auto [c, err] = http::tls_client(context::background(), below, client_config());
  EXPECT_EQ(c, nil);
  EXPECT_EQ(err.message(), "tls: first record does not look like a TLS handshake");
  const auto* what = errors::as<http::tls_record_header_error>(err);
  ASSERT_NE(what, nullptr);
  EXPECT_EQ(what->header(), "HTTP/");
}

WARREN_TEST(tls_handshake, of_a_server_meets_plain_text) {
  auto [peer, below] = socket_pair();
  const net::conn server = http::tls_server(below, server_config());
  peer.write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(read_until_error(server).message(), "tls: first record does not look like a TLS handshake");
  server.close();
  EXPECT_EQ(read_to_end(peer).first,
            "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
}

WARREN_TEST(tls_handshake, of_a_server_meets_nonsense) {
  for (const std::string& text : {std::string(64, '\xff'), std::string("\x16\x03\x01\x00\x05hello", 10),
                                  std::string("\x16\x03\x01\xff\xff", 5) + std::string(100, 'a'),
                                  std::string("\x15\x03\x01\x00\x02\x02\x28", 7)}) {
    auto [peer, below] = socket_pair();
    const net::conn server = http::tls_server(below, server_config());
    peer.write(text);
    peer.close_write();
    const error err = read_until_error(server);
    EXPECT_NE(err, nil);
    EXPECT_NE(err, net::eof);
    EXPECT_EQ(read_until_error(server), err) << "it fails for good";
  }
}

WARREN_TEST(tls_handshake, meets_an_end) {
  auto [below, peer] = socket_pair();
  peer.close();
  const error err = http::tls_client(context::background(), below, client_config()).err();
  EXPECT_NE(err, nil);
}

WARREN_TEST(tls_handshake, ends_at_the_deadline) {
  auto [peer, below] = socket_pair();
  const net::conn server = http::tls_server(below, server_config());
  server.set_read_deadline(clock::now() + 20ms);
  const stopwatch watch;
  char room[10];
  const error err = server.read(room).err();
  EXPECT_TRUE(errors::is_timeout(err)) << err;
  EXPECT_TRUE(errors::is(err, net::deadline_exceeded)) << err;
  EXPECT_GE(watch.ms(), 19);
  // Nothing is lost by it: the handshake goes on when there is time again.
  server.set_read_deadline(clock::time_point{});
  sync::wait_group wg;
  wg.go([&] {
    auto [c, cerr] = http::tls_client(context::background(), peer, client_config());
    EXPECT_EQ(cerr, nil) << cerr;
    if (c != nil) c.write("late");
    if (c != nil) c.close();
  });
  EXPECT_EQ(read_to_end(server).first, "late");
  wg.wait();
}

WARREN_TEST(tls_handshake, is_cancelled_with_its_context) {
  auto [below, silent] = socket_pair();
  auto [ctx, cancel] = context::with_timeout(context::background(), 20ms);
  EXPECT_EQ(http::tls_client(ctx, below, client_config()).err(), context::deadline_exceeded);
  char one[1];
  EXPECT_TRUE(errors::is(below.read(one).err(), net::closed)) << "the conn below is closed";

  auto [below2, silent2] = socket_pair();
  auto [ctx2, cancel2] = context::with_cancel(context::background());
  go([cancel2 = cancel2] {
    sleep(5ms);
    cancel2();
  });
  EXPECT_EQ(http::tls_client(ctx2, below2, client_config()).err(), context::canceled);
  EXPECT_EQ(http::tls_client(ctx2, silent2, client_config()).err(), context::canceled) << "at once";
}

WARREN_TEST(tls_handshake, is_all_that_its_context_governs) {
  const ends e(socket_pair());
  auto [ctx, cancel] = context::with_cancel(context::background());
  sync::wait_group wg;
  wg.go([&] {
    char room[10];
    const auto got = e.server.read(room);
    EXPECT_EQ(std::string(room, got.value()), "hello");
  });
  auto [c, err] = e.client(client_config(), ctx);
  ASSERT_EQ(err, nil) << err;
  cancel();
  EXPECT_EQ(c.write("hello").err(), nil);
  wg.wait();
}

WARREN_TEST(tls_handshake, comes_with_a_write_as_well) {
  const ends e(socket_pair());
  sync::wait_group wg;
  wg.go([&] {
    EXPECT_EQ(e.server.write("first").err(), nil);
    e.server.close();
  });
  auto [c, err] = e.client();
  ASSERT_EQ(err, nil) << err;
  const auto [text, end] = read_to_end(c);
  EXPECT_EQ(text, "first");
  EXPECT_EQ(end, net::eof) << end;
  wg.wait();
}

}  // namespace
