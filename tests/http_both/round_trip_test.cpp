// SPDX-License-Identifier: MIT
// Messages from our client to our server and back: methods, bodies, fields, connections.

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pair.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

constexpr std::int64_t large = 1 << 20;

/// The body back, in the coding that the query asks for.
void echo(http::response_writer& w, http::request& r) {
  auto [text, err] = read_all(r.body);
  if (err != nil) return http::error(w, err.message(), http::status_bad_request);
  if (r.query("coding") == "sized") w.header().set("Content-Length", std::to_string(text.size()));
  for (std::size_t at = 0; at < text.size(); at += 10'000) {
    w.write(std::string_view(text).substr(at, 10'000));
    if (r.query("coding") == "flushed") w.flush();
  }
}

WARREN_TEST(http_both, every_method_arrives) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    w.header().set("X-Method", r.method);
    w.write(r.method + " " + read_all(r.body).value());
  });
  for (const std::string_view method : {http::method_get, http::method_post, http::method_put, http::method_patch,
                                        http::method_delete, http::method_options, http::method_trace}) {
    const bool has_body = method == http::method_post || method == http::method_put || method == http::method_patch;
    const http::request r = http::new_request(method, p.url(), has_body ? http::body("text") : http::body()).value();
    EXPECT_EQ(answer_to(p.client, r), "200 " + std::string(method) + (has_body ? " text" : " "));
  }
  const http::response head = p.client.head(p.url()).value();
  EXPECT_EQ(head.header().get("X-Method"), "HEAD");
  EXPECT_EQ(head.content_length(), 5);
  EXPECT_EQ(read_all(head.body()).value(), "");
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(http_both, bodies_of_any_size_in_any_coding) {
  tests::pair p(echo);
  for (const std::int64_t size : std::vector<std::int64_t>{0, 1, 2048, 2049, 70'000, large}) {
    for (const bool told : {true, false}) {
      for (const char* coding : {"sized", "flushed", "any"}) {
        const http::body content(new letters(size, told));
        auto [r, err] = http::new_request("POST", p.url("/?coding=") + coding, content);
        r.content_length = told ? size : -1;
        auto [res, do_err] = p.client.do_(r);
        ASSERT_EQ(do_err, nil) << do_err;
        auto [text, read_err] = read_all(res.body());
        EXPECT_EQ(read_err, nil);
        EXPECT_TRUE(are_letters(text, size)) << size << ' ' << told << ' ' << coding << ' ' << text.size();
        if (coding == std::string("sized")) {
          EXPECT_EQ(res.content_length(), size);
        }
        if (coding == std::string("flushed") && size > 0) {
          EXPECT_EQ(res.content_length(), -1);
        }
      }
    }
  }
  EXPECT_EQ(p.accepted(), 1) << "each exchange leaves the connection for the next one";
}

WARREN_TEST(http_both, trailers_come_behind_the_body) {
  tests::pair p([](http::response_writer& w, http::request&) {
    w.header().set("Trailer", "X-Sum");
    w.write("body");
    w.flush();
    w.header().set("X-Sum", "4");
    w.header().set("Trailer:X-Late", "unannounced");
  });
  const http::response res = p.client.get(p.url()).value();
  EXPECT_FALSE(res.header().has("X-Sum"));
  EXPECT_EQ(read_all(res.body()).value(), "body");
  EXPECT_EQ(res.trailer().get("X-Sum"), "4");
  EXPECT_EQ(res.trailer().get("X-Late"), "unannounced");
}

WARREN_TEST(http_both, trailers_come_behind_the_body_of_a_request) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    const std::string before = r.trailer.get("X-Sum");
    const std::string text = read_all(r.body).value();
    w.write(before + "|" + text.substr(0, 2) + "|" + r.trailer.get("X-Sum"));
  });
  http::request r = http::new_request("POST", p.url(), http::body(new letters(10'000, false))).value();
  r.content_length = -1;
  r.trailer.set("X-Sum", "42");
  EXPECT_EQ(answer_to(p.client, r), "200 |" + read_all(http::body(new letters(2, true))).value() + "|42");
  EXPECT_EQ(answer_to(p.client, http::new_request("POST", p.url(), "text").value()), "200 |te|");
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(http_both, a_large_upload_waits_for_100_continue) {
  tests::pair p(echo, over::tcp, {.expect_continue_timeout = 10s});
  http::request r = http::new_request("PUT", p.url(), http::body(new letters(large, true))).value();
  r.content_length = large;
  r.header.set("Expect", "100-continue");
  const auto begin = clock::now();
  const std::string answer = answer_to(p.client, r);
  EXPECT_TRUE(are_letters(std::string_view(answer).substr(4), large)) << answer.substr(0, 80);
  EXPECT_LT(since(begin), 5s) << "nobody waited for the time to pass";
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(http_both, an_upload_that_is_refused_is_not_sent) {
  tests::pair p(
      [](http::response_writer& w, http::request&) {
        http::error(w, "too large", http::status_request_entity_too_large);
      },
      over::tcp, {.expect_continue_timeout = 10s});
  auto* const source = new letters(large, true);
  const http::body content(source);
  http::request r = http::new_request("PUT", p.url(), content).value();
  r.content_length = large;
  r.header.set("Expect", "100-continue");
  EXPECT_EQ(answer_to(p.client, r), "413 too large\n");
  EXPECT_EQ(source->given(), 0);
}

WARREN_TEST(http_both, an_early_413_is_read_while_the_body_is_sent) {
  tests::pair p(http::max_bytes(echo, 1000));
  for (int i = 0; i < 5; ++i) {
    const http::body content(new letters(8 * large, false));
    auto [res, err] = p.client.post(p.url(), "text/plain", content);
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(res.status_code(), http::status_bad_request);
    EXPECT_EQ(read_all(res.body()).value(), "http: request body too large\n");
  }
  EXPECT_EQ(p.accepted(), 5) << "what was not read spoils a connection";
}

WARREN_TEST(http_both, a_mux_redirects_and_the_client_follows) {
  http::serve_mux mux;
  mux.handle("/new", [](http::response_writer& w, http::request& r) { w.write(r.method + read_all(r.body).value()); });
  mux.handle("/old", http::redirect_handler("/new", http::status_found));
  mux.handle("/kept", http::redirect_handler("new?x=1", http::status_temporary_redirect));
  mux.handle("/folder/", [](http::response_writer& w, http::request& r) { w.write(r.url.path); });
  mux.handle("/loop", http::redirect_handler("/loop", http::status_see_other));
  tests::pair p(mux);
  EXPECT_EQ(fetch(p.client, p.url("/old")), "200 GET");
  EXPECT_EQ(fetch(p.client, p.url("/folder")), "200 /folder/") << "the mux knows it with a slash";
  EXPECT_EQ(fetch(p.client, p.url("//folder/../folder/x")), "200 /folder/x") << "the mux cleans the path";
  EXPECT_EQ(read_all(p.client.post(p.url("/old"), "text/plain", "b").value().body()).value(), "GET");
  EXPECT_EQ(read_all(p.client.post(p.url("/kept"), "text/plain", "b").value().body()).value(), "POSTb");
  p.client.max_redirects = 3;
  EXPECT_EQ(why(p.client.get(p.url("/loop")).err()), "stopped after 3 redirects");
}

WARREN_TEST(http_both, cookies_go_there_and_back) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    if (const std::string name = r.cookie("user"); !name.empty()) {
      w.write("hello, " + name);
      return;
    }
    http::set_cookie(w.header(), {.name = "user", .value = "somebody", .path = "/", .max_age = 60, .http_only = true});
  });
  http::request r = http::new_request("GET", p.url()).value();
  const http::response first = p.client.do_(r).value();
  ASSERT_EQ(first.cookies().size(), 1u);
  const http::cookie c = first.cookies()[0];
  EXPECT_EQ(c.value, "somebody");
  EXPECT_EQ(c.max_age, 60);
  EXPECT_TRUE(c.http_only);
  EXPECT_EQ(read_all(first.body()).value(), "");
  r.add_cookie(c);
  EXPECT_EQ(answer_to(p.client, r), "200 hello, somebody");
}

WARREN_TEST(http_both, a_hijacked_connection_is_the_handlers) {
  tests::pair p([](http::response_writer& w, http::request&) {
    auto [c, err] = w.hijack();
    ASSERT_EQ(err, nil);
    c.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n");
    c.write("mine");
    c.close();
  });
  EXPECT_EQ(fetch(p.client, p.url()), "200 mine");
  EXPECT_EQ(fetch(p.client, p.url()), "200 mine");
  EXPECT_EQ(p.accepted(), 2);
}

WARREN_TEST(http_both, an_upgrade_goes_on_as_a_stream) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    ASSERT_EQ(r.header.get("Upgrade"), "echo");
    auto [c, err] = w.hijack();
    ASSERT_EQ(err, nil);
    c.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    char buf[64];
    for (;;) {
      auto [n, read_err] = c.read(buf);
      if (read_err != nil) break;
      c.write({buf, n});
    }
    c.close();
  });
  auto [c, err] = net::dial("tcp", p.address());
  ASSERT_EQ(err, nil);
  c.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nat once");
  std::string all;
  char buf[256];
  while (all.find("at once") == std::string::npos) {
    auto [n, read_err] = c.read(buf);
    ASSERT_EQ(read_err, nil);
    all.append(buf, n);
  }
  c.write("later");
  EXPECT_EQ(std::string(buf, c.read(buf).value()), "later");
  c.close();
}

WARREN_TEST(http_both, connections_are_used_again) {
  tests::pair p(echo, over::tcp, {.max_idle_conns_per_host = 8});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(fetch(p.client, p.url()), "200 ");
  EXPECT_EQ(p.accepted(), 1);
  sync::wait_group wg;
  for (int i = 0; i < 8; ++i) {
    wg.go([&] {
      for (int k = 0; k < 50; ++k) EXPECT_EQ(fetch(p.client, p.url()), "200 ");
    });
  }
  wg.wait();
  EXPECT_LE(p.accepted(), 16) << "as many as were needed at a time, and dials that came too late";
  EXPECT_LE(p.open(), 8 + 8);
}

WARREN_TEST(http_both, a_connection_that_either_side_closes_is_not_used_again) {
  tests::pair p([](http::response_writer& w, http::request& r) {
    if (r.query("close") == "server") w.header().set("Connection", "close");
    w.write(r.close ? "asked" : "not asked");
  });
  EXPECT_EQ(fetch(p.client, p.url("/?close=server")), "200 not asked");
  EXPECT_EQ(fetch(p.client, p.url("/")), "200 not asked");
  EXPECT_EQ(p.accepted(), 2);
  http::request r = http::new_request("GET", p.url()).value();
  r.close = true;
  EXPECT_EQ(answer_to(p.client, r), "200 asked");
  EXPECT_EQ(fetch(p.client, p.url("/")), "200 not asked");
  EXPECT_EQ(p.accepted(), 3);
  p.server.set_keep_alives_enabled(false);
  EXPECT_TRUE(soon([&] { return p.open() == 0; })) << "the idle one is closed";
  EXPECT_EQ(fetch(p.client, p.url()), "200 not asked");
  EXPECT_EQ(fetch(p.client, p.url()), "200 not asked");
  EXPECT_EQ(p.accepted(), 5);
}

WARREN_TEST(http_both, without_a_handler_the_default_mux_answers) {
  static int run_number = 0;
  const std::string path = "/default_mux/" + std::to_string(++run_number);
  http::handle("GET " + path + "/{name}",
               [](http::response_writer& w, http::request& r) { w.write("hello, " + r.path_value("name")); });
  tests::pair p(nil);
  EXPECT_EQ(fetch(p.client, p.url(path + "/you")), "200 hello, you");
  EXPECT_EQ(fetch(p.client, p.url(path)), "404 404 page not found\n");
  auto [res, err] = p.client.post(p.url(path + "/you"), "text/plain", "");
  EXPECT_EQ(res.status_code(), http::status_method_not_allowed);
  EXPECT_EQ(res.header().get("Allow"), "GET, HEAD");
}

WARREN_TEST(http_both, over_a_unix_socket) {
  const std::string path = "/tmp/warren-http-both-" + std::to_string(::getpid()) + ".sock";
  auto [l, lerr] = net::listen("unix", path);
  ASSERT_EQ(lerr, nil) << lerr;
  http::server s;
  s.handler = echo;
  chan<error> ended = make_chan<error>(1);
  go([&s, ended, l = l] { ended.send(s.serve(l)); });
  http::client c;
  c.transport = http::transport({.dial = [path](const context& ctx, std::string_view, std::string_view address) {
    EXPECT_EQ(address, "any.host:80");
    return net::dial(ctx, "unix", path);
  }});
  const http::request r = http::new_request("POST", "http://any.host/", "through a file").value();
  EXPECT_EQ(answer_to(c, r), "200 through a file");
  c.close_idle();
  EXPECT_EQ(s.shutdown(context::background()), nil);
  EXPECT_EQ(ended.recv(), http::server_closed);
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the path goes with its listener";
}

}  // namespace
