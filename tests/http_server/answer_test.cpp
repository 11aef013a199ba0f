// SPDX-License-Identifier: MIT
// What the server adds to what a handler says.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <warren/http/date.hpp>
#include <warren/http/status.hpp>

using namespace warren;
using namespace std::chrono_literals;
using http::request;
using http::response_writer;
using tests::answer;
using tests::ask;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_10 = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
constexpr std::string_view head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

WARREN_TEST(answer, small_ones_have_a_length_a_type_and_a_date) {
  serving s([](response_writer& w, request&) { w.write("<html>hello"); });
  const answer a = ask(s.address(), get);
  EXPECT_EQ(a.status_line, "HTTP/1.1 200 OK");
  EXPECT_EQ(a.body, "<html>hello");
  EXPECT_EQ(a.field("Content-Length"), "11");
  EXPECT_EQ(a.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(http::parse_date(a.field("Date")).has_value()) << a.field("Date");
  EXPECT_FALSE(a.has("Connection"));
}

WARREN_TEST(answer, nothing_written_is_an_empty_ok) {
  serving s([](response_writer&, request&) {});
  const answer a = ask(s.address(), get);
  EXPECT_EQ(a.status_line, "HTTP/1.1 200 OK");
  EXPECT_EQ(a.field("Content-Length"), "0");
  EXPECT_FALSE(a.has("Content-Type"));
}

WARREN_TEST(answer, length_until_2048_bytes_then_chunks) {
  serving s([](response_writer& w, request& r) {
    const std::size_t n = std::stoul(r.url.path.substr(1));
    for (std::size_t i = 0; i < n; ++i) w.write("x");
  });
  for (const std::size_t n : {2047u, 2048u, 2049u, 5000u, 100000u}) {
    const answer a = ask(s.address(), "GET /" + std::to_string(n) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(a.chunked, n > 2048) << n;
    EXPECT_EQ(a.body, std::string(n, 'x'));
    EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  }
}

WARREN_TEST(answer, large_pieces_come_whole) {
  std::string piece(1 << 20, '\0');
  for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = static_cast<char>('a' + i % 26);
  serving s([&](response_writer& w, request&) {
    w.write("begin ");
    EXPECT_EQ(w.write(piece).value(), piece.size());
    w.write(" middle ");
    w.write(piece);
  });
  EXPECT_EQ(ask(s.address(), get).body, "begin " + piece + " middle " + piece);
  const answer old = ask(s.address(), get_10);
  EXPECT_EQ(old.body, "begin " + piece + " middle " + piece);
  EXPECT_FALSE(old.chunked);
  EXPECT_FALSE(old.has("Content-Length"));
}

WARREN_TEST(answer, to_head_there_is_no_body) {
  serving s([](response_writer& w, request& r) {
    EXPECT_EQ(w.write("hello").value(), 5u);
    if (r.url.path == "/big") w.write(std::string(10000, 'x'));
  });
  wire w(s.address());
  w.send(head);
  const answer a = w.read(true);
  EXPECT_EQ(a.field("Content-Length"), "5");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  w.send("HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(w.read(true).has("Content-Length"));
  w.send(get);
  EXPECT_EQ(w.read().body, "hello");
}

WARREN_TEST(answer, some_statuses_have_no_body) {
  serving s([](response_writer& w, request& r) {
    w.header().set("Content-Type", "a/b");
    w.header().set("Content-Length", "5");
    w.write_header(std::stoi(r.url.path.substr(1)));
    EXPECT_EQ(w.write("hello").err(), http::body_not_allowed);
  });
  wire w(s.address());
  for (const char* status : {"204", "304"}) {
    w.send("GET /" + std::string(status) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    const answer a = w.read();
    EXPECT_EQ(a.status_line.substr(9, 3), status);
    EXPECT_FALSE(a.has("Content-Length"));
    EXPECT_EQ(a.has("Content-Type"), a.status() == 204);
  }
}

WARREN_TEST(answer, status_lines) {
  serving s([](response_writer& w, request& r) { w.write_header(std::stoi(r.url.path.substr(1))); });
  wire w(s.address());
  const auto line_of = [&](const char* status) {
    w.send("GET /" + std::string(status) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return w.read().status_line;
  };
  EXPECT_EQ(line_of("404"), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(line_of("299"), "HTTP/1.1 299 status code 299");
  EXPECT_EQ(line_of("999"), "HTTP/1.1 999 status code 999");
}

WARREN_TEST(answer, fields_are_one_line_each) {
  serving s([](response_writer& w, request&) {
    w.header().set("X-Split", "a\r\nX-Evil: b");
    w.header().set("Bad Name", "gone");
    w.header().add("X-Two", "1");
    w.header().add("X-Two", "2");
  });
  const answer a = ask(s.address(), get);
  EXPECT_EQ(a.field("X-Split"), "a  X-Evil: b");
  EXPECT_FALSE(a.has("X-Evil"));
  EXPECT_FALSE(a.has("Bad Name"));
  EXPECT_EQ(std::count_if(a.fields.begin(), a.fields.end(), [](const auto& f) { return f.first == "X-Two"; }), 2);
}

WARREN_TEST(answer, fields_count_as_they_stand_when_the_status_is_said) {
  serving s([](response_writer& w, request&) {
    w.header().set("X-When", "before");
    w.write_header(200);
    w.header().set("X-When", "after");
    w.write("x");
  });
  EXPECT_EQ(ask(s.address(), get).field("X-When"), "before");
}

WARREN_TEST(answer, a_type_or_an_encoding_of_the_handlers_is_left_alone) {
  serving s([](response_writer& w, request& r) {
    if (r.url.path == "/type") w.header().set("Content-Type", "x/y");
    if (r.url.path == "/empty") w.header().set("Content-Type", "");
    if (r.url.path == "/encoding") w.header().set("Content-Encoding", "gzip");
    w.write("hello");
  });
  EXPECT_EQ(ask(s.address(), "GET /type HTTP/1.1\r\nHost: a\r\n\r\n").field("Content-Type"), "x/y");
  EXPECT_EQ(ask(s.address(), "GET /empty HTTP/1.1\r\nHost: a\r\n\r\n").field("Content-Type"), "");
  EXPECT_FALSE(ask(s.address(), "GET /encoding HTTP/1.1\r\nHost: a\r\n\r\n").has("Content-Type"));
}

WARREN_TEST(answer, a_declared_length_holds) {
  serving s([](response_writer& w, request& r) {
    w.header().set("Content-Length", "5");
    if (r.url.path == "/much") {
      EXPECT_EQ(w.write("hello").err(), nil);
      EXPECT_EQ(w.write("!").err(), http::wrong_content_length);
    } else {
      w.write("hel");
    }
  });
  wire w(s.address());
  w.send("GET /much HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(w.read().body, "hello");
  EXPECT_TRUE(w.at_end());
  wire little(s.address());
  little.send("GET /little HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(little.read().body, "hel");
  EXPECT_TRUE(little.at_end());
}

WARREN_TEST(answer, a_declared_length_that_is_none_is_dropped) {
  serving s([](response_writer& w, request&) {
    w.header().set("Content-Length", "many");
    w.write("hello");
  });
  EXPECT_EQ(ask(s.address(), get).field("Content-Length"), "5");
  EXPECT_EQ(s.log.lines(), std::vector<std::string>{"http: invalid Content-Length of \"many\""});
}

WARREN_TEST(answer, flush_sends_what_there_is) {
  chan<void> seen = make_chan<void>();
  serving s([&](response_writer& w, request&) {
    w.write("first");
    EXPECT_EQ(w.flush(), nil);
    seen.recv();
    w.write("second");
  });
  wire w(s.address());
  w.send(get);
  std::string text;
  std::array<char, 4096> room;
  while (text.find("first") == std::string::npos) {
    const auto [n, err] = w.conn().read(room);
    ASSERT_EQ(err, nil);
    text.append(room.data(), n);
  }
  EXPECT_NE(text.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  seen.send();
  EXPECT_TRUE(w.expect("6\r\nsecond\r\n0\r\n\r\n"));
}

WARREN_TEST(answer, informational_ones_come_before) {
  serving s([](response_writer& w, request&) {
    w.header().set("Link", "</style.css>");
    w.write_header(103);
    w.write_header(103);
    w.write("done");
  });
  wire w(s.address());
  w.send(get);
  for (int i = 0; i < 2; ++i) {
    const answer a = w.read();
    EXPECT_EQ(a.status_line, "HTTP/1.1 103 Early Hints");
    EXPECT_EQ(a.field("Link"), "</style.css>");
  }
  EXPECT_EQ(w.read().body, "done");
}

WARREN_TEST(answer, trailers_declared_and_not) {
  serving s([](response_writer& w, request&) {
    w.header().set("Trailer", "X-Sum, Content-Length");
    w.write("hello");
    w.header().set("X-Sum", "42");
    w.header().set("Trailer:X-Late", "yes");
  });
  const answer a = ask(s.address(), get);
  EXPECT_TRUE(a.chunked);
  EXPECT_EQ(a.body, "hello");
  const std::vector<std::pair<std::string, std::string>> expected{{"X-Sum", "42"}, {"X-Late", "yes"}};
  EXPECT_EQ(a.trailers, expected);
}

WARREN_TEST(answer, a_second_status_is_only_logged) {
  serving s([](response_writer& w, request&) {
    w.write_header(201);
    w.write_header(500);
    w.write("x");
  });
  EXPECT_EQ(ask(s.address(), get).status(), 201);
  const auto lines = s.log.lines();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("http: superfluous response.WriteHeader call from ")) << lines[0];
}

WARREN_TEST(answer, a_status_of_two_digits_panics) {
  serving s([](response_writer& w, request&) {
    EXPECT_THROW(w.write_header(99), panic_error);
    w.write_header(200);
  });
  EXPECT_EQ(ask(s.address(), get).status(), 200);
}

WARREN_TEST(answer, to_options_star_the_server_answers) {
  serving s([](response_writer& w, request&) { w.write("not me"); });
  const answer a = ask(s.address(), "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(a.status(), 200);
  EXPECT_EQ(a.field("Content-Length"), "0");
}

WARREN_TEST(answer, what_is_no_request_is_refused_as_go_does) {
  serving s([](response_writer&, request&) { ADD_FAILURE() << "was taken for a request"; });
  const auto refused = [&](std::string_view text) {
    wire w(s.address());
    w.send(text);
    return w.rest();
  };
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 400 Bad Request: missing required Host header\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Connection: close\r\n\r\n400 Bad Request: missing required Host header");
  EXPECT_EQ(refused("bad\r\n\r\n"),
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request");
  EXPECT_EQ(refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n"),
            "HTTP/1.1 501 Not Implemented\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
            "Unsupported transfer encoding");
  EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version\r\nContent-Type: text/plain; "
            "charset=utf-8\r\nConnection: close\r\n\r\n505 HTTP Version Not Supported: unsupported protocol version");
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(100000, 'x') + "\r\n\r\n"),
            "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: "
            "close\r\n\r\n431 Request Header Fields Too Large");
}

WARREN_TEST(answer, panics_end_the_connection_and_nothing_else) {
  serving s([](response_writer& w, request& r) {
    if (r.url.path == "/throw") throw std::runtime_error("oops");
    if (r.url.path == "/panic") panic("oh no");
    if (r.url.path == "/abort") panic(http::abort_handler);
    if (r.url.path == "/late") {
      w.write("begun");
      w.flush();
      throw 1;
    }
    if (r.url.path == "/exit") goexit();
    w.write("well");
  });
  const auto path = [](const char* p) { return "GET " + std::string(p) + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
  for (const char* p : {"/throw", "/panic", "/abort", "/exit"}) {
    wire w(s.address());
    w.send(path(p));
    EXPECT_TRUE(w.at_end()) << p;
  }
  wire late(s.address());
  late.send(path("/late"));
  EXPECT_TRUE(late.rest().ends_with("\r\n\r\n5\r\nbegun\r\n"));
  EXPECT_EQ(ask(s.address(), path("/")).body, "well");
  const auto lines = s.log.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].starts_with("http: panic serving 127.0.0.1:") && lines[0].ends_with(": oops")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(": oh no")) << lines[1];
}
