// SPDX-License-Identifier: MIT
// What a client's going away does to the request that is being answered.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <warren/net/eof.hpp>

using namespace warren;
using namespace std::chrono_literals;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr auto soon = 5s;
constexpr auto long_enough = 100ms;

/// A handler that waits for its context, and what became of it.
struct waiting {
  chan<void> entered = make_chan<void>(16);
  chan<error> cause = make_chan<error>(16);
  chan<void> let_go = make_chan<void>();

  http::handler_func handler() {
    return [this](http::response_writer&, http::request& r) { wait(r); };
  }

  void wait(http::request& r) {
    const context ctx = r.ctx();
    entered.send();
    select(recv(ctx.done(), [&] { cause.send(context::cause(ctx)); }), recv(let_go));
  }

  /// Returns: nil when the request is not canceled for that long.
  error canceled_within(clock::duration d) {
    error why;
    select(recv(cause, why), recv(time_after(d)));
    return why;
  }
};

}  // namespace

WARREN_TEST(disconnect, closing_cancels_within_10_ms) {
  waiting h;
  serving s(h.handler());
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  const auto begin = clock::now();
  w.close();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
  if (tests::scale() == 1) {
    EXPECT_LT(since(begin), 10ms);
  }
}

WARREN_TEST(disconnect, a_reset_cancels) {
  waiting h;
  serving s(h.handler());
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  w.reset();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, a_half_close_cancels_and_the_answer_still_comes) {
  waiting h;
  serving s([&](http::response_writer& r, http::request& q) {
    h.wait(q);
    r.write("for whoever reads on");
  });
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  w.close_write();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
  EXPECT_EQ(w.read().body, "for whoever reads on");
}

WARREN_TEST(disconnect, a_half_close_may_be_ignored) {
  waiting h;
  serving s;
  s.server.half_close = http::on_half_close::ignore;
  s.start(h.handler());
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  w.close_write();
  EXPECT_EQ(h.canceled_within(long_enough), nil);
  w.reset();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, two_requests_in_one_segment_are_both_canceled) {
  waiting h;
  serving s(h.handler());
  wire w(s.address());
  w.send(std::string(get) + std::string(get));
  h.entered.recv();
  w.close();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
  h.entered.recv();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, a_request_that_waits_behind_does_not_hide_it) {
  waiting h;
  serving s(h.handler());
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  w.send(get);
  EXPECT_EQ(h.canceled_within(long_enough / 2), nil);
  w.close();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, an_unread_body_keeps_it_unnoticed_until_a_read_fails) {
  chan<error> read = make_chan<error>(1);
  waiting h;
  serving s([&](http::response_writer&, http::request& r) {
    const context ctx = r.ctx();
    h.entered.send();
    select(recv(ctx.done(), [&] { h.cause.send(context::cause(ctx)); }), recv(h.let_go));
    char room[16];
    while (r.body.read(room).err() == nil) {
    }
    read.send(context::cause(ctx));
  });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  h.entered.recv();
  w.close();
  EXPECT_EQ(h.canceled_within(long_enough), nil);
  h.let_go.close();
  EXPECT_EQ(read.recv(), http::client_disconnected);
}

WARREN_TEST(disconnect, an_unread_body_and_a_write_that_fails) {
  chan<error> canceled = make_chan<error>(1);
  waiting h;
  serving s([&](http::response_writer& a, http::request& r) {
    const context ctx = r.ctx();
    h.entered.send();
    h.let_go.recv();
    EXPECT_EQ(ctx.err(), nil);
    const std::string much(1 << 20, 'x');
    for (int i = 0; i < 1000 && a.write(much).err() == nil; ++i) {
    }
    canceled.send(context::cause(ctx));
  });
  wire w(s.address());
  // Longer than what is drained before an answer, so that nothing is read at all.
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nhello");
  h.entered.recv();
  w.reset();
  h.let_go.close();
  EXPECT_EQ(canceled.recv(), http::client_disconnected);
}

WARREN_TEST(disconnect, an_unread_body_is_no_excuse_when_asked_for) {
  waiting h;
  serving s;
  s.server.cancel_on_unread_body = true;
  s.start(h.handler());
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  h.entered.recv();
  w.close();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, a_body_that_was_read_is_followed_by_the_watch) {
  waiting h;
  serving s([&](http::response_writer&, http::request& r) {
    const context before = r.ctx();
    EXPECT_EQ(http::read_all(r.body).value(), "0123456789");
    EXPECT_EQ(before, r.ctx());
    h.wait(r);
  });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789");
  h.entered.recv();
  EXPECT_EQ(h.canceled_within(long_enough / 2), nil);
  w.close();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, half_a_body_is_an_unexpected_end_and_then_canceled) {
  chan<error> seen = make_chan<error>(1);
  waiting h;
  serving s([&](http::response_writer&, http::request& r) {
    const context ctx = r.ctx();
    h.entered.send();
    auto [text, err] = http::read_all(r.body);
    EXPECT_EQ(text, "01234");
    seen.send(err);
    select(recv(ctx.done(), [&] { h.cause.send(context::cause(ctx)); }), recv(time_after(soon)));
  });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
  h.entered.recv();
  w.close();
  EXPECT_TRUE(errors::is(seen.recv(), net::unexpected_eof));
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, one_before_the_context_is_asked_for_is_seen) {
  chan<void> entered = make_chan<void>(1), go_on = make_chan<void>(1);
  waiting h;
  serving s([&](http::response_writer&, http::request& r) {
    entered.send();
    go_on.recv();
    h.wait(r);
  });
  wire w(s.address());
  w.send(get);
  entered.recv();
  w.close();
  sleep(20ms);
  go_on.send();
  EXPECT_EQ(h.canceled_within(soon), http::client_disconnected);
}

WARREN_TEST(disconnect, a_context_is_done_when_the_handler_has_returned) {
  chan<context> given = make_chan<context>(1);
  chan<http::request> copied = make_chan<http::request>(1);
  serving s([&](http::response_writer&, http::request& r) {
    given.send(r.ctx());
    EXPECT_EQ(r.ctx().err(), nil);
    copied.send(r);
  });
  EXPECT_EQ(tests::ask(s.address(), get).status(), 200);
  const context ctx = given.recv();
  ctx.done().recv();
  EXPECT_EQ(ctx.err(), context::canceled);
  EXPECT_EQ(context::cause(ctx), context::canceled);
  EXPECT_EQ(copied.recv().ctx(), ctx);
}

WARREN_TEST(disconnect, a_context_asked_for_too_late_is_done) {
  chan<http::request> copied = make_chan<http::request>(1);
  serving s([&](http::response_writer&, http::request& r) { copied.send(r); });
  wire w(s.address());
  w.send(get);
  EXPECT_EQ(w.read().status(), 200);
  const http::request r = copied.recv();
  EXPECT_EQ(r.ctx().err(), context::canceled);
  EXPECT_EQ(r.ctx().value(http::server_key).as<http::server*>(), &s.server);
  w.send(get);
  EXPECT_EQ(w.read().status(), 200);
  EXPECT_EQ(copied.recv().ctx().err(), context::canceled);
}

WARREN_TEST(disconnect, contexts_know_server_and_address_and_what_hooks_gave) {
  serving s;
  s.server.base_context = [](const net::listener&) {
    return context::with_value(context::background(), "base", 1);
  };
  s.server.conn_context = [](context ctx, const net::conn& c) {
    return context::with_value(ctx, "peer", to_string(c.remote_addr()));
  };
  s.start([&](http::response_writer& w, http::request& r) {
    const context ctx = r.ctx();
    EXPECT_EQ(ctx.value(http::server_key).as<http::server*>(), &s.server);
    EXPECT_EQ(to_string(ctx.value(http::local_addr_key).as<net::addr>()), s.address());
    EXPECT_EQ(ctx.value("base").as<int>(), 1);
    EXPECT_EQ(ctx.value("peer").as<std::string>(), r.remote_addr);
    w.write("seen");
  });
  EXPECT_EQ(tests::ask(s.address(), get).body, "seen");
}

WARREN_TEST(disconnect, closing_the_server_cancels) {
  waiting h;
  serving s(h.handler());
  wire w(s.address());
  w.send(get);
  h.entered.recv();
  s.server.close();
  EXPECT_EQ(h.canceled_within(soon), http::server_closed);
  EXPECT_TRUE(w.at_end());
}

/// Over a pipe the server is held up between the end of the request and that of the answer, until the client reads.
WARREN_TEST(disconnect, a_context_that_somebody_kept_does_not_come_back) {
  chan<error> found = make_chan<error>(1);
  chan<http::request> copies = make_chan<http::request>(1);
  auto* p = new tests::pipes;
  http::server server;
  server.handler = [&](http::response_writer& w, http::request& r) {
    found.send(r.ctx().err());
    copies.send(r);
    w.write("x");
  };
  chan<error> ended = make_chan<error>(1);
  go([&, l = net::listener(p)] { ended.send(server.serve(l)); });
  auto [ours, theirs] = net::pipe();
  p->ends.send(std::exchange(theirs, nil));
  wire w(ours);
  for (int i = 0; i < 2; ++i) {
    w.send(get);
    EXPECT_EQ(found.recv(), nil);
    {
      const http::request kept = copies.recv();
      kept.ctx().done().recv();
    }
    EXPECT_EQ(w.read().body, "x");
  }
  w.close();
  EXPECT_EQ(server.shutdown(context::background()), nil);
  EXPECT_EQ(ended.recv(), http::server_closed);
}
