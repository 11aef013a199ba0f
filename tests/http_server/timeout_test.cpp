// SPDX-License-Identifier: MIT
// What the server does with clients that take their time, and when it runs out of what it needs.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <atomic>
#include <cerrno>
#include <warren/runtime/system.hpp>

using namespace warren;
using namespace std::chrono_literals;
using http::request;
using http::response_writer;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

void say_x(response_writer& w, request&) { w.write("x"); }

/// How long it takes until the peer closes.
clock::duration time_to_end(wire& w) {
  const auto begin = clock::now();
  EXPECT_TRUE(w.at_end());
  return since(begin);
}

}  // namespace

WARREN_TEST(timeout, of_a_head) {
  serving s;
  s.server.read_header_timeout = 60ms;
  s.start(say_x);
  wire silent(s.address());
  wire half(s.address());
  half.send("GET / HTTP/1.1\r\nHo");
  EXPECT_GT(time_to_end(half), 30ms);
  EXPECT_LT(time_to_end(silent), 1s);
  wire later(s.address());
  later.send(get);
  EXPECT_EQ(later.read().body, "x");
  sleep(100ms);  // not counted: it is idle
  later.send("GET / HTT");
  sleep(20ms);
  later.send("P/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(later.read().body, "x");
  later.send("GET");
  EXPECT_LT(time_to_end(later), 1s);
}

WARREN_TEST(timeout, of_idle_connections) {
  serving s;
  s.server.idle_timeout = 80ms;
  s.start(say_x);
  wire w(s.address());
  for (int i = 0; i < 4; ++i) {
    w.send(get);
    EXPECT_EQ(w.read().body, "x");
    sleep(40ms);
  }
  w.send(get);
  EXPECT_EQ(w.read().body, "x");
  const auto idle = time_to_end(w);
  EXPECT_GT(idle, 60ms);
  EXPECT_LT(idle, 1s);
}

WARREN_TEST(timeout, of_a_body) {
  chan<error> read = make_chan<error>(1);
  serving s;
  s.server.read_timeout = 80ms;
  s.start([&](response_writer&, request& r) { read.send(http::read_all(r.body).err()); });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  EXPECT_TRUE(errors::is_timeout(read.recv()));
}

WARREN_TEST(timeout, an_idle_one_does_not_hurt_a_slow_body) {
  serving s;
  s.server.idle_timeout = 50ms;
  s.server.read_header_timeout = 50ms;
  s.start([&](response_writer& w, request& r) { w.write(http::read_all(r.body).value()); });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n01234");
  sleep(150ms);
  w.send("56789");
  EXPECT_EQ(w.read().body, "0123456789");
}

WARREN_TEST(timeout, of_an_answer) {
  chan<error> wrote = make_chan<error>(1);
  serving s;
  s.server.write_timeout = 80ms;
  s.start([&](response_writer& w, request&) {
    const std::string much(1 << 20, 'x');
    error err;
    for (int i = 0; i < 1000 && err == nil; ++i) err = w.write(much).err();
    wrote.send(err);
  });
  wire w(s.address());
  w.send(get);
  EXPECT_TRUE(errors::is_timeout(wrote.recv()));
}

WARREN_TEST(timeout, a_write_timeout_begins_anew_with_each_request) {
  serving s;
  s.server.write_timeout = 100ms;
  s.start(say_x);
  wire w(s.address());
  for (int i = 0; i < 4; ++i) {
    w.send(get);
    EXPECT_EQ(w.read().body, "x");
    sleep(50ms);
  }
}

WARREN_TEST(timeout, handlers_set_their_own) {
  serving s([&](response_writer& w, request& r) {
    EXPECT_EQ(w.set_read_deadline(clock::now() + 30ms), nil);
    const context ctx = r.ctx();
    EXPECT_TRUE(errors::is_timeout(http::read_all(r.body).err()));
    EXPECT_EQ(ctx.err(), nil) << "a deadline of the handler's own is no disconnect";
    w.write("late");
  });
  wire w(s.address());
  w.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
  EXPECT_EQ(w.read().body, "late");
  EXPECT_TRUE(w.at_end());
}

namespace {

/// How many accepts are to fail yet.
std::atomic<int> failing{0};

int no_descriptors(runtime::sys::call c, void*) noexcept {
  if (c != runtime::sys::call::accept) return 0;
  int left = failing.load();
  while (left > 0 && !failing.compare_exchange_weak(left, left - 1)) {
  }
  return left > 0 ? EMFILE : 0;
}

}  // namespace

WARREN_TEST(accepting, goes_on_when_descriptors_are_there_again) {
  serving s(say_x);
  EXPECT_EQ(tests::ask(s.address(), get).body, "x");
  failing = 3;
  runtime::sys::set_fault(no_descriptors, nullptr);
  // The accept that waits now fails for this one.
  const bool served = tests::ask(s.address(), get).body == "x" && tests::ask(s.address(), get).body == "x";
  runtime::sys::set_fault(nullptr, nullptr);
  EXPECT_TRUE(served);
  const auto lines = s.log.lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].starts_with("http: Accept error: accept tcp ")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(": too many open files; retrying in 5ms")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with("; retrying in 10ms")) << lines[1];
  EXPECT_TRUE(lines[2].ends_with("; retrying in 20ms")) << lines[2];
}

WARREN_TEST(accepting, no_more_than_max_conns) {
  chan<void> entered = make_chan<void>(10), let_go = make_chan<void>();
  serving s;
  s.server.max_conns = 2;
  s.start([&](response_writer& w, request&) {
    entered.send();
    let_go.recv();
    w.write("x");
  });
  std::vector<std::unique_ptr<wire>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<wire>(s.address()));
    clients.back()->send(get);
  }
  entered.recv();
  entered.recv();
  EXPECT_EQ(select(recv(entered), recv(time_after(50ms))), 1);
  let_go.close();
  EXPECT_EQ(clients[0]->read().body, "x");
  clients[0]->close();
  entered.recv();
  EXPECT_EQ(clients[2]->read().body, "x");
}
