// SPDX-License-Identifier: MIT
// Connections between requests: that dead ones go, and that many requests leave nothing behind.

#include <dirent.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "pair.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
using namespace std::chrono_literals;

/// How many files this process has open.
int open_files() {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return -1;
  int n = 0;
  while (::readdir(folder) != nullptr) ++n;
  ::closedir(folder);
  return n;
}

void hello(http::response_writer& w, http::request&) { w.write("hello"); }

void a_dead_idle_connection_goes(over what) {
  http::client c;
  c.transport = http::transport({.tls = trusting_config()});
  const int before = open_files();
  int while_idle = 0;
  {
    tests::pair p(hello, what);
    EXPECT_EQ(fetch(c, p.url()), "200 hello");
    EXPECT_TRUE(soon([&] { return p.open() == 1; }));
    while_idle = open_files();
  }
  EXPECT_GT(while_idle, before);
  EXPECT_TRUE(soon([&] { return open_files() <= before; })) << open_files() << " files open, " << before << " before";
}

// Go: TestTransportRemovesDeadIdleConnections.
WARREN_TEST(http_idle, a_dead_connection_goes_without_a_request) { a_dead_idle_connection_goes(over::tcp); }
WARREN_TEST(http_idle, a_dead_session_goes_without_a_request) { a_dead_idle_connection_goes(over::tls); }

WARREN_TEST(http_idle, the_servers_idle_timeout_empties_the_pool) {
  // A connection that was dialed for a request which then got another has said nothing yet: for the server it is new.
  tests::pair p(
      [](http::server& s) {
        s.idle_timeout = 20ms;
        s.read_header_timeout = 1s;
      },
      hello, over::tcp, {.max_idle_conns_per_host = 4});
  sync::wait_group wg;
  for (int i = 0; i < 4; ++i) wg.go([&] { EXPECT_EQ(fetch(p.client, p.url()), "200 hello"); });
  wg.wait();
  EXPECT_TRUE(soon([&] { return p.open() == 0; }));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(fetch(p.client, p.url()), "200 hello");
    sleep(2ms * i);  // about the time at which it is closed
  }
}

// Go: TestTransportPersistConnLeak, TestTransportPersistConnLeakShortBody.
void leaves_nothing_behind(over what) {
  const std::string much(40'000, 'm');
  http::serve_mux mux;
  mux.handle("/small", hello);
  mux.handle("/much", [&](http::response_writer& w, http::request&) { w.write(much); });
  mux.handle("/close", [](http::response_writer& w, http::request&) { w.header().set("Connection", "close"); });
  mux.handle("/abort", [](http::response_writer&, http::request&) { panic(http::abort_handler); });
  mux.handle("/slow", [](http::response_writer&, http::request& r) { r.ctx().done().recv(); });
  mux.handle("/refuse", [](http::response_writer& w, http::request&) { http::error(w, "no", http::status_forbidden); });
  const int before = open_files();
  {
    tests::pair p(mux, what, {.max_idle_conns_per_host = 3, .tls = trusting_config()});
    sync::wait_group wg;
    for (unsigned worker = 0; worker < 6; ++worker) {
      wg.go([&, worker] {
        std::mt19937 random(worker);
        for (std::int64_t i = tests::scaled(what == over::tls ? 150 : 400); i > 0; --i) {
          switch (random() % 6) {
            case 0: EXPECT_EQ(fetch(p.client, p.url("/small")), "200 hello"); break;
            case 1: EXPECT_EQ(fetch(p.client, p.url("/close")), "200 "); break;
            case 2: EXPECT_NE(p.client.get(p.url("/abort")).err(), nil); break;
            case 3: p.client.get(p.url("/much")).value().body().close(); break;
            case 4: {
              auto [ctx, cancel] = context::with_timeout(context::background(), 1ms);
              const http::request slow = http::new_request(ctx, "GET", p.url("/slow")).value();
              EXPECT_TRUE(errors::is_timeout(p.client.do_(slow).err()));
              break;
            }
            default: p.client.post(p.url("/refuse"), "text/plain", http::body(new letters(50'000, false))); break;
          }
        }
      });
    }
    wg.wait();
    EXPECT_TRUE(soon([&] { return p.open() <= 3; })) << p.open();
  }
  EXPECT_TRUE(soon([&] { return open_files() <= before; })) << open_files() << " files open, " << before << " before";
}

WARREN_TEST(http_idle, many_requests_of_all_kinds_leave_nothing_behind) { leaves_nothing_behind(over::tcp); }
WARREN_TEST(http_idle, many_requests_over_tls_leave_nothing_behind) { leaves_nothing_behind(over::tls); }

}  // namespace
