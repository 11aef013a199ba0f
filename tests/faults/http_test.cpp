// SPDX-License-Identifier: MIT
// A server and a client under faults of both their sockets, their memory and their user's code.

#include <gtest/gtest.h>

#include <warren/warren.hpp>

#include <cerrno>
#include <new>
#include <string>
#include <utility>

#include "../net/network.hpp"
#include "exchange.hpp"
#include "fault_plan.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using tests::ever;
using tests::fault;
using tests::sweep;
using tests::under_faults;
using enum tests::system_call;

http::client new_client() {
  http::client c;
  c.transport = http::transport(http::transport_options{});
  return c;
}

/// Faults that nobody notices.
void unharmed() {
  tests::echo_server s;
  const http::client c = new_client();
  {
    const under_faults now;
    EXPECT_EQ(tests::post(c, s.url(), 2000), "");
    EXPECT_EQ(tests::get(c, s.url()), "");
  }
  c.close_idle();
}

/// Faults that a request may die of, but no other, and never with a wrong answer.
void unharmed_or_told() {
  tests::echo_server s;
  const http::client c = new_client();
  {
    const under_faults now;
    EXPECT_FALSE(tests::post(c, s.url(), 2000).starts_with(tests::wrong_answer));
    EXPECT_FALSE(tests::get(c, s.url()).starts_with(tests::wrong_answer));
  }
  EXPECT_EQ(tests::get(c, s.url()), "");
  c.close_idle();
}

TEST(http_, bears_small_counts_and_signals) {
  sweep(fault::short_count(receive, 1), unharmed, {.workers = {1, 2, 4}, .most = 2});
  sweep(fault::short_count(transmit, 1), unharmed, {.workers = {1, 2, 4}, .most = 2});
  sweep(fault::of(receive, EAGAIN), unharmed, {.most = 20});
  for (const auto call : {receive, transmit, accept, connect, poller_wait}) {
    sweep(fault::of(call, EINTR, 20), unharmed, {.most = 10});
  }
  for (const int error : {EMFILE, ENFILE, ECONNABORTED}) {
    sweep(fault::of(accept, error), unharmed, {.most = 4});
  }
  sweep("no descriptor in reserve", fault::of(bell_create, EMFILE, ever), unharmed,
        {.workers = {1, 4}, .most = 1, .whole_run = true, .beside = {fault::of(accept, EMFILE, 2)}});
}

TEST(http_, tells_who_asked_that_a_connection_broke) {
  for (const auto& [call, error] :
       {std::pair{receive, ECONNRESET}, std::pair{receive, ETIMEDOUT}, std::pair{transmit, EPIPE},
        std::pair{transmit, ECONNRESET}, std::pair{transmit, ENOBUFS}, std::pair{socket, EMFILE},
        std::pair{connect, ECONNREFUSED}, std::pair{poller_add, ENOMEM}, std::pair{poller_add, ENOSPC}}) {
    sweep(fault::of(call, error), unharmed_or_told, {.most = 30});
  }
}

/// Asks until the answer is right. One request may die of the fault, or throw for want of memory, but only that one.
template <class Ask>
void ask_again(Ask&& ask) {
  for (int tries = 1;; ++tries) {
    try {
      const std::string told = ask();
      EXPECT_FALSE(told.starts_with(tests::wrong_answer)) << told;
      if (told.empty()) return;
    } catch (const std::bad_alloc&) {
    }
    ASSERT_LE(tries, 3);
  }
}

TEST(http_, without_memory_loses_a_request_and_no_more) {
  const auto two_requests = [] {
    tests::echo_server s;
    http::client c;
    // With one connection at most: a place that got lost would be missed.
    c.transport = http::transport(http::transport_options{.max_conns_per_host = 1});
    {
      const under_faults now;
      ask_again([&] { return tests::post(c, s.url(), 2000); });
      ask_again([&] { return tests::get(c, s.url()); });
      ask_again([&] { return tests::post(c, s.url(), 40'000); });
    }
    c.close_idle();
  };
  sweep("http, memory", fault::of_new(), two_requests, {.workers = {1, 4}, .most = 300, .same_memory = true});
  sweep("http, less memory", fault::of_new(2), two_requests,
        {.workers = {1}, .most = 300, .same_memory = true});
}

TEST(http_, without_memory_forgets_nobody_who_waits) {
  const auto ask_in_a_crowd = [] {
    tests::echo_server s;
    http::client c;
    c.transport = http::transport(http::transport_options{.max_conns_per_host = 1});
    {
      const under_faults now;
      sync::wait_group all;
      for (int i = 0; i < 5; ++i) {
        tests::again([&] {
          all.go([&] {
            const auto [ctx, cancel] =
                tests::again([] { return context::with_cancel(context::background()); });
            ask_again([&, ctx = ctx] { return tests::get(c, s.url(), ctx); });
            cancel();
          });
        });
      }
      all.wait();
    }
    c.close_idle();
  };
  sweep("a crowd at http, memory", fault::of_new(), ask_in_a_crowd, {.workers = {1, 4}, .most = 200});
}

TEST(http_, hooks_that_throw_end_serving_and_leave_nothing) {
  const auto serve_with_hooks = [] {
    http::server s;
    s.error_log = [](std::string_view) {};
    s.base_context = [](const net::listener&) {
      tests::may_throw();
      return context::background();
    };
    s.conn_context = [](context ctx, const net::conn&) {
      tests::may_throw();
      return ctx;
    };
    s.on_conn_state = [](const net::conn&, http::conn_state what) {
      if (what == http::conn_state::fresh) tests::may_throw();
    };
    s.handler = [](http::response_writer&, http::request&) {};
    const auto serve = [&s](const net::listener& l) {
      try {
        return s.serve(l);
      } catch (const tests::users_error&) {
        return error(nil);
      }
    };
    const http::client c = new_client();
    const under_faults now;
    bool served = false;
    for (int tries = 1; !served && tries <= 2; ++tries) {
      const net::listener l = tests::must(net::listen("tcp", "127.0.0.1:0"));
      const auto ended = make_chan<error>(1);
      go([=] { ended.send(serve(l)); });
      served = c.get("http://" + to_string(l.addr()) + "/").err() == nil;
      if (served) s.close();
      EXPECT_EQ(ended.recv(), served ? http::server_closed : nil);
    }
    EXPECT_TRUE(served);
    c.close_idle();
    EXPECT_EQ(s.shutdown(context::background()), nil) << "no connection is left in its list";
  };
  sweep("hooks that throw", fault::of_users_code(), serve_with_hooks,
        {.workers = {1, 4}, .most = 20, .same_memory = true});
}

TEST(http_, handlers_that_throw_end_one_connection) {
  const auto serve_or_throw = [] {
    tests::echo_server s;
    http::server own;
    own.error_log = [](std::string_view) {};
    own.handler = [](http::response_writer& w, http::request& r) {
      tests::may_throw();
      const auto text = read_all(r.body);
      tests::may_throw();
      w.write(text.first);
      tests::may_throw();
    };
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    ASSERT_EQ(err, nil);
    const std::string url = "http://" + to_string(l.addr()) + "/";
    const auto ended = make_chan<error>(1);
    go([&own, ended, l = l] { ended.send(own.serve(l)); });
    const http::client c = new_client();
    {
      const under_faults now;
      for (int i = 0; i < 3; ++i) EXPECT_FALSE(tests::post(c, url, 100).starts_with(tests::wrong_answer));
    }
    EXPECT_EQ(tests::post(c, url, 100), "");
    c.close_idle();
    own.close();
    EXPECT_EQ(own.shutdown(context::background()), nil);
    EXPECT_EQ(ended.recv(), http::server_closed);
  };
  sweep("a handler that throws", fault::of_users_code(), serve_or_throw, {.workers = {1, 4}, .most = 20});
}

}  // namespace
