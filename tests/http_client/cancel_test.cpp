// SPDX-License-Identifier: MIT
// A context, and the client's timeout, end a call at every stage.

#include <warren/net/dial.hpp>
#include <warren/net/pipe.hpp>
#include <warren/sync/wait_group.hpp>

#include <functional>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

http::request get(const context& ctx, const std::string& url) {
  auto [r, err] = http::new_request(ctx, "GET", url);
  EXPECT_EQ(err, nil);
  return r;
}

/// A server that takes requests and answers none.
void never_answer(peer& p) { p.read_to_end(); }

/// Places where a call can hang, each with what makes it hang there.
struct stage {
  const char* name;
  std::function<void(const http::client&, const context&, error&)> call;
  http::transport_options options;
};

void call_against(const scripted_server::script& s, const http::client& c, const context& ctx, error& err) {
  scripted_server server(s);
  auto [res, why_not] = c.do_(get(ctx, server.url()));
  err = why_not;
  if (err == nil) err = read_all(res.body()).err();
  c.close_idle();
}

class endless_body final : public http::body_source {
 public:
  result<std::size_t> read(std::span<char> to) override {
    std::fill(to.begin(), to.end(), 'x');
    return {to.size(), nil};
  }
  warren::error close() override { return nil; }
};

std::vector<stage> stages() {
  std::vector<stage> all;
  http::transport_options hanging_dial;
  hanging_dial.dial = [](const context& ctx, std::string_view, std::string_view) -> result<net::conn> {
    ctx.done().recv();
    return {nil, ctx.err()};
  };
  const auto no_server = [](const http::client& c, const context& ctx, error& err) {
    err = c.do_(get(ctx, "http://h/")).err();
    c.close_idle();
  };
  all.push_back({"dial", no_server, hanging_dial});
  all.push_back({"head", [](auto&... a) { call_against(never_answer, a...); }, {}});
  all.push_back({"part of a head",
                 [](auto&... a) {
                   call_against(
                       [](peer& p) {
                         p.send("HTTP/1.1 200 OK\r\nX: ");
                         p.read_to_end();
                       },
                       a...);
                 },
                 {}});
  all.push_back({"body",
                 [](auto&... a) {
                   call_against(
                       [](peer& p) {
                         p.read_head();
                         p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                         p.read_to_end();
                       },
                       a...);
                 },
                 {}});
  all.push_back({"upload",
                 [](const http::client& c, const context& ctx, error& err) {
                   chan<void> over = make_chan<void>();
                   scripted_server server([&](peer&) { over.recv(); });
                   auto [r, bad] = http::new_request(ctx, "POST", server.url(), http::body(new endless_body));
                   err = c.do_(r).err();
                   over.close();
                 },
                 {}});
  return all;
}

WARREN_TEST(http_client_cancel, a_deadline_ends_every_stage) {
  for (const stage& s : stages()) {
    own_client c(s.options);
    auto [ctx, cancel] = context::with_timeout(context::background(), 20ms);
    error err;
    const auto before = clock::now();
    s.call(c, ctx, err);
    ASSERT_NE(err, nil);
    EXPECT_EQ(why(err), "context deadline exceeded") << s.name;
    EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
    EXPECT_TRUE(errors::is_timeout(err));
    EXPECT_LT(since(before), 2s);
  }
}

WARREN_TEST(http_client_cancel, a_cancel_ends_every_stage) {
  for (const stage& s : stages()) {
    own_client c(s.options);
    auto [ctx, cancel] = context::with_cancel(context::background());
    go([cancel = cancel] {
      sleep(5ms);
      cancel();
    });
    error err;
    s.call(c, ctx, err);
    ASSERT_NE(err, nil);
    EXPECT_EQ(why(err), "context canceled") << s.name;
    EXPECT_TRUE(errors::is(err, context::canceled));
    EXPECT_FALSE(errors::is_timeout(err));
  }
}

WARREN_TEST(http_client_cancel, a_cause_is_what_is_told) {
  const error doom = errors::make("doom");
  for (const stage& s : stages()) {
    own_client c(s.options);
    auto [ctx, cancel] = context::with_cancel_cause(context::background());
    go([cancel = cancel, doom] {
      sleep(2ms);
      cancel(doom);
    });
    error err;
    s.call(c, ctx, err);
    EXPECT_TRUE(errors::is(err, doom)) << err;
    EXPECT_EQ(why(err), "doom") << s.name;
  }
}

WARREN_TEST(http_client_cancel, the_clients_timeout_ends_every_stage) {
  for (const stage& s : stages()) {
    own_client c(s.options);
    c.timeout = 20ms;
    error err;
    s.call(c, context::background(), err);
    ASSERT_NE(err, nil);
    const char* const phase = std::string_view(s.name) == "body"
                                  ? " (Client.Timeout or context cancellation while reading body)"
                                  : " (Client.Timeout exceeded while awaiting headers)";
    EXPECT_EQ(why(err), std::string("context deadline exceeded") + phase) << s.name;
    EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
    EXPECT_TRUE(errors::is_timeout(err));
  }
}

WARREN_TEST(http_client_cancel, a_context_that_is_over_sends_nothing) {
  scripted_server server(answer_all(ok("x")));
  own_client c;
  EXPECT_EQ(fetch(c, server.url()), "x");
  auto [ctx, cancel] = context::with_cancel(context::background());
  cancel();
  EXPECT_EQ(c.do_(get(ctx, server.url())).err().message(), "Get \"" + server.url() + "\": context canceled");
  EXPECT_EQ(fetch(c, server.url()), "x");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_cancel, a_cancel_after_the_end_leaves_the_connection_alone) {
  scripted_server server(answer_all(ok("x")));
  own_client c;
  for (std::int64_t i = scaled(100); i > 0; --i) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    auto [res, err] = c.do_(get(ctx, server.url()));
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(read_all(res.body()).value(), "x");
    cancel();
  }
  EXPECT_EQ(server.connections(), 1);
}

// A cancel that races with the end of its exchange meets neither the next one's connection nor its context.
WARREN_TEST(http_client_cancel, cancels_do_not_meet_the_next_exchange) {
  scripted_server server(answer_all(ok("x")));
  own_client c;
  for (std::int64_t i = 0; i < scaled(500); ++i) {
    auto [ctx, cancel] = context::with_cancel(context::background());
    go([cancel = cancel, i] {
      for (std::int64_t n = i % 7; n > 0; --n) gosched();
      cancel();
    });
    auto [res, err] = c.do_(get(ctx, server.url()));
    if (err == nil) read_all(res.body());
    EXPECT_EQ(fetch(c, server.url()), "x");
  }
}

WARREN_TEST(http_client_cancel, the_clients_timeout_ends_with_the_body) {
  scripted_server server(answer_all(ok("x")));
  own_client c;
  c.timeout = 200ms;
  EXPECT_EQ(fetch(c, server.url()), "x");
  sleep(250ms);
  c.timeout = 0s;
  EXPECT_EQ(fetch(c, server.url()), "x");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_cancel, the_earlier_of_deadline_and_timeout_counts) {
  scripted_server server(never_answer);
  own_client c;
  c.timeout = 10s;
  auto [ctx, cancel] = context::with_timeout(context::background(), 10ms);
  EXPECT_EQ(why(c.do_(get(ctx, server.url())).err()), "context deadline exceeded");
  c.timeout = 10ms;
  auto [later, cancel_later] = context::with_timeout(context::background(), 10s);
  EXPECT_EQ(why(c.do_(get(later, server.url())).err()),
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
}

WARREN_TEST(http_client_cancel, limits_of_the_transport) {
  scripted_server server(never_answer);
  http::transport_options o;
  o.response_header_timeout = 10ms;
  {
    own_client c(o);
    const error err = c.get(server.url()).err();
    EXPECT_EQ(why(err), "net/http: timeout awaiting response headers");
    EXPECT_TRUE(errors::is_timeout(err));
    scripted_server good(answer_all(ok("x")));
    EXPECT_EQ(fetch(c, good.url()), "x");
    sleep(20ms);
    EXPECT_EQ(fetch(c, good.url()), "x");
    EXPECT_EQ(good.connections(), 1);
  }
  o = {};
  o.tls_handshake_timeout = 10ms;
  own_client c(o);
  const std::string url = "https://" + server.address() + "/";
  const error err = c.get(url).err();
  EXPECT_EQ(err.message(), "Get \"" + url + "\": net/http: TLS handshake timeout");
  EXPECT_TRUE(errors::is_timeout(err));
}

WARREN_TEST(http_client_cancel, a_read_that_waits_ends_with_close) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    p.read_to_end();
  });
  own_client c;
  auto [res, err] = c.get(server.url());
  ASSERT_EQ(err, nil);
  go([body = res.body()] {
    sleep(5ms);
    body.close();
  });
  EXPECT_EQ(read_all(res.body()).err().message(), "http: read on closed response body");
}

WARREN_TEST(http_client_cancel, over_a_pipe) {
  http::transport_options o;
  auto [near, far] = net::pipe();
  o.dial = [near = near](const context&, std::string_view, std::string_view) -> result<net::conn> { return {near, nil}; };
  own_client c(o);
  go([far = far] {
    char room[1000];
    far.read(room);
  });
  auto [ctx, cancel] = context::with_timeout(context::background(), 10ms);
  EXPECT_EQ(why(c.do_(get(ctx, "http://h/")).err()), "context deadline exceeded");
}

}  // namespace
