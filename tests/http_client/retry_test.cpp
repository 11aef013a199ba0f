// SPDX-License-Identifier: MIT
// When a connection that was used before fails, and what is sent again then.

#include <warren/sync/wait_group.hpp>

#include <atomic>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// Answers the first request of the first connection, and closes it on the second, having sent `last`.
scripted_server::script fails_once(std::string last) {
  return [last = std::move(last)](peer& p) {
    for (std::string head; !(head = p.read_head()).empty();) {
      const std::string body = p.read_body(head);
      if (!p.send(ok(std::to_string(p.number) + body))) return;
      if (p.number == 0) {
        p.read_body(p.read_head());
        p.send(last);
        return;
      }
    }
  };
}

struct retry_case {
  const char* method;
  const char* body;
  const char* field;
  bool again;
};

const retry_case retry_cases[] = {
    {"GET", nullptr, "", true},        {"GET", "foo\n", "", true},
    {"HEAD", nullptr, "", true},       {"OPTIONS", nullptr, "", true},
    {"TRACE", nullptr, "", true},      {"DELETE", nullptr, "", false},
    {"POST", "foo\n", "", false},      {"POST", "foo\n", "Idempotency-Key", true},
    {"PUT", "foo\n", "", false},       {"PUT", "foo\n", "X-Idempotency-Key", true},
};

WARREN_TEST(http_client_retry, what_may_be_sent_twice_is) {
  for (const retry_case& r : retry_cases) {
    scripted_server server(fails_once(""));
    own_client c;
    EXPECT_EQ(fetch(c, server.url()), "0");
    auto [req, bad] = http::new_request(r.method, server.url(), r.body == nullptr ? http::body() : http::body(r.body));
    if (*r.field != '\0') req.header.set(r.field, "1");
    auto [res, err] = c.do_(req);
    if (r.again) {
      ASSERT_EQ(err, nil) << r.method << " " << r.field << ": " << err;
      const std::string sent = r.body == nullptr ? "" : r.body;
      EXPECT_EQ(read_all(res.body()).value(), req.method == "HEAD" ? "" : "1" + sent);
    } else {
      EXPECT_EQ(why(err), "EOF") << r.method << " " << r.field;
    }
  }
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

WARREN_TEST(http_client_retry, a_body_that_is_gone_is_not_sent_again) {
  scripted_server server(fails_once(""));
  own_client c;
  EXPECT_EQ(fetch(c, server.url()), "0");
  auto [req, bad] = http::new_request("GET", server.url(), http::body(new once_only));
  EXPECT_EQ(why(c.do_(req).err()), "EOF");
}

WARREN_TEST(http_client_retry, not_after_a_byte_of_the_response) {
  scripted_server server(fails_once("HTTP/1.1 2"));
  own_client c;
  EXPECT_EQ(fetch(c, server.url()), "0");
  EXPECT_EQ(why(c.get(server.url()).err()), "net/http: HTTP/1.x transport connection broken: unexpected EOF");
}

WARREN_TEST(http_client_retry, not_on_a_new_connection) {
  scripted_server server([](peer& p) { p.read_head(); });
  own_client c;
  EXPECT_EQ(why(c.get(server.url()).err()), "EOF");
  EXPECT_EQ(server.connections(), 1);
}

// All connections that are idle have been closed: the request goes from one to the next, and then dials.
WARREN_TEST(http_client_retry, as_often_as_there_are_stale_ones) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send(ok("x"));
    if (p.number < 5) {
      p.read_head();
      return;
    }
    p.read_head();
    p.send(ok("y"));
  });
  http::transport_options o;
  o.max_idle_conns_per_host = 5;
  own_client c(o);
  std::vector<http::response> open;
  for (int i = 0; i < 5; ++i) open.push_back(c.get(server.url()).value());
  for (const auto& r : open) read_all(r.body());
  EXPECT_EQ(fetch(c, server.url()), "x");
  EXPECT_EQ(server.connections(), 6);
}

// Go's TestStressSurpriseServerCloses: a server that closes without saying so.
WARREN_TEST(http_client_retry, servers_that_close_by_surprise) {
  scripted_server server([](peer& p) {
    for (int i = 0; i < 3 && !p.read_head().empty(); ++i) p.send(ok("x"));
  });
  own_client c;
  std::atomic<std::int64_t> good{0};
  sync::wait_group all;
  const std::int64_t each = scaled(100);
  for (int i = 0; i < 10; ++i) {
    all.go([&] {
      for (std::int64_t n = each; n > 0; --n) {
        if (fetch(c, server.url()) == "x") good.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  all.wait();
  EXPECT_EQ(good.load(std::memory_order_relaxed), 10 * each);
}

}  // namespace
