// SPDX-License-Identifier: MIT
// https between our client and our server.

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

#include "pair.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// The server's certificate and key in files.
struct pem_files {
  pem_pair pems = the_authority().issue();
  temporary_file certificate{"cert.pem", pems.certificate};
  temporary_file key{"key.pem", pems.key};
};

void tell_scheme(http::response_writer& w, http::request& r) {
  w.write(r.method + " " + r.host + " " + read_all(r.body).value());
}

WARREN_TEST(https, a_round_trip) {
  tests::pair p(tell_scheme, over::tls);
  EXPECT_EQ(fetch(p.client, p.url()), "200 GET " + p.address() + " ");
  auto [res, err] = p.client.post(p.url(), "text/plain", "text");
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(read_all(res.body()).value(), "POST " + p.address() + " text");
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(https, large_bodies_both_ways) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    char buf[8192];
    std::string all;
    for (;;) {
      auto [n, err] = r.body.read(buf);
      all.append(buf, n);
      if (err != nil) break;
    }
    w.write(all);
  }, over::tls);
  constexpr std::int64_t size = 1 << 20;
  for (const bool told : {true, false}) {
    http::request r = http::new_request("POST", p.url(), http::body(new letters(size, told))).value();
    r.content_length = told ? size : -1;
    const std::string answer = answer_to(p.client, r);
    EXPECT_TRUE(are_letters(std::string_view(answer).substr(4), size)) << answer.substr(0, 80);
  }
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(https, an_unknown_authority_is_refused) {
  const authority another;
  const http::tls_roots roots = http::tls_roots::parse(another.certificate()).value();
  tests::pair p(tell_scheme, over::tls, {.tls = {.roots = roots}});
  EXPECT_EQ(fetch(p.client, p.url()), "error: Get \"" + p.url() +
                                          "\": tls: failed to verify certificate: x509: certificate signed by "
                                          "unknown authority");
}

WARREN_TEST(https, another_name_is_refused) {
  tests::pair p(tell_scheme, over::tls, {.tls = {.roots = trusting_config().roots, .server_name = "example.com"}});
  const std::string said = fetch(p.client, p.url());
  EXPECT_NE(said.find("tls: failed to verify certificate: x509: certificate is valid for "), std::string::npos) << said;
  EXPECT_NE(said.find("not example.com"), std::string::npos) << said;
}

WARREN_TEST(https, whoever_believes_anybody) {
  tests::pair p(tell_scheme, over::tls, {.tls = {.insecure_skip_verify = true}});
  EXPECT_EQ(fetch(p.client, p.url()).substr(0, 7), "200 GET");
}

WARREN_TEST(https, to_a_server_without_tls) {
  tests::pair p(tell_scheme);
  const std::string url = "https://" + p.address() + "/";
  EXPECT_EQ(fetch(p.client, url), "error: Get \"" + url + "\": http: server gave HTTP response to HTTPS client");
  EXPECT_TRUE(errors::is(p.client.get(url).err(), http::scheme_mismatch));
}

WARREN_TEST(https, a_plain_request_is_told_so) {
  tests::pair p(tell_scheme, over::tls);
  EXPECT_EQ(fetch(p.client, "http://" + p.address() + "/"), "400 Client sent an HTTP request to an HTTPS server.\n");
}

WARREN_TEST(https, serve_tls_reads_its_files) {
  const pem_files files;
  auto [l, err] = net::listen("tcp", "localhost:0");
  ASSERT_EQ(err, nil);
  http::server s;
  s.handler = tell_scheme;
  chan<error> ended = make_chan<error>(1);
  go([&, l = l] { ended.send(s.serve_tls(l, files.certificate.path(), files.key.path())); });
  http::client c;
  c.transport = http::transport({.tls = trusting_config()});
  const std::string host = "localhost:" + std::to_string(l.addr().port());
  EXPECT_EQ(fetch(c, "https://" + host + "/"), "200 GET " + host + " ");
  c.close_idle();
  EXPECT_EQ(s.shutdown(context::background()), nil);
  EXPECT_EQ(ended.recv(), http::server_closed);
  http::server another;
  std::tie(l, err) = net::listen("tcp", "127.0.0.1:0");
  const error missing = another.serve_tls(l, "/no/such/cert.pem", files.key.path());
  EXPECT_NE(missing.message().find("/no/such/cert.pem"), std::string::npos) << missing;
}

WARREN_TEST(https, listen_and_serve_tls_listens_by_itself) {
  const pem_files files;
  http::server s;
  s.addr = to_string(net::listen("tcp", "127.0.0.1:0").value().addr());
  s.handler = tell_scheme;
  chan<error> ended = make_chan<error>(1);
  go([&] { ended.send(s.listen_and_serve_tls(files.certificate.path(), files.key.path())); });
  http::client c;
  c.transport = http::transport({.tls = trusting_config()});
  EXPECT_TRUE(soon([&] { return fetch(c, "https://" + s.addr + "/") == "200 GET " + s.addr + " "; }));
  c.close_idle();
  EXPECT_EQ(s.close(), nil);
  EXPECT_EQ(ended.recv(), http::server_closed);
}

WARREN_TEST(https, a_hundred_sessions_are_kept_and_used) {
  constexpr int sessions = 100;
  tests::pair p(
      [](http::response_writer& w, http::request& r) { w.write(r.query("n")); }, over::tls,
      {.max_idle_conns = sessions, .max_idle_conns_per_host = sessions});
  const int count = static_cast<int>(tests::scaled(sessions));
  // All at a time, so that each has a connection of its own.
  std::vector<http::response> held;
  for (int i = 0; i < count; ++i) held.push_back(p.client.get(p.url("/?n=" + std::to_string(i))).value());
  EXPECT_EQ(p.accepted(), count);
  for (int i = 0; i < count; ++i) {
    EXPECT_EQ(read_all(held[static_cast<std::size_t>(i)].body()).value(), std::to_string(i));
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < count; ++i) held[static_cast<std::size_t>(i)] = p.client.get(p.url("/?n=x")).value();
    for (const http::response& r : held) EXPECT_EQ(read_all(r.body()).value(), "x");
  }
  EXPECT_EQ(p.accepted(), count);
  EXPECT_EQ(p.open(), count);
}

WARREN_TEST(https, redirects_lead_from_http_to_https) {
  tests::pair secure([](http::response_writer& w, http::request& r) { w.write("secure " + r.url.path); }, over::tls);
  tests::pair plain([&](http::response_writer& w, http::request& r) {
    http::redirect(w, r, secure.url(r.url.path), http::status_moved_permanently);
  });
  const http::response res = secure.client.get(plain.url("/x")).value();
  EXPECT_EQ(read_all(res.body()).value(), "secure /x");
  EXPECT_EQ(to_string(res.request().url), secure.url("/x"));
}

WARREN_TEST(https, a_session_that_is_cut_breaks_the_body) {
  tests::pair p([](http::response_writer& w, http::request&) {
    w.header().set("Content-Length", "100");
    w.write("begin");
    w.flush();
    panic(http::abort_handler);
  }, over::tls);
  auto [res, err] = p.client.get(p.url());
  ASSERT_EQ(err, nil) << err;
  auto [text, read_err] = read_all(res.body());
  EXPECT_EQ(text, "begin");
  EXPECT_EQ(read_err, net::unexpected_eof);
}

WARREN_TEST(https, shutdown_ends_idle_sessions) {
  tests::pair p(tell_scheme, over::tls);
  EXPECT_EQ(fetch(p.client, p.url()).substr(0, 3), "200");
  EXPECT_EQ(p.server.shutdown(context::background()), nil);
  EXPECT_EQ(p.open(), 0);
}

}  // namespace
