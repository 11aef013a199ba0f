// SPDX-License-Identifier: MIT
// Where redirects lead, and what goes along.

#include <warren/http/client_redirect.hpp>
#include <warren/http/response_state.hpp>
#include <warren/sync/mutex.hpp>

#include <mutex>
#include <vector>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

http::request made(std::string_view method, std::string_view url, http::body content = {}) {
  auto [r, err] = http::new_request(method, url, std::move(content));
  EXPECT_EQ(err, nil) << err;
  return r;
}

http::response answer(int status, std::string_view location) {
  auto* const state = new http::response_state;
  state->status = status;
  state->header.set("Location", location);
  return http::response(state);
}

/// The request that follows `first` when its server answers so.
http::request next_of(const http::request& first, int status, std::string_view location) {
  const http::response r = answer(status, location);
  http::redirect_trail trail;
  const std::vector<http::request> sent{first};
  auto [next, err] = redirected(r, redirection_of(r, first.method, first), sent, trail);
  EXPECT_EQ(err, nil) << err;
  return next;
}

// Go's TestShouldCopyHeaderOnRedirect, and from https to http.
TEST(http_client_redirect, secrets_stay_in_their_domain) {
  const struct {
    const char* from;
    const char* to;
    bool kept;
  } cases[] = {
      {"http://foo.com/", "http://bar.com/", false},
      {"http://foo.com/", "https://foo.com/", true},
      {"http://foo.com:1234/", "http://foo.com:4321/", true},
      {"http://foo.com/", "http://[::1%25.foo.com]/", false},
      {"http://foo.com/", "http://foo.com/", true},
      {"http://foo.com/", "http://sub.foo.com/", true},
      {"http://sub.foo.com/", "http://foo.com/", false},
      {"http://foo.com/", "http://notfoo.com/", false},
      {"http://foo.com:80/", "http://sub.foo.com/", true},
      {"http://foo.com:443/", "https://sub.foo.com/", true},
      {"http://foobar.com/", "http://fooBAR.com/", true},
      {"http://127.0.0.1/", "http://127.0.0.2/", false},
      {"https://foo.com/", "http://foo.com/", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.from) + " => " + c.to);
    http::request first = made("GET", c.from);
    for (const char* name : {"Authorization", "Cookie", "Cookie2", "Www-Authenticate", "Proxy-Authorization", "X-Mine"}) {
      first.header.set(name, "x");
    }
    const http::request next = next_of(first, 302, c.to);
    for (const char* name : {"Authorization", "Cookie", "Cookie2", "Www-Authenticate", "Proxy-Authorization"}) {
      EXPECT_EQ(next.header.has(name), c.kept) << name;
    }
    EXPECT_TRUE(next.header.has("X-Mine"));
  }
}

// Go's TestReferer.
TEST(http_client_redirect, referers) {
  const struct {
    const char* from;
    const char* to;
    const char* said;
    const char* want;
  } cases[] = {
      {"http://gopher@test.com", "http://link.com", "", "http://test.com"},
      {"https://gopher:go@test.com", "https://link.com", "", "https://test.com"},
      {"http://test.com", "http://link.com", "", "http://test.com"},
      {"https://test.com", "http://link.com", "", ""},
      {"https://test.com", "http://link.com", "https://foo.com", ""},
      {"https://test.com", "https://link.com", "https://foo.com", "https://foo.com"},
  };
  for (const auto& c : cases) {
    http::request first = made("GET", c.from);
    if (*c.said != '\0') first.header.set("Referer", c.said);
    EXPECT_EQ(next_of(first, 302, c.to).header.get("Referer"), c.want) << c.from << " => " << c.to;
  }
}

TEST(http_client_redirect, a_host_of_ones_own_goes_along_within_the_server) {
  http::request first = made("GET", "http://a.com/x");
  first.host = "named.com";
  EXPECT_EQ(next_of(first, 302, "/y").host, "named.com");
  EXPECT_EQ(next_of(first, 302, "http://a.com/y").host, "");
}

TEST(http_client_redirect, passwords_are_not_shown) {
  EXPECT_EQ(http::without_password(http::url::parse("http://a:b@h/a:b@").value()), "http://a:***@h/a:b@");
  EXPECT_EQ(http::without_password(http::url::parse("http://a@h/").value()), "http://a@h/");
}

/// The query of a request's target: the codes to answer with, one after the other, by commas.
struct redirector {
  sync::mutex mutex;
  std::vector<std::string> seen;

  void operator()(peer& p) {
    for (std::string head; !(head = p.read_head()).empty();) {
      const std::string body = p.read_body(head);
      const std::string line = head.substr(0, head.find(" HTTP/1.1"));
      {
        const std::lock_guard guard(mutex);
        seen.push_back(line + " \"" + body + "\"");
      }
      if (!p.send(answer_to(line))) return;
    }
  }

  static std::string answer_to(const std::string& line) {
    const std::size_t at = line.find('?');
    if (at == std::string::npos) return ok("done");
    const std::string codes = line.substr(at + 1);
    const std::size_t comma = codes.find(',');
    const std::string code = codes.substr(0, comma);
    const std::string location = comma == std::string::npos ? "/" : "/?" + codes.substr(comma + 1);
    const std::string where = code[0] == '3' ? "Location: " + location + "\r\n" : "";
    const std::string content = code == "304" ? "" : "Content-Length: 3\r\n\r\nabc";
    return "HTTP/1.1 " + code + " X\r\n" + where + (content.empty() ? "\r\n" : content);
  }
};

struct by_method {
  const char* target;
  const char* body;
  int status;
};

void check_requests(const char* method, const std::vector<by_method>& calls, const std::vector<std::string>& want) {
  redirector r;
  scripted_server server([&r](peer& p) { r(p); });
  own_client c;
  for (const by_method& call : calls) {
    auto [res, err] = c.do_(made(method, server.url(call.target), http::body(call.body)));
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(res.status_code(), call.status) << call.target;
    res.body().close();
  }
  const std::lock_guard guard(r.mutex);
  EXPECT_EQ(r.seen, want);
  EXPECT_EQ(server.connections(), 1);
}

// Go's TestPostRedirects and TestDeleteRedirects.
WARREN_TEST(http_client_redirect, methods_and_bodies_of_a_post) {
  check_requests("POST",
                 {{"/", "first", 200},
                  {"/?301,302", "c301", 200},
                  {"/?302,302", "c302", 200},
                  {"/?303,301", "c303wc301", 200},
                  {"/?304", "c304", 304},
                  {"/?305", "c305", 305},
                  {"/?307,303,308,302", "c307", 200},
                  {"/?308,302,301", "c308", 200},
                  {"/?404", "c404", 404}},
                 {"POST / \"first\"",
                  "POST /?301,302 \"c301\"", "GET /?302 \"\"", "GET / \"\"",
                  "POST /?302,302 \"c302\"", "GET /?302 \"\"", "GET / \"\"",
                  "POST /?303,301 \"c303wc301\"", "GET /?301 \"\"", "GET / \"\"",
                  "POST /?304 \"c304\"",
                  "POST /?305 \"c305\"",
                  "POST /?307,303,308,302 \"c307\"", "POST /?303,308,302 \"c307\"", "GET /?308,302 \"\"",
                  "GET /?302 \"\"", "GET / \"\"",
                  "POST /?308,302,301 \"c308\"", "POST /?302,301 \"c308\"", "GET /?301 \"\"", "GET / \"\"",
                  "POST /?404 \"c404\""});
}

WARREN_TEST(http_client_redirect, methods_and_bodies_of_a_delete) {
  check_requests("DELETE", {{"/?301,308", "c301", 200}, {"/?307,308", "c307", 200}},
                 {"DELETE /?301,308 \"c301\"", "GET /?308 \"\"", "GET / \"\"",
                  "DELETE /?307,308 \"c307\"", "DELETE /?308 \"c307\"", "DELETE / \"c307\""});
}

WARREN_TEST(http_client_redirect, head_stays_head) {
  redirector r;
  scripted_server server([&r](peer& p) {
    const std::string head = p.read_head();
    {
      const std::lock_guard guard(r.mutex);
      r.seen.push_back(head.substr(0, 4));
    }
    p.send(head.starts_with("HEAD / ") ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
                                               : "HTTP/1.1 302 X\r\nLocation: /\r\nConnection: close\r\n\r\n");
  });
  own_client c;
  auto [res, err] = c.head(server.url("/?302"));
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(res.status_code(), 200);
  const std::lock_guard guard(r.mutex);
  EXPECT_EQ(r.seen, (std::vector<std::string>{"HEAD", "HEAD"}));
}

WARREN_TEST(http_client_redirect, ten_and_no_more) {
  scripted_server server(answer_all("HTTP/1.1 302 X\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"));
  own_client c;
  auto [res, err] = c.get(server.url());
  ASSERT_NE(err, nil);
  EXPECT_EQ(err.message(), "Get \"/again\": stopped after 10 redirects");
  ASSERT_TRUE(res != nil);
  EXPECT_EQ(res.status_code(), 302);
  c.max_redirects = 2;
  EXPECT_EQ(why(c.get(server.url()).err()), "stopped after 2 redirects");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_redirect, whether_to_follow_may_be_decided) {
  redirector r;
  scripted_server server([&r](peer& p) { r(p); });
  own_client c;
  std::vector<std::string> asked;
  c.check_redirect = [&](http::request& next, std::span<const http::request> sent) -> error {
    asked.push_back(next.url.request_target() + " after " + std::to_string(sent.size()));
    if (sent.size() == 2) return http::use_last_response;
    return nil;
  };
  auto [res, err] = c.get(server.url("/?301,302,303"));
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(res.status_code(), 302);
  EXPECT_EQ(read_all(res.body()).value(), "abc");
  EXPECT_EQ(asked, (std::vector<std::string>{"/?302,303 after 1", "/?303 after 2"}));
  const error no = errors::make("no");
  c.check_redirect = [&](http::request&, std::span<const http::request>) { return no; };
  auto [last, refused] = c.get(server.url("/?301,302"));
  EXPECT_TRUE(errors::is(refused, no));
  EXPECT_EQ(last.status_code(), 301);
}

WARREN_TEST(http_client_redirect, what_leads_nowhere) {
  {
    scripted_server server(answer_all("HTTP/1.1 302 X\r\nContent-Length: 2\r\n\r\nhi"));
    own_client c;
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(res.status_code(), 302);
    EXPECT_EQ(read_all(res.body()).value(), "hi");
  }
  scripted_server server(answer_all("HTTP/1.1 302 X\r\nLocation: http://%zz/\r\nContent-Length: 2\r\n\r\nhi"));
  own_client c;
  EXPECT_EQ(why(c.get(server.url()).err()).find("failed to parse Location header \"http://%zz/\": "), 0U);
}

WARREN_TEST(http_client_redirect, the_response_tells_the_last_request) {
  redirector r;
  scripted_server server([&r](peer& p) { r(p); });
  own_client c;
  auto [res, err] = c.get(server.url("/?302"));
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(to_string(res.request().url), server.url("/"));
  EXPECT_EQ(res.request().header.get("Referer"), server.url("/?302"));
}

/// A body that cannot begin anew.
class once_only final : public http::body_source {
 public:
  result<std::size_t> read(std::span<char> to) override {
    if (read_ || to.empty()) return {0, net::eof};
    read_ = true;
    to[0] = 'x';
    return {1, nil};
  }
  warren::error close() override { return nil; }

 private:
  bool read_ = false;
};

WARREN_TEST(http_client_redirect, a_body_that_is_gone_goes_no_further) {
  redirector r;
  scripted_server server([&r](peer& p) { r(p); });
  own_client c;
  auto [res, err] = c.do_(made("POST", server.url("/?307"), http::body(new once_only)));
  ASSERT_EQ(err, nil) << err;
  EXPECT_EQ(res.status_code(), 307);
  auto [followed, no_err] = c.do_(made("POST", server.url("/?303"), http::body(new once_only)));
  ASSERT_EQ(no_err, nil) << no_err;
  EXPECT_EQ(followed.status_code(), 200);
}

}  // namespace
