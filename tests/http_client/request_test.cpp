// SPDX-License-Identifier: MIT
// Requests as they go over the wire, and those that are not sent.

#include <warren/http/outgoing.hpp>
#include <warren/http/request_check.hpp>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

http::request made(std::string_view method, std::string_view url, http::body content = {}) {
  auto [r, err] = http::new_request(method, url, std::move(content));
  EXPECT_EQ(err, nil) << err;
  return r;
}

std::string head_of(const http::request& r, bool keep_alive = true) {
  EXPECT_EQ(check_request(r), nil) << check_request(r);
  std::string out;
  http::outgoing how;
  const error err = write_head(r, keep_alive, out, how);
  return err == nil ? out : "error: " + err.message();
}

constexpr const char* agent = "User-Agent: warren-http-client/1.1\r\n";

TEST(http_client_request, heads) {
  EXPECT_EQ(head_of(made("GET", "http://h/p/a?q=1#f")), std::string("GET /p/a?q=1 HTTP/1.1\r\nHost: h\r\n") + agent + "\r\n");
  EXPECT_EQ(head_of(made("", "http://h:81")), std::string("GET / HTTP/1.1\r\nHost: h:81\r\n") + agent + "\r\n");
  EXPECT_EQ(head_of(made("POST", "http://h/")),
            std::string("POST / HTTP/1.1\r\nHost: h\r\n") + agent + "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(head_of(made("POST", "http://h/", "abc")),
            std::string("POST / HTTP/1.1\r\nHost: h\r\n") + agent + "Content-Length: 3\r\n\r\n");
  EXPECT_EQ(head_of(made("DELETE", "http://h/")), std::string("DELETE / HTTP/1.1\r\nHost: h\r\n") + agent + "\r\n");
  EXPECT_EQ(head_of(made("GET", "http://h/"), false),
            std::string("GET / HTTP/1.1\r\nHost: h\r\n") + agent + "Connection: close\r\n\r\n");
  EXPECT_EQ(head_of(made("GET", "http://[fe80::1%25eth0]:80/")),
            std::string("GET / HTTP/1.1\r\nHost: [fe80::1]:80\r\n") + agent + "\r\n");
}

TEST(http_client_request, fields) {
  http::request r = made("GET", "http://h/");
  r.header.set("X-One", "  1 ");
  r.header.add("x-two", "2");
  r.header.set("Host", "other");
  r.header.set("Content-Length", "77");
  r.header.set("Transfer-Encoding", "chunked");
  EXPECT_EQ(head_of(r), std::string("GET / HTTP/1.1\r\nHost: h\r\n") + agent + "X-One: 1\r\nX-Two: 2\r\n\r\n");
  r = made("GET", "http://h/");
  r.host = "named:99";
  r.header.set("User-Agent", "me/1");
  EXPECT_EQ(head_of(r), "GET / HTTP/1.1\r\nHost: named:99\r\nUser-Agent: me/1\r\n\r\n");
  r.header.set("User-Agent", "");
  EXPECT_EQ(head_of(r), "GET / HTTP/1.1\r\nHost: named:99\r\n\r\n");
  r.close = true;
  EXPECT_EQ(head_of(r), "GET / HTTP/1.1\r\nHost: named:99\r\nConnection: close\r\n\r\n");
}

TEST(http_client_request, credentials_of_the_url) {
  http::request r = made("GET", "http://Aladdin:open%20sesame@h/");
  EXPECT_EQ(head_of(r), std::string("GET / HTTP/1.1\r\nHost: h\r\n") + agent +
                            "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n");
  r.header.set("Authorization", "Bearer x");
  EXPECT_EQ(head_of(r), std::string("GET / HTTP/1.1\r\nHost: h\r\n") + agent + "Authorization: Bearer x\r\n\r\n");
}

TEST(http_client_request, nothing_that_would_split_a_request_is_sent) {
  const auto refused = [](auto&& change) {
    http::request r = made("GET", "http://h/");
    change(r);
    if (const error err = check_request(r); err != nil) return err.message();
    std::string out;
    http::outgoing how;
    const error err = write_head(r, true, out, how);
    return err != nil ? err.message() : "sent: " + out;
  };
  EXPECT_EQ(refused([](auto& r) { r.method = "GET / HTTP/1.1\r\nX: y\r\n\r\n"; }).find("net/http: invalid method "), 0U);
  EXPECT_EQ(refused([](auto& r) { r.header.set("X", "a\r\nY: b"); }), "net/http: invalid header field value for \"X\"");
  EXPECT_EQ(refused([](auto& r) { r.header.set("X", std::string("a\0b", 3)); }),
            "net/http: invalid header field value for \"X\"");
  EXPECT_EQ(refused([](auto& r) { r.header.set("X Y", "a"); }), "net/http: invalid header field name \"X Y\"");
  EXPECT_EQ(refused([](auto& r) { r.header.set("X:\r\nY", "a"); }).find("net/http: invalid header field name "), 0U);
  EXPECT_EQ(refused([](auto& r) { r.trailer.set("X", "a\nb"); }), "net/http: invalid trailer field value for \"X\"");
  EXPECT_EQ(refused([](auto& r) { r.trailer.set("Content-Length", "1"); }), "invalid Trailer key \"Content-Length\"");
  EXPECT_EQ(refused([](auto& r) { r.host = "a\r\nX: y"; }), "http: invalid Host header");
  EXPECT_EQ(refused([](auto& r) { r.url.host = "a b"; }), "http: invalid host in request URL");
  EXPECT_EQ(refused([](auto& r) { r.url.host = ""; }), "http: no Host in request URL");
  EXPECT_EQ(refused([](auto& r) { r.url.scheme = "ftp"; }), "unsupported protocol scheme \"ftp\"");
  EXPECT_EQ(refused([](auto& r) { r.url.raw_query = "a b HTTP/1.1\r\nX: y"; }),
            "net/http: can't write control character in Request.URL");
  EXPECT_EQ(refused([](auto& r) { r.content_length = 5; }), "http: Request.ContentLength=5 with nil Body");
  // What a path may hold is escaped.
  EXPECT_EQ(refused([](auto& r) { r.url.path = "/a b\r\nX: y"; }).find("sent: GET /a%20b%0D%0AX:%20y HTTP/1.1\r\n"), 0U);
}

WARREN_TEST(http_client_request, a_refused_one_reaches_nobody) {
  scripted_server server(answer_all(ok("")));
  own_client c;
  http::request r = made("GET", server.url());
  r.header.set("X", "a\r\nb");
  EXPECT_EQ(c.do_(r).err().message(), "Get \"" + server.url() + "\": net/http: invalid header field value for \"X\"");
  EXPECT_EQ(server.connections(), 0);
}

WARREN_TEST(http_client_request, errors_show_no_password) {
  own_client c;
  EXPECT_EQ(c.get("ftp://user:secret@h/x").err().message(),
            "Get \"ftp://user:***@h/x\": unsupported protocol scheme \"ftp\"");
  EXPECT_EQ(c.post("http:///x", "text/plain", "a").err().message(), "Post \"http:///x\": http: no Host in request URL");
  EXPECT_EQ(c.get("http://h/%zz").err().message(), "parse \"http://h/%zz\": invalid URL escape \"%zz\"");
}

/// Answers with what was received.
void echo(peer& p) {
  for (std::string head; !(head = p.read_head()).empty();) {
    const std::string body = p.read_body(head);
    if (!p.send(ok(head + body))) return;
  }
}

WARREN_TEST(http_client_request, small_bodies) {
  scripted_server server(echo);
  own_client c;
  for (int i = 0; i < 3; ++i) {
    auto [res, err] = c.post(server.url(), "text/plain", "Hello");
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(read_all(res.body()).value(), "POST / HTTP/1.1\r\nHost: " + server.address() + "\r\n" + agent +
                                                "Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nHello");
  }
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_request, forms) {
  scripted_server server(echo);
  own_client c;
  auto [res, err] = c.post_form(server.url(), {{"a", "1 2"}, {"b", "x&y"}});
  ASSERT_EQ(err, nil) << err;
  const std::string got = read_all(res.body()).value();
  EXPECT_NE(got.find("Content-Type: application/x-www-form-urlencoded\r\n"), std::string::npos) << got;
  EXPECT_NE(got.find("\r\n\r\na=1+2&b=x%26y"), std::string::npos) << got;
}

}  // namespace
