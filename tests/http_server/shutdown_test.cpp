// SPDX-License-Identifier: MIT
// How serving ends.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <atomic>

using namespace warren;
using namespace std::chrono_literals;
using http::request;
using http::response_writer;
using tests::answer;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

WARREN_TEST(shutdown, waits_for_what_is_being_answered) {
  chan<void> entered = make_chan<void>(1), let_go = make_chan<void>(1), told = make_chan<void>(1);
  serving s([&](response_writer& w, request&) {
    entered.send();
    let_go.recv();
    w.write("whole");
  });
  s.server.register_on_shutdown([=] { told.send(); });
  wire w(s.address());
  w.send(get);
  entered.recv();
  chan<error> ended = make_chan<error>(1);
  go([&] { ended.send(s.server.shutdown(context::background())); });
  EXPECT_EQ(s.wait(), http::server_closed);
  told.recv();
  error early;
  EXPECT_EQ(select(recv(ended, early), recv(time_after(50ms))), 1);
  let_go.send();
  const answer a = w.read();
  EXPECT_EQ(a.body, "whole");
  EXPECT_EQ(a.field("Connection"), "close");
  EXPECT_EQ(ended.recv(), nil);
  EXPECT_EQ(net::dial("tcp", s.address()).value(), nil);
}

WARREN_TEST(shutdown, gives_up_with_its_context) {
  chan<void> entered = make_chan<void>(1), let_go = make_chan<void>();
  serving s([&](response_writer&, request& r) {
    const context ctx = r.ctx();
    entered.send();
    ctx.done().recv();
  });
  wire w(s.address());
  w.send(get);
  entered.recv();
  const auto [ctx, cancel] = context::with_timeout(context::background(), 20ms);
  EXPECT_EQ(s.server.shutdown(ctx), context::deadline_exceeded);
  EXPECT_EQ(s.server.close(), nil);
  EXPECT_TRUE(w.at_end());
}

WARREN_TEST(shutdown, ends_idle_connections_at_once) {
  serving s([](response_writer& w, request&) { w.write("x"); });
  std::vector<std::unique_ptr<wire>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<wire>(s.address()));
    idle.back()->send(get);
    EXPECT_EQ(idle.back()->read().body, "x");
  }
  const auto begin = clock::now();
  EXPECT_EQ(s.server.shutdown(context::background()), nil);
  EXPECT_LT(since(begin), 2s);
  for (auto& w : idle) EXPECT_TRUE(w->at_end());
}

WARREN_TEST(shutdown, a_connection_that_says_nothing_has_five_seconds) {
  if (tests::scale() > 1) GTEST_SKIP() << "takes 5 s";
  serving s([](response_writer& w, request&) { w.write("x"); });
  wire w(s.address());
  sleep(10ms);
  const auto begin = clock::now();
  EXPECT_EQ(s.server.shutdown(context::background()), nil);
  EXPECT_GT(since(begin), 4s);
  EXPECT_LT(since(begin), 7s);
  EXPECT_TRUE(w.at_end());
}

WARREN_TEST(shutdown, afterwards_nothing_is_served) {
  serving s([](response_writer&, request&) {});
  EXPECT_EQ(s.server.shutdown(context::background()), nil);
  EXPECT_EQ(s.wait(), http::server_closed);
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  EXPECT_EQ(s.server.serve(l), http::server_closed);
  EXPECT_EQ(s.server.listen_and_serve(), http::server_closed);
  EXPECT_NE(l.accept().err(), nil);
}

WARREN_TEST(shutdown, under_load_every_request_that_was_begun_is_answered) {
  std::atomic<int> begun{0}, whole{0};
  serving s([&](response_writer& w, request&) {
    begun.fetch_add(1);
    sleep(std::chrono::microseconds(begun.load() % 700));
    w.write(std::string(3000, 'x'));
  });
  sync::wait_group clients;
  for (int i = 0; i < 16; ++i) {
    clients.go([&] {
      for (;;) {
        auto [c, err] = net::dial("tcp", s.address());
        if (err != nil) return;
        c.set_read_deadline(clock::now() + 10s);
        wire w(c);
        for (;;) {
          if (c.write(get).err() != nil) break;
          const answer a = w.read();
          if (a.status_line.empty()) break;
          EXPECT_EQ(a.body.size(), 3000u);
          whole.fetch_add(1);
          if (a.field("Connection") == "close") return;
        }
      }
    });
  }
  sleep(100ms);
  EXPECT_EQ(s.server.shutdown(context::background()), nil);
  const int answered = begun.load();
  clients.wait();
  EXPECT_EQ(begun.load(), answered);
  EXPECT_EQ(whole.load(), answered);
}

WARREN_TEST(shutdown, without_keep_alives_each_answer_is_the_last) {
  serving s([](response_writer& w, request&) { w.write("x"); });
  wire idle(s.address());
  idle.send(get);
  EXPECT_EQ(idle.read().body, "x");
  s.server.set_keep_alives_enabled(false);
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(tests::ask(s.address(), get).field("Connection"), "close");
  s.server.set_keep_alives_enabled(true);
  EXPECT_FALSE(tests::ask(s.address(), get).has("Connection"));
}
