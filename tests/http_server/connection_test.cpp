// SPDX-License-Identifier: MIT
// The life of a connection: which requests share one, and who else may have it.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

using namespace warren;
using namespace std::chrono_literals;
using http::conn_state;
using http::request;
using http::response_writer;
using tests::answer;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// States that the connections of a server have had, in order.
struct states {
  std::function<void(const net::conn&, conn_state)> hook() {
    return [this](const net::conn&, conn_state s) {
      const std::lock_guard hold(mutex);
      if (!text.empty()) text += ' ';
      text += to_string(s);
    };
  }
  bool are(const std::string& expected) {
    return tests::eventually([&] {
      const std::lock_guard hold(mutex);
      return text == expected;
    });
  }
  std::mutex mutex;
  std::string text;
};

}  // namespace

WARREN_TEST(connection, which_answers_keep_it) {
  struct row {
    const char* path;
    const char* version;
    const char* field;
    bool kept;
  };
  static constexpr row rows[] = {
      {"/", "1.1", "", true},
      {"/", "1.1", "Connection: close\r\n", false},
      {"/", "1.1", "Connection: Close, x\r\n", false},
      {"/", "1.1", "Connection: keep-alive\r\n", true},
      {"/", "1.0", "", false},
      {"/", "1.0", "Connection: keep-alive\r\n", true},
      {"/big", "1.1", "", true},
      {"/big", "1.0", "Connection: keep-alive\r\n", false},
      {"/close", "1.1", "", false},
      {"/close", "1.0", "Connection: keep-alive\r\n", false},
      {"/none", "1.1", "", true},
      {"/none", "1.0", "Connection: keep-alive\r\n", true},
      {"/identity", "1.1", "", false},
  };
  serving s([](response_writer& w, request& r) {
    if (r.url.path == "/close") w.header().set("Connection", "close");
    if (r.url.path == "/identity") w.header().set("Transfer-Encoding", "identity");
    if (r.url.path == "/none") return w.write_header(204);
    w.write(r.url.path == "/big" ? std::string(100000, 'x') : "hello");
  });
  for (const row& r : rows) {
    wire w(s.address());
    const std::string text =
        "GET " + std::string(r.path) + " HTTP/" + r.version + "\r\nHost: a\r\n" + r.field + "\r\n";
    w.send(text);
    const answer a = w.read();
    const bool old = std::string_view(r.version) == "1.0";
    EXPECT_EQ(a.field("Connection"), r.kept ? (old ? "keep-alive" : "") : (old && r.path != std::string_view("/close") ? "" : "close"))
        << text;
    w.send(text);
    EXPECT_EQ(w.read().status_line.empty(), !r.kept) << text;
  }
}

WARREN_TEST(connection, what_is_left_of_a_body_is_dropped_up_to_256_kib) {
  struct row {
    std::size_t size;
    bool chunked;
    bool kept;
  };
  static constexpr std::size_t limit = 256 << 10;
  static constexpr row rows[] = {{10, false, true},         {limit - 1, false, true},     {limit, false, true},
                                 {2 * limit, false, false}, {1 << 20, false, false},      {10, true, true},
                                 {limit - 1, true, true},   {2 * limit, true, false}};
  serving s([](response_writer& w, request&) { w.write("not interested"); });
  for (const row& r : rows) {
    wire w(s.address());
    const std::string content(r.size, 'x');
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", r.size);
    go([text = std::string("POST / HTTP/1.1\r\nHost: a\r\n") +
                       (r.chunked ? "Transfer-Encoding: chunked\r\n\r\n" + (size + content) + "\r\n0\r\n\r\n"
                                  : "Content-Length: " + std::to_string(r.size) + "\r\n\r\n" + content),
        c = w.conn()] { c.write(text); });
    const answer a = w.read();
    EXPECT_EQ(a.body, "not interested") << r.size;
    EXPECT_EQ(a.field("Connection"), r.kept ? "" : "close") << r.size;
    if (!r.kept) continue;
    w.send(get);
    EXPECT_EQ(w.read().body, "not interested") << r.size;
  }
}

WARREN_TEST(connection, twenty_requests_in_one_segment_are_answered_in_order) {
  serving s([](response_writer& w, request& r) { w.write(r.url.path + ":" + http::read_all(r.body).value()); });
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
  }
  wire w(s.address());
  w.send(all);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(w.read().body, "/" + std::to_string(i) + ":abc");
  w.close_write();
  EXPECT_TRUE(w.at_end());
}

WARREN_TEST(connection, requests_come_byte_by_byte) {
  serving s([](response_writer& w, request& r) {
    const std::string content = http::read_all(r.body).value();
    w.write(r.method + r.url.path + content + r.trailer.get("X-Sum"));
  });
  wire w(s.address());
  for (const char c : std::string_view("POST /p HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                                       "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 7\r\n\r\n")) {
    w.send(std::string_view(&c, 1));
    if (c == '\n') sleep(1ms);
  }
  EXPECT_EQ(w.read().body, "POST/pabcde7");
  w.send("GET /q HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(w.read().body, "GET/q");
}

WARREN_TEST(connection, a_malformed_second_request_leaves_the_first_answer_whole) {
  serving s([](response_writer& w, request&) { w.write("good"); });
  wire w(s.address());
  w.send(std::string(get) + "BAD\r\n\r\n");
  EXPECT_EQ(w.read().body, "good");
  EXPECT_EQ(w.read().status(), 400);
  EXPECT_TRUE(w.at_end());
}

WARREN_TEST(connection, a_malformed_body_ends_it) {
  serving s([](response_writer& w, request& r) {
    EXPECT_NE(http::read_all(r.body).err(), nil);
    w.write("anyway");
  });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello");
  const answer a = w.read();
  EXPECT_EQ(a.body, "anyway");
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_TRUE(w.at_end());
}

WARREN_TEST(connection, expectations) {
  serving s([](response_writer& w, request& r) {
    if (r.url.path == "/read") w.write(http::read_all(r.body).value());
    else w.write("no, thanks");
  });
  wire w(s.address());
  w.send("POST /read HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(w.read().status_line, "HTTP/1.1 100 Continue");
  w.send("hello");
  EXPECT_EQ(w.read().body, "hello");
  w.send("POST /refuse HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  const answer refused = w.read();
  EXPECT_EQ(refused.body, "no, thanks");
  EXPECT_EQ(refused.field("Connection"), "close");
  const answer unknown = tests::ask(s.address(), "GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n");
  EXPECT_EQ(unknown.status(), 417);
  EXPECT_EQ(unknown.field("Connection"), "close");
  EXPECT_EQ(tests::ask(s.address(), "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").status(), 200);
}

WARREN_TEST(connection, hijack_hands_over_what_came_behind) {
  chan<error> after = make_chan<error>(2);
  serving s([&](response_writer& w, request&) {
    auto [c, err] = w.hijack();
    ASSERT_EQ(err, nil);
    EXPECT_EQ(w.hijack().err(), http::conn_hijacked);
    after.send(w.write("x").err());
    std::string text(8, '\0');
    std::size_t got = 0;
    while (got < text.size()) {
      const auto [n, failed] = c.read(std::span(text).subspan(got));
      if (failed != nil) break;
      got += n;
    }
    c.write("mine: " + text);
    c.close();
  });
  wire w(s.address());
  w.send(std::string(get) + "ahead");
  sleep(5ms);
  w.send("123");
  EXPECT_EQ(w.rest(), "mine: ahead123");
  EXPECT_EQ(after.recv(), http::conn_hijacked);
}

WARREN_TEST(connection, a_hijacked_one_outlives_its_handler_and_the_server) {
  chan<net::conn> given = make_chan<net::conn>(1);
  serving s([&](response_writer& w, request&) { given.send(w.hijack().value()); });
  wire w(s.address());
  w.send(get);
  const net::conn c = given.recv();
  EXPECT_EQ(s.server.shutdown(context::background()), nil);
  EXPECT_EQ(s.wait(), http::server_closed);
  EXPECT_EQ(c.write("still here").err(), nil);
  EXPECT_TRUE(w.expect("still here"));
}

WARREN_TEST(connection, states) {
  const auto sequence = [](std::string_view send, bool closes, const std::string& expected) {
    states seen;
    serving s;
    s.server.on_conn_state = seen.hook();
    s.start([](response_writer& w, request& r) {
      if (r.url.path == "/panic") panic(http::abort_handler);
      if (r.url.path == "/hijack") {
        w.hijack();
        return;
      }
      w.write("x");
    });
    wire w(s.address());
    w.send(send);
    if (!closes) w.read();
    else w.close();
    EXPECT_TRUE(seen.are(expected)) << send << ": " << seen.text;
  };
  sequence(get, false, "new active idle");
  sequence("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false, "new active closed");
  sequence("GET / HTTP/1.0\r\n\r\n", false, "new active closed");
  sequence("bad\r\n\r\n", false, "new active closed");
  sequence("GET /panic HTTP/1.1\r\nHost: a\r\n\r\n", false, "new active closed");
  sequence("GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n", false, "new active hijacked");
  sequence("", true, "new closed");
}

WARREN_TEST(connection, over_a_pipe_without_a_descriptor) {
  auto* p = new tests::pipes;
  http::server server;
  server.handler = [](response_writer& w, request& r) { w.write(r.url.path); };
  chan<error> ended = make_chan<error>(1);
  go([&, l = net::listener(p)] { ended.send(server.serve(l)); });
  auto [ours, theirs] = net::pipe();
  p->ends.send(theirs);
  theirs = nil;
  {
    wire w(ours);
    for (int i = 0; i < 3; ++i) {
      w.send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n");
      EXPECT_EQ(w.read().body, "/" + std::to_string(i));
    }
    EXPECT_EQ(server.shutdown(context::background()), nil);
    EXPECT_TRUE(w.at_end());
  }
  EXPECT_EQ(ended.recv(), http::server_closed);
}
