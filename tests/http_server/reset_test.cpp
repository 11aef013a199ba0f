// SPDX-License-Identifier: MIT
// A client that resets its connection, in each state that the server's side of it has: the request is canceled if there is
// one, the connection ends, and the server goes on.

#include <gtest/gtest.h>

#include "serving.hpp"
#include "test.hpp"

#include <atomic>

using namespace warren;
using namespace std::chrono_literals;
using http::request;
using http::response_writer;
using tests::serving;
using tests::wire;

namespace {

constexpr std::string_view head_of_post = "POST /read HTTP/1.1\r\nHost: a\r\n";

/// A server whose handlers tell when they have begun, and why they were canceled.
class stage {
 public:
  stage() {
    server_.server.on_conn_state = [this](const net::conn&, http::conn_state s) {
      if (s == http::conn_state::fresh) ++opened_;
      if (s == http::conn_state::closed) ++closed_;
    };
    server_.start([this](response_writer& w, request& r) { answer(w, r); });
  }

  const std::string& address() const { return server_.address(); }
  bool opens(int connections) {
    return tests::eventually([&] { return opened_ == connections; });
  }
  bool closes(int connections) {
    return tests::eventually([&] { return closed_ == connections; });
  }

  chan<void> entered = make_chan<void>(8);
  chan<error> cause = make_chan<error>(8);

 private:
  void answer(response_writer& w, request& r) {
    if (r.url.path == "/") {
      w.write("x");
      return;
    }
    const context ctx = r.ctx();
    entered.send();
    if (r.url.path == "/read") {
      EXPECT_NE(http::read_all(r.body).err(), nil);
    } else if (r.url.path == "/stream") {
      const std::string much(100'000, 's');
      while (w.write(much).err() == nil) {
      }
    }
    select(recv(ctx.done()), recv(time_after(10s)));
    cause.send(context::cause(ctx));
  }

  std::atomic<int> opened_{0};
  std::atomic<int> closed_{0};
  serving server_;
};

/// `answered`: by a whole answer, before it. `canceled`: a handler has begun to answer.
void reset_after(std::string_view sent, bool answered, bool canceled) {
  stage s;
  wire w(s.address());
  if (!sent.empty()) w.send(sent);
  EXPECT_TRUE(s.opens(1));
  if (answered) {
    EXPECT_EQ(w.read().body, "x");
  }
  if (canceled) s.entered.recv();
  w.reset();
  if (canceled) {
    EXPECT_EQ(s.cause.recv(), http::client_disconnected);
  }
  EXPECT_TRUE(s.closes(1));
  EXPECT_EQ(tests::ask(s.address(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").body, "x");
}

const std::string wait_for_it = "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace

WARREN_TEST(reset, before_the_head) { reset_after("", false, false); }
WARREN_TEST(reset, in_the_head) { reset_after("GET /wait HTTP/1.1\r\nHo", false, false); }
WARREN_TEST(reset, after_the_head) { reset_after(wait_for_it, false, true); }
WARREN_TEST(reset, before_the_body) { reset_after(std::string(head_of_post) + "Content-Length: 9\r\n\r\n", false, true); }
WARREN_TEST(reset, in_the_body) { reset_after(std::string(head_of_post) + "Content-Length: 9\r\n\r\n1234", false, true); }
WARREN_TEST(reset, in_a_chunk) {
  reset_after(std::string(head_of_post) + "Transfer-Encoding: chunked\r\n\r\n8\r\n1234", false, true);
}
WARREN_TEST(reset, before_it_continues) {
  reset_after(std::string(head_of_post) + "Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", false, true);
}
WARREN_TEST(reset, during_the_answer) { reset_after("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n", false, true); }
WARREN_TEST(reset, idle) { reset_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false); }
WARREN_TEST(reset, idle_with_half_a_head) { reset_after("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET", true, false); }
/// The one behind is not begun: the answer before it finds no connection.
WARREN_TEST(reset, with_a_request_behind) { reset_after(wait_for_it + wait_for_it, false, true); }
WARREN_TEST(reset, after_it_has_closed_its_side) {
  stage s;
  wire w(s.address());
  w.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  s.entered.recv();
  w.close_write();
  w.reset();
  EXPECT_EQ(s.cause.recv(), http::client_disconnected);
  EXPECT_TRUE(s.closes(1));
}
