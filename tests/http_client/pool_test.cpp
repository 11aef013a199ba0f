// SPDX-License-Identifier: MIT
// Which connections are kept, for whom, and for how long.

#include <warren/net/dial.hpp>
#include <warren/sync/wait_group.hpp>

#include <atomic>
#include <memory>
#include <vector>

#include "fixture.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// Answers with the number of the connection.
void tell_number(peer& p) {
  while (!p.read_head().empty()) {
    if (!p.send(ok(std::to_string(p.number)))) return;
  }
}

WARREN_TEST(http_client_pool, one_connection_for_one_after_the_other) {
  scripted_server server(tell_number);
  own_client c;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fetch(c, server.url()), "0");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_pool, the_one_used_last_comes_first) {
  scripted_server server(tell_number);
  http::transport_options o;
  o.max_idle_conns_per_host = 3;
  own_client c(o);
  std::vector<http::response> open;
  for (int i = 0; i < 3; ++i) open.push_back(c.get(server.url()).value());
  EXPECT_EQ(server.connections(), 3);
  std::string last;
  for (const auto& r : open) last = read_all(r.body()).value();
  EXPECT_EQ(fetch(c, server.url()), last);
  EXPECT_EQ(fetch(c, server.url()), last);
}

WARREN_TEST(http_client_pool, so_many_idle_ones_a_host) {
  scripted_server server(tell_number);
  own_client c;
  std::vector<http::response> open;
  for (int i = 0; i < 5; ++i) open.push_back(c.get(server.url()).value());
  for (const auto& r : open) read_all(r.body());
  open.clear();
  for (int i = 0; i < 2; ++i) open.push_back(c.get(server.url()).value());
  EXPECT_EQ(server.connections(), 5);
  open.push_back(c.get(server.url()).value());
  EXPECT_EQ(server.connections(), 6);
}

WARREN_TEST(http_client_pool, of_all_hosts_the_one_idle_longest_goes) {
  std::atomic<int> ended{0};
  const auto script = [&ended](peer& p) {
    tell_number(p);
    ended.fetch_add(1, std::memory_order_relaxed);
  };
  scripted_server first(script);
  scripted_server second(script);
  scripted_server third(script);
  http::transport_options o;
  o.max_idle_conns = 2;
  own_client c(o);
  for (const scripted_server* s : {&first, &second, &third}) EXPECT_EQ(fetch(c, s->url()), "0");
  EXPECT_TRUE(soon([&] { return ended.load(std::memory_order_relaxed) == 1; }));
  EXPECT_EQ(fetch(c, second.url()), "0");
  EXPECT_EQ(fetch(c, third.url()), "0");
  EXPECT_EQ(fetch(c, first.url()), "1");
}

WARREN_TEST(http_client_pool, idle_ones_end_after_a_while) {
  std::atomic<int> ended{0};
  scripted_server server([&ended](peer& p) {
    tell_number(p);
    ended.fetch_add(1, std::memory_order_relaxed);
  });
  http::transport_options o;
  o.idle_conn_timeout = 20ms;
  own_client c(o);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(fetch(c, server.url()), std::to_string(i));
    EXPECT_TRUE(soon([&] { return ended.load(std::memory_order_relaxed) == i + 1; }));
  }
}

WARREN_TEST(http_client_pool, without_keep_alive) {
  scripted_server server(tell_number);
  http::transport_options o;
  o.disable_keep_alives = true;
  own_client c(o);
  EXPECT_EQ(fetch(c, server.url()), "0");
  EXPECT_EQ(fetch(c, server.url()), "1");
  own_client d;
  auto [req, bad] = http::new_request("GET", server.url());
  req.close = true;
  EXPECT_EQ(read_all(d.do_(req).value().body()).value(), "2");
  EXPECT_EQ(fetch(d, server.url()), "3");
}

WARREN_TEST(http_client_pool, one_that_the_server_closed_is_not_used) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send(ok(std::to_string(p.number)));
  });
  own_client c;
  for (int i = 0; i < 20; ++i) {
    // A POST must not be sent twice, so this also shows that the end was seen beforehand.
    auto [res, err] = c.post(server.url(), "text/plain", "x");
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(read_all(res.body()).value(), std::to_string(i));
    sleep(3ms);
  }
}

WARREN_TEST(http_client_pool, an_answer_that_nobody_asked_for_ends_it) {
  chan<void> read = make_chan<void>();
  chan<void> poisoned = make_chan<void>();
  scripted_server server([&](peer& p) {
    p.read_head();
    p.send(ok(std::to_string(p.number)));
    read.recv();
    p.send(ok("poison"));
    poisoned.send();
    p.read_to_end();
  });
  own_client c;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(fetch(c, server.url()), std::to_string(i));
    read.send();
    poisoned.recv();
    // The poller has to hear of it.
    sleep(20ms);
  }
}

WARREN_TEST(http_client_pool, unread_bodies_cost_the_connection_read_ones_do_not) {
  scripted_server server([](peer& p) {
    while (!p.read_head().empty()) p.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + std::string(100, 'x'));
  });
  own_client c;
  for (int i = 0; i < 3; ++i) {
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil);
    res.body().close();
  }
  EXPECT_EQ(server.connections(), 3);
}

WARREN_TEST(http_client_pool, a_small_rest_is_read_at_close) {
  scripted_server server([](peer& p) {
    while (!p.read_head().empty()) {
      p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
      sleep(2ms);
      p.send("0123456789");
    }
  });
  own_client c;
  for (int i = 0; i < 3; ++i) {
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil);
    res.body().close();
    sleep(20ms);
  }
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_pool, a_rest_that_does_not_come_is_not_waited_for) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    p.read_to_end();
  });
  own_client c;
  for (int i = 0; i < 2; ++i) {
    auto [res, err] = c.get(server.url());
    ASSERT_EQ(err, nil);
    const auto before = clock::now();
    res.body().close();
    EXPECT_LT(since(before), 40ms);
    sleep(80ms);
  }
  EXPECT_EQ(server.connections(), 2);
}

WARREN_TEST(http_client_pool, a_response_that_is_dropped_lets_go) {
  std::atomic<int> ended{0};
  scripted_server server([&ended](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    p.read_to_end();
    ended.fetch_add(1, std::memory_order_relaxed);
  });
  own_client c;
  for (int i = 1; i <= 3; ++i) {
    c.get(server.url());
    EXPECT_TRUE(soon([&] { return ended.load(std::memory_order_relaxed) == i; }));
  }
  scripted_server whole(tell_number);
  for (int i = 0; i < 3; ++i) c.get(whole.url());
  EXPECT_EQ(whole.connections(), 1);
}

WARREN_TEST(http_client_pool, so_many_connections_a_host) {
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  scripted_server server([&](peer& p) {
    while (!p.read_head().empty()) {
      const int n = now.fetch_add(1, std::memory_order_relaxed) + 1;
      int seen = most.load(std::memory_order_relaxed);
      while (seen < n && !most.compare_exchange_weak(seen, n, std::memory_order_relaxed)) {
      }
      sleep(1ms);
      now.fetch_sub(1, std::memory_order_relaxed);
      p.send(ok("x"));
    }
  });
  http::transport_options o;
  o.max_conns_per_host = 3;
  o.max_idle_conns_per_host = 3;
  own_client c(o);
  sync::wait_group all;
  for (int i = 0; i < 30; ++i) {
    all.go([&] { EXPECT_EQ(fetch(c, server.url()), "x"); });
  }
  all.wait();
  EXPECT_LE(most.load(std::memory_order_relaxed), 3);
  EXPECT_LE(server.connections(), 3);
}

WARREN_TEST(http_client_pool, under_the_limit_closed_ones_make_room) {
  scripted_server server([](peer& p) {
    p.read_head();
    p.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx");
  });
  http::transport_options o;
  o.max_conns_per_host = 1;
  own_client c(o);
  sync::wait_group all;
  for (int i = 0; i < 10; ++i) {
    all.go([&] { EXPECT_EQ(fetch(c, server.url()), "x"); });
  }
  all.wait();
  EXPECT_EQ(server.connections(), 10);
}

/// The one that is in use becomes idle at the very moment when another request begins to wait for it.
WARREN_TEST(http_client_pool, who_waits_for_room_is_not_forgotten) {
  scripted_server server(tell_number);
  http::transport_options o;
  o.max_conns_per_host = 1;
  own_client c(o);
  for (std::int64_t round = 0; round < scaled(20'000) && !::testing::Test::HasFailure(); ++round) {
    const auto [ctx, cancel] = context::with_timeout(context::background(), 10s);
    sync::wait_group both;
    for (int i = 0; i < 2; ++i) {
      both.go([&] {
        const auto [req, bad] = http::new_request(ctx, "GET", server.url());
        const auto [r, err] = c.do_(req);
        EXPECT_EQ(err, nil) << err << " in round " << round;
        if (err == nil) read_all(r.body());
      });
    }
    both.wait();
    cancel();
  }
}

WARREN_TEST(http_client_pool, failed_dials_make_room) {
  http::transport_options o;
  o.max_conns_per_host = 1;
  o.dial = [](const context&, std::string_view, std::string_view) -> result<net::conn> {
    sleep(1ms);
    return {nil, errors::make("no way")};
  };
  own_client c(o);
  sync::wait_group all;
  for (int i = 0; i < 10; ++i) {
    all.go([&] { EXPECT_EQ(fetch(c, "http://h/"), "error: Get \"http://h/\": no way"); });
  }
  all.wait();
}

WARREN_TEST(http_client_pool, who_waits_for_room_may_give_up) {
  chan<void> go_on = make_chan<void>();
  scripted_server server([&](peer& p) {
    while (!p.read_head().empty()) {
      go_on.recv();
      if (!p.send(ok("x"))) return;
    }
  });
  http::transport_options o;
  o.max_conns_per_host = 1;
  own_client c(o);
  sync::wait_group first;
  first.go([&] { EXPECT_EQ(fetch(c, server.url()), "x"); });
  EXPECT_TRUE(soon([&] { return server.connections() == 1; }));
  auto [ctx, cancel] = context::with_timeout(context::background(), 10ms);
  auto [req, bad] = http::new_request(ctx, "GET", server.url());
  EXPECT_EQ(why(c.do_(req).err()), "context deadline exceeded");
  go_on.close();
  first.wait();
  EXPECT_EQ(fetch(c, server.url()), "x");
  EXPECT_EQ(server.connections(), 1);
}

WARREN_TEST(http_client_pool, whichever_connection_comes_first) {
  scripted_server server(tell_number);
  chan<void> slow = make_chan<void>();
  auto dials = std::make_shared<std::atomic<int>>(0);
  http::transport_options o;
  o.dial = [=](const context& ctx, std::string_view network, std::string_view address) -> result<net::conn> {
    if (dials->fetch_add(1, std::memory_order_relaxed) == 1) slow.recv();
    return net::dial(ctx, network, address);
  };
  own_client c(o);
  auto [held, err] = c.get(server.url());
  ASSERT_EQ(err, nil);
  sync::wait_group second;
  second.go([&] { EXPECT_EQ(fetch(c, server.url()), "0"); });
  EXPECT_TRUE(soon([&] { return dials->load(std::memory_order_relaxed) == 2; }));
  EXPECT_EQ(read_all(held.body()).value(), "0");
  second.wait();
  // The dial that was begun is for those who come later.
  slow.close();
  EXPECT_TRUE(soon([&] { return server.connections() == 2; }));
  sleep(5ms);
  auto [a, a_err] = c.get(server.url());
  auto [b, b_err] = c.get(server.url());
  EXPECT_EQ(a_err, nil);
  EXPECT_EQ(b_err, nil);
  EXPECT_EQ(dials->load(std::memory_order_relaxed), 2);
}

WARREN_TEST(http_client_pool, closing_idle_ones_gives_up_dials_in_vain) {
  chan<void> canceled = make_chan<void>(1);
  http::transport_options o;
  o.dial = [=](const context& ctx, std::string_view, std::string_view) -> result<net::conn> {
    ctx.done().recv();
    canceled.send();
    return {nil, ctx.err()};
  };
  o.dial_timeout = 0s;
  own_client c(o);
  auto [ctx, cancel] = context::with_timeout(context::background(), 5ms);
  auto [req, bad] = http::new_request(ctx, "GET", "http://h/");
  EXPECT_EQ(why(c.do_(req).err()), "context deadline exceeded");
  EXPECT_EQ(canceled.try_recv(), recv_status::empty);
  c.close_idle();
  canceled.recv();
}

WARREN_TEST(http_client_pool, clients_without_a_transport_share_one) {
  scripted_server server(tell_number);
  EXPECT_EQ(read_all(http::get(server.url()).value().body()).value(), "0");
  EXPECT_EQ(fetch(http::client(), server.url()), "0");
  EXPECT_EQ(server.connections(), 1);
  http::client().close_idle();
}

WARREN_TEST(http_client_pool, equal_destinations) {
  scripted_server server(tell_number);
  own_client c;
  const std::string port = server.address().substr(server.address().find(':'));
  EXPECT_EQ(fetch(c, "http://localhost" + port + "/"), "0");
  EXPECT_EQ(fetch(c, "http://LOCALHOST" + port + "/x"), "0");
}

WARREN_TEST(http_client_pool, many_at_a_time) {
  scripted_server server(tell_number);
  http::transport_options o;
  o.max_idle_conns_per_host = 16;
  own_client c(o);
  sync::wait_group all;
  for (int i = 0; i < 16; ++i) {
    all.go([&] {
      for (std::int64_t n = scaled(200); n > 0; --n) {
        const std::string got = fetch(c, server.url());
        EXPECT_LE(got.size(), 2U) << got;
      }
    });
  }
  all.wait();
  EXPECT_LE(server.connections(), 40);
}

}  // namespace
