// SPDX-License-Identifier: MIT
// Responses as they come over the wire: framing of bodies, informational heads, limits, and what is malformed.

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

struct framing_case {
  const char* name;
  const char* method;
  std::string answer;
  int status;
  std::string body;
  std::int64_t content_length;
  bool reused;
};

const framing_case framing_cases[] = {
    {"sized", "GET", ok("Hello"), 200, "Hello", 5, true},
    {"no bytes", "GET", ok(""), 200, "", 0, true},
    {"chunked", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200,
     "abcde", -1, true},
    {"204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", 0, true},
    {"304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 17\r\n\r\n", 304, "", 0, true},
    {"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 123\r\n\r\n", 200, "", 123, true},
    {"HEAD, chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", -1, true},
    {"Connection: close", "GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 2, false},
    {"HTTP/1.0", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 2, false},
    {"HTTP/1.0 with keep-alive", "GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", 200, "hi",
     2, true},
    {"bytes beyond the end", "GET", ok("Hello") + "HTTP/1.1 200 OK\r\n", 200, "Hello", 5, false},
    {"informational ones before", "GET",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + ok("Hello"), 200, "Hello", 5, true},
    {"no reason", "GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", 2, true},
    {"error status", "GET", "HTTP/1.1 500 Oh no\r\nContent-Length: 2\r\n\r\nhi", 500, "hi", 2, true},
};

WARREN_TEST(http_client_response, bodies_end_where_the_head_says) {
  for (const framing_case& f : framing_cases) {
    scripted_server server(answer_all(f.answer));
    own_client c;
    for (int i = 0; i < 2; ++i) {
      auto [req, bad] = http::new_request(f.method, server.url());
      auto [res, err] = c.do_(req);
      ASSERT_EQ(err, nil) << f.name << ": " << err;
      EXPECT_EQ(res.status_code(), f.status) << f.name;
      EXPECT_EQ(res.content_length(), f.content_length) << f.name;
      auto [text, read_err] = read_all(res.body());
      EXPECT_EQ(read_err, nil);
      EXPECT_EQ(text, f.body) << f.name;
      EXPECT_EQ(res.body().close(), nil);
    }
    EXPECT_EQ(server.connections(), f.reused ? 1 : 2) << f.name;
  }
}

WARREN_TEST(http_client_response, without_a_length_the_body_ends_with_the_connection) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\n\r\nfirst ");
    sleep(2ms);
    p.send("second");
  });
  own_client c;
  EXPECT_EQ(fetch(c, server.url()), "first second");
  EXPECT_EQ(fetch(c, server.url()), "first second");
  EXPECT_EQ(server.connections(), 2);
}

WARREN_TEST(http_client_response, bytes_one_by_one) {
  scripted_server server([](peer& p) {
    while (!p.read_head().empty()) {
      for (const char c : std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"
                                      "5\r\nHello\r\n0\r\n\r\n")) {
        if (!p.send(std::string(1, c))) return;
      }
    }
  });
  own_client c;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(fetch(c, server.url()), "Hello");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_response, trailers_are_there_after_the_end) {
  scripted_server server(answer_all("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    "3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n"));
  own_client c;
  auto [res, err] = c.get(server.url());
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(read_all(res.body()).value(), "abc");
  EXPECT_EQ(res.trailer().get("X-Sum"), "42");
  EXPECT_FALSE(res.header().has("X-Sum"));
}

WARREN_TEST(http_client_response, the_body_may_outlive_the_response) {
  scripted_server server(answer_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"));
  own_client c;
  http::body kept;
  {
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil) << err;
    kept = res.body();
  }
  EXPECT_EQ(read_all(kept).value(), "abc");
}

WARREN_TEST(http_client_response, what_is_malformed_is_refused) {
  const std::pair<const char*, const char*> cases[] = {
      {"garbage\r\n\r\n", "malformed HTTP response"},
      {"HTTP/1.1 20 OK\r\n\r\n", "malformed HTTP"},
      {"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed MIME header"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", ""},
  };
  for (const auto& [answer, text] : cases) {
    scripted_server server(answer_all(answer));
    own_client c;
    const auto [res, err] = c.get(server.url());
    ASSERT_NE(err, nil) << answer;
    EXPECT_TRUE(res == nil);
    EXPECT_EQ(why(err).find("net/http: HTTP/1.x transport connection broken: "), 0U) << err;
    EXPECT_NE(why(err).find(text), std::string::npos) << err;
    EXPECT_EQ(err.message().find("Get \"" + server.url() + "\": "), 0U) << err;
  }
}

WARREN_TEST(http_client_response, a_connection_that_ends_early) {
  const std::pair<const char*, const char*> heads[] = {
      {"", "EOF"},
      {"HTTP/1.1 200 O", "net/http: HTTP/1.x transport connection broken: unexpected EOF"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "net/http: HTTP/1.x transport connection broken: unexpected EOF"},
  };
  for (const auto& [answer, text] : heads) {
    scripted_server server([a = std::string(answer)](peer& p) {
      p.read_head();
      p.send(a);
    });
    own_client c;
    const auto [res, err] = c.get(server.url());
    ASSERT_NE(err, nil);
    EXPECT_EQ(why(err), text);
  }
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHel",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHel"}) {
    scripted_server server([a = std::string(answer)](peer& p) {
      p.read_head();
      p.send(a);
    });
    own_client c;
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil);
    const auto [text, read_err] = read_all(res.body());
    EXPECT_EQ(text, "Hel");
    EXPECT_EQ(read_err, net::unexpected_eof);
  }
}

WARREN_TEST(http_client_response, heads_are_limited) {
  http::transport_options o;
  o.max_response_header_bytes = 10'000;
  const std::string hint = "HTTP/1.1 103 Early Hints\r\nX: " + std::string(2000, 'x') + "\r\n\r\n";
  const std::string heads[] = {
      "HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\nContent-Length: 0\r\n\r\n",
      hint + hint + hint + hint + hint + hint + ok("Hello"),
  };
  for (const std::string& answer : heads) {
    scripted_server server(answer_all(answer));
    own_client c(o);
    const auto [res, err] = c.get(server.url());
    ASSERT_NE(err, nil);
    EXPECT_NE(why(err).find("net/http: server response headers exceeded 10000 bytes; aborted"), std::string::npos) << err;
  }
  scripted_server server(answer_all("HTTP/1.1 200 OK\r\nX: " + std::string(9'900, 'x') + "\r\nContent-Length: 2\r\n\r\nhi"));
  own_client c(o);
  EXPECT_EQ(fetch(c, server.url()), "hi");
}

WARREN_TEST(http_client_response, endless_informational_heads_are_cut_off) {
  scripted_server server([](peer& p) {
    p.read_head();
    while (p.send("HTTP/1.1 103 Early Hints\r\n\r\n")) {
    }
  });
  http::transport_options o;
  o.max_response_header_bytes = 100'000;
  own_client c(o);
  const auto [res, err] = c.get(server.url());
  ASSERT_NE(err, nil);
  EXPECT_NE(why(err).find("response headers exceeded"), std::string::npos) << err;
}

WARREN_TEST(http_client_response, a_switch_of_protocols_is_an_answer) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello");
  });
  own_client c;
  auto [req, bad] = http::new_request("GET", server.url());
  req.header.set("Connection", "Upgrade");
  req.header.set("Upgrade", "x");
  auto [res, err] = c.do_(req);
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(res.status_code(), 101);
  EXPECT_EQ(read_all(res.body()).value(), "hello");
}

WARREN_TEST(http_client_response, reads_of_a_closed_body_fail) {
  scripted_server server(answer_all(ok("Hello")));
  own_client c;
  auto [res, err] = c.get(server.url());
  ASSERT_EQ(err, nil);
  EXPECT_EQ(res.body().close(), nil);
  EXPECT_EQ(res.body().close(), nil);
  EXPECT_EQ(read_all(res.body()).err().message(), "http: read on closed response body");
}

WARREN_TEST(http_client_response, large_bodies) {
  std::string large(3'000'000, 'x');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
  scripted_server server(answer_all(ok(large)));
  own_client c;
  EXPECT_TRUE(fetch(c, server.url()) == large);
  EXPECT_TRUE(fetch(c, server.url()) == large);
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
