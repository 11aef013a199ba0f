// SPDX-License-Identifier: MIT
// How one side's timeout, cancel, shutdown or crash looks on the other side.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "pair.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// A handler that waits for its context, and when and why that was done.
struct waiting {
  chan<void> entered = make_chan<void>(64);
  chan<clock::time_point> canceled = make_chan<clock::time_point>(64);
  chan<error> cause = make_chan<error>(64);

  http::handler_func handler() const {
    return [*this](http::response_writer&, http::request& r) {
      const context ctx = r.ctx();
      entered.send();
      select(recv(ctx.done(), [&] {
               canceled.send(clock::now());
               cause.send(context::cause(ctx));
             }),
             recv(time_after(20s), [&] { cause.send(errors::make("never canceled")); }));
    };
  }
};

/// Passes requests on as they are, and their answers back.
http::handler_func proxy_to(std::string upstream, http::client through) {
  return [upstream, through](http::response_writer& w, http::request& r) {
    auto [out, err] = http::new_request(r.ctx(), r.method, upstream + r.url.path, r.body);
    if (err != nil) return http::error(w, err.message(), http::status_bad_gateway);
    out.content_length = r.content_length;
    auto [res, do_err] = through.do_(out);
    if (do_err != nil) return http::error(w, why(do_err), http::status_bad_gateway);
    for (auto& [name, value] : res.header()) w.header().add(name, value);
    w.write_header(res.status_code());
    char buf[4096];
    for (;;) {
      auto [n, read_err] = res.body().read(buf);
      w.write({buf, n});
      if (read_err == net::eof) return;
      if (read_err != nil) panic(http::abort_handler);
    }
  };
}

void a_cancel_reaches_the_handler(over what) {
  const waiting h;
  tests::pair p(h.handler(), what);
  auto [ctx, cancel] = context::with_cancel(context::background());
  const http::request r = http::new_request(ctx, "GET", p.url()).value();
  chan<error> ended = make_chan<error>(1);
  go([=, &p] { ended.send(p.client.do_(r).err()); });
  h.entered.recv();
  const auto begin = clock::now();
  cancel();
  const auto took = h.canceled.recv() - begin;
  if (tests::scale() == 1) {
    EXPECT_LT(took, 10ms);
  }
  EXPECT_EQ(h.cause.recv(), http::client_disconnected);
  EXPECT_EQ(why(ended.recv()), "context canceled");
}

WARREN_TEST(http_ending, a_cancel_reaches_the_handler_within_10_ms) { a_cancel_reaches_the_handler(over::tcp); }
WARREN_TEST(http_ending, a_cancel_reaches_the_handler_over_tls) { a_cancel_reaches_the_handler(over::tls); }

WARREN_TEST(http_ending, a_cancel_goes_down_a_chain_of_three_servers) {
  const waiting h;
  tests::pair last(h.handler());
  tests::pair middle(proxy_to(last.url(""), last.client));
  tests::pair first(proxy_to(middle.url(""), middle.client));
  auto [ctx, cancel] = context::with_cancel(context::background());
  const http::request r = http::new_request(ctx, "GET", first.url()).value();
  chan<error> ended = make_chan<error>(1);
  go([=, &first] { ended.send(first.client.do_(r).err()); });
  h.entered.recv();
  const auto begin = clock::now();
  cancel();
  const auto took = h.canceled.recv() - begin;
  if (tests::scale() == 1) {
    EXPECT_LT(took, 30ms) << "10 ms a server";
  }
  EXPECT_EQ(h.cause.recv(), http::client_disconnected);
  EXPECT_TRUE(errors::is(ended.recv(), context::canceled));
}

WARREN_TEST(http_ending, a_chain_of_three_servers_passes_bodies_on) {
  tests::pair last([](http::response_writer& w, http::request& r) { w.write(read_all(r.body).value()); });
  tests::pair middle(proxy_to(last.url(""), last.client));
  tests::pair first(proxy_to(middle.url(""), middle.client));
  constexpr std::int64_t size = 500'000;
  for (const bool told : {true, false}) {
    http::request r = http::new_request("POST", first.url(), http::body(new letters(size, told))).value();
    r.content_length = told ? size : -1;
    const std::string answer = answer_to(first.client, r);
    EXPECT_TRUE(are_letters(std::string_view(answer).substr(4), size)) << answer.substr(0, 80);
  }
}

WARREN_TEST(http_ending, the_clients_timeout_ends_both_sides) {
  const waiting h;
  tests::pair p(h.handler());
  p.client.timeout = 30ms;
  const error err = p.client.get(p.url()).err();
  EXPECT_TRUE(errors::is_timeout(err)) << err;
  EXPECT_NE(err.message().find("Client.Timeout exceeded while awaiting headers"), std::string::npos) << err;
  EXPECT_EQ(h.cause.recv(), http::client_disconnected);
}

WARREN_TEST(http_ending, the_clients_timeout_covers_the_body) {
  chan<error> cause = make_chan<error>(1);
  tests::pair p([=](http::response_writer& w, http::request& r) {
    w.write("begin");
    w.flush();
    r.ctx().done().recv();
    cause.send(context::cause(r.ctx()));
  });
  p.client.timeout = 50ms;
  auto [res, err] = p.client.get(p.url());
  ASSERT_EQ(err, nil) << err;
  auto [text, read_err] = read_all(res.body());
  EXPECT_EQ(text, "begin");
  EXPECT_TRUE(errors::is_timeout(read_err)) << read_err;
  EXPECT_EQ(cause.recv(), http::client_disconnected);
}

WARREN_TEST(http_ending, a_body_closed_before_its_end_cancels_the_handler) {
  chan<error> cause = make_chan<error>(1);
  tests::pair p([=](http::response_writer& w, http::request& r) {
    w.write("begin");
    w.flush();
    r.ctx().done().recv();
    cause.send(context::cause(r.ctx()));
  });
  auto [res, err] = p.client.get(p.url());
  ASSERT_EQ(err, nil) << err;
  res.body().close();
  EXPECT_EQ(cause.recv(), http::client_disconnected);
  EXPECT_TRUE(soon([&] { return p.open() == 0; }));
}

WARREN_TEST(http_ending, dropping_a_response_cancels_the_handler) {
  chan<error> cause = make_chan<error>(1);
  tests::pair p([=](http::response_writer& w, http::request& r) {
    w.write("begin");
    w.flush();
    r.ctx().done().recv();
    cause.send(context::cause(r.ctx()));
  });
  { EXPECT_EQ(p.client.get(p.url()).err(), nil); }
  EXPECT_EQ(cause.recv(), http::client_disconnected);
}

WARREN_TEST(http_ending, the_transports_limit_for_heads) {
  const waiting h;
  tests::pair p(h.handler(), over::tcp, {.response_header_timeout = 20ms});
  const error err = p.client.get(p.url()).err();
  EXPECT_EQ(why(err), "net/http: timeout awaiting response headers");
  EXPECT_TRUE(errors::is_timeout(err));
  EXPECT_EQ(h.cause.recv(), http::client_disconnected);
}

WARREN_TEST(http_ending, the_servers_write_timeout_shows_as_a_broken_body) {
  tests::pair p([](http::server& s) { s.write_timeout = 50ms; },
                [](http::response_writer& w, http::request&) {
                  w.write("begin");
                  w.flush();
                  sleep(100ms);
                  w.write(std::string(100'000, 'x'));
                });
  auto [res, err] = p.client.get(p.url());
  ASSERT_EQ(err, nil) << err;
  auto [text, read_err] = read_all(res.body());
  EXPECT_EQ(text, "begin");
  EXPECT_EQ(read_err, net::unexpected_eof);
}

WARREN_TEST(http_ending, the_servers_read_timeout_ends_a_slow_upload) {
  chan<error> seen = make_chan<error>(1);
  tests::pair p([](http::server& s) { s.read_timeout = 50ms; },
                [=](http::response_writer& w, http::request& r) {
                  auto [text, err] = read_all(r.body);
                  seen.send(err);
                  http::error(w, "too slow", http::status_request_timeout);
                });
  class slow final : public http::body_source {
   public:
    result<std::size_t> read(std::span<char> to) override {
      if (++reads_ > 1) sleep(200ms);
      to[0] = 'x';
      return {1, reads_ < 20 ? error(nil) : error(net::eof)};
    }
    error close() override { return nil; }

   private:
    int reads_ = 0;
  };
  auto [res, err] = p.client.post(p.url(), "text/plain", http::body(new slow));
  EXPECT_TRUE(errors::is_timeout(seen.recv()));
  if (err == nil) {
    EXPECT_EQ(res.status_code(), http::status_request_timeout);
  }
}

WARREN_TEST(http_ending, a_timeout_handler_answers_503) {
  const waiting h;
  tests::pair p(http::timeout_handler(h.handler(), 20ms, "busy"));
  EXPECT_EQ(fetch(p.client, p.url()), "503 busy");
  EXPECT_TRUE(errors::is(h.cause.recv(), context::deadline_exceeded));
  EXPECT_EQ(p.accepted(), 1);
}

WARREN_TEST(http_ending, a_panic_ends_the_connection_and_nothing_else) {
  std::atomic<int> calls{0};
  tests::pair p([&](http::response_writer& w, http::request& r) {
    ++calls;
    if (r.url.path == "/panic") panic("oops");
    if (r.url.path == "/late") {
      w.write("begin");
      w.flush();
      panic(http::abort_handler);
    }
    w.write("fine");
  });
  EXPECT_EQ(why(p.client.get(p.url("/panic")).err()), "EOF");
  EXPECT_EQ(fetch(p.client, p.url("/late")), "error: unexpected EOF");
  EXPECT_EQ(fetch(p.client, p.url("/fine")), "200 fine");
  EXPECT_EQ(calls.load(), 3);
}

WARREN_TEST(http_ending, shutdown_lets_active_clients_finish) {
  constexpr int clients = 8;
  chan<void> entered = make_chan<void>(clients);
  chan<void> go_on = make_chan<void>();
  tests::pair p([=](http::response_writer& w, http::request&) {
    entered.send();
    go_on.recv();
    w.write("finished");
  });
  chan<std::string> answers = make_chan<std::string>(clients);
  for (int i = 0; i < clients; ++i) go([=, &p] { answers.send(fetch(p.client, p.url())); });
  for (int i = 0; i < clients; ++i) entered.recv();
  chan<error> down = make_chan<error>(1);
  go([=, &p] { down.send(p.server.shutdown(context::background())); });
  EXPECT_EQ(p.served(), http::server_closed) << "serve() returns at once";
  EXPECT_EQ(down.len(), 0) << "shutdown() waits";
  EXPECT_NE(why(p.client.get(p.url()).err()).find("connection refused"), std::string::npos);
  go_on.close();
  for (int i = 0; i < clients; ++i) EXPECT_EQ(answers.recv(), "200 finished");
  EXPECT_EQ(down.recv(), nil);
  EXPECT_EQ(p.open(), 0);
}

WARREN_TEST(http_ending, shutdown_gives_up_with_its_context) {
  const waiting h;
  tests::pair p(h.handler());
  chan<error> ended = make_chan<error>(1);
  go([=, &p] { ended.send(p.client.get(p.url()).err()); });
  h.entered.recv();
  auto [ctx, cancel] = context::with_timeout(context::background(), 20ms);
  EXPECT_EQ(p.server.shutdown(ctx), context::deadline_exceeded);
  cancel();
  EXPECT_EQ(p.server.close(), nil);
  EXPECT_EQ(h.cause.recv(), http::server_closed);
  EXPECT_EQ(why(ended.recv()), "EOF");
}

WARREN_TEST(http_ending, close_breaks_active_clients_off) {
  constexpr int clients = 8;
  const waiting h;
  tests::pair p(h.handler());
  chan<std::string> answers = make_chan<std::string>(clients);
  for (int i = 0; i < clients; ++i) go([=, &p] { answers.send(why(p.client.get(p.url()).err())); });
  for (int i = 0; i < clients; ++i) h.entered.recv();
  EXPECT_EQ(p.server.close(), nil);
  for (int i = 0; i < clients; ++i) {
    EXPECT_EQ(h.cause.recv(), http::server_closed);
    const std::string said = answers.recv();
    EXPECT_TRUE(said == "EOF" || said.find("connection reset by peer") != std::string::npos) << said;
  }
}

}  // namespace
