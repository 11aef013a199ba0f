// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/sockets.hpp>
#include <warren/runtime/system.hpp>

#include <cerrno>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;

/// A listener whose backlog is full: the system leaves further connections unanswered.
class deaf_listener {
 public:
  deaf_listener() {
    l_ = must(net::listen("tcp", "127.0.0.1:0"));
    l_.behind()->descriptor()->with_file([](int file) { return runtime::sys::listen_on(file, 0); });
    for (int i = 0; i < 4; ++i) {
      const auto [ctx, cancel] = context::with_timeout(context::background(), 50ms);
      auto [c, err] = net::dial(ctx, "tcp", address());
      if (err != nil) return;
      full_.push_back(c);
    }
  }
  std::string address() const { return to_string(l_.addr()); }

 private:
  net::listener l_;
  std::vector<net::conn> full_;
};

WARREN_TEST(dial, ends_with_its_context) {
  const deaf_listener deaf;
  const int files = tests::open_files();
  const auto [ctx, cancel] = context::with_cancel(context::background());
  go([cancel = cancel] {
    sleep(20ms);
    cancel();
  });
  const auto start = clock::now();
  const error err = net::dial(ctx, "tcp", deaf.address()).err();
  EXPECT_EQ(to_string(err), "dial tcp " + deaf.address() + ": operation was canceled");
  EXPECT_TRUE(errors::is(err, context::canceled));
  EXPECT_FALSE(errors::is_timeout(err));
  EXPECT_LT(since(start), 1s);
  EXPECT_EQ(tests::open_files(), files);
}

WARREN_TEST(dial, ends_at_the_deadline_of_its_context) {
  const deaf_listener deaf;
  const auto [ctx, cancel] = context::with_timeout(context::background(), 30ms);
  const error err = net::dial(ctx, "tcp", deaf.address()).err();
  EXPECT_EQ(to_string(err), "dial tcp " + deaf.address() + ": i/o timeout");
  EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
  EXPECT_TRUE(errors::is_timeout(err));
}

WARREN_TEST(dial, with_a_done_context_begins_nothing) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const auto [ctx, cancel] = context::with_cancel(context::background());
  cancel();
  EXPECT_EQ(to_string(net::dial(ctx, "tcp", to_string(l.addr())).err()),
            "dial tcp " + to_string(l.addr()) + ": operation was canceled");
  EXPECT_EQ(to_string(net::dial(ctx, "tcp", "localhost:80").err()),
            "dial tcp: lookup localhost: operation was canceled");
}

// Go: TestCancelAfterDial.
WARREN_TEST(dial, means_nothing_to_the_connection_afterwards) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  const int rounds = static_cast<int>(tests::scaled(100));
  for (int i = 0; i < rounds; ++i) {
    const auto [ctx, cancel] = context::with_timeout(context::background(), 10s);
    const net::conn client = must(net::dial(ctx, "tcp", to_string(l.addr())));
    const net::conn server = must(l.accept());
    cancel();
    EXPECT_EQ(client.write("x").err(), nil);
    EXPECT_EQ(tests::read_exactly(server, 1), "x");
    EXPECT_EQ(server.write("y").err(), nil);
    EXPECT_EQ(tests::read_exactly(client, 1), "y");
  }
}

WARREN_TEST(dial, that_is_canceled_at_any_moment_leaves_nothing) {
  const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
  sync::wait_group server;
  server.go([l] {
    while (l.accept().err() == nil) {
    }
  });
  const int files = tests::open_files();
  const int rounds = static_cast<int>(tests::scaled(2000));
  for (int i = 0; i < rounds; ++i) {
    const auto [ctx, cancel] = context::with_cancel(context::background());
    go([cancel = cancel, i] {
      for (int j = 0; j < i % 7; ++j) gosched();
      cancel();
    });
    const error err = net::dial(ctx, "tcp", to_string(l.addr())).err();
    EXPECT_TRUE(err == nil || errors::is(err, context::canceled)) << err;
  }
  sleep(10ms);
  EXPECT_LE(tests::open_files(), files + 1);
  EXPECT_EQ(l.close(), nil);
  server.wait();
}

WARREN_TEST(dial, without_a_host_reaches_this_machine) {
  const net::listener l = must(net::listen("tcp", ":0"));
  const std::string port = std::to_string(l.addr().port());
  for (const std::string host : {"", "0.0.0.0", "localhost", "127.0.0.1"}) {
    const net::conn c = must(net::dial("tcp", host + ":" + port));
    EXPECT_EQ(c.remote_addr().port(), l.addr().port());
  }
  EXPECT_EQ(to_string(must(net::dial("tcp4", ":" + port)).remote_addr()), "127.0.0.1:" + port);
}

WARREN_TEST(dial, reaches_both_families) {
  if (!runtime::sys::supports(runtime::sys::socket_family::v6)) GTEST_SKIP() << "no IPv6 here";
  const net::listener l = must(net::listen("tcp", ":0"));
  EXPECT_TRUE(l.addr().is_v6());
  const std::string port = std::to_string(l.addr().port());
  EXPECT_EQ(to_string(must(net::dial("tcp", "[::1]:" + port)).remote_addr()), "[::1]:" + port);
  EXPECT_EQ(to_string(must(net::dial("tcp6", ":" + port)).remote_addr()), "[::1]:" + port);
  EXPECT_EQ(to_string(must(net::dial("tcp4", "localhost:" + port)).remote_addr()), "127.0.0.1:" + port);
  const net::listener only_v6 = must(net::listen("tcp6", "[::1]:0"));
  EXPECT_NE(net::dial("tcp4", "127.0.0.1:" + std::to_string(only_v6.addr().port())).err(), nil);
}

WARREN_TEST(dial, knows_services_by_name) {
  const error err = net::dial("tcp", "127.0.0.1:tcpmux").err();
  EXPECT_TRUE(err == nil || to_string(err).starts_with("dial tcp 127.0.0.1:1:") ||
              to_string(err) == "dial tcp: lookup tcp/tcpmux: unknown port")
      << err;
}

// What the system may answer to a connect, made to happen. Outside a run: a fault is set while nothing else calls.
struct failing_call {
  runtime::sys::call which;
  int error;
  int times;

  static int fail(runtime::sys::call c, void* state) noexcept {
    auto& f = *static_cast<failing_call*>(state);
    if (c != f.which || f.times == 0) return 0;
    --f.times;
    return f.error;
  }
};

std::string dial_with(failing_call f) {
  std::string text;
  runtime::sys::set_fault(&failing_call::fail, &f);
  run([&] {
    auto [c, err] = net::dial("tcp", "127.0.0.1:9");
    text = err == nil ? "connected" : err.message();
  });
  runtime::sys::set_fault(nullptr, nullptr);
  return text;
}

TEST(dial_faults, are_reported_and_leave_nothing) {
  using enum runtime::sys::call;
  const int files = tests::open_files();
  EXPECT_EQ(dial_with({socket, EMFILE, -1}), "dial tcp 127.0.0.1:9: socket: too many open files");
  EXPECT_EQ(dial_with({socket_option, EINVAL, -1}), "dial tcp 127.0.0.1:9: setsockopt: invalid argument");
  for (const int error : {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, ECONNRESET, EACCES, EADDRNOTAVAIL}) {
    EXPECT_EQ(dial_with({connect, error, -1}), "dial tcp 127.0.0.1:9: connect: " + net::errno_text(error));
  }
  EXPECT_EQ(dial_with({poller_add, ENOSPC, -1}).find("connected"), std::string::npos);
  EXPECT_LE(tests::open_files(), files + 2) << "the poller and its bell stay";
}

TEST(dial_faults, of_a_connection_that_was_begun_are_reported) {
  for (const int error : {ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, ETIMEDOUT, ECONNRESET}) {
    std::string text;
    failing_call f{runtime::sys::call::connection_state, error, -1};
    runtime::sys::set_fault(&failing_call::fail, &f);
    run([&] {
      const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
      text = to_string(net::dial("tcp", to_string(l.addr())).err());
    });
    runtime::sys::set_fault(nullptr, nullptr);
    EXPECT_TRUE(text.ends_with(": connect: " + net::errno_text(error))) << text;
  }
}

TEST(dial_faults, that_pass_are_tried_again) {
  failing_call f{runtime::sys::call::connect, EADDRNOTAVAIL, 2};
  runtime::sys::set_fault(&failing_call::fail, &f);
  run([] {
    const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
    EXPECT_EQ(net::dial("tcp", to_string(l.addr())).err(), nil);
  });
  runtime::sys::set_fault(nullptr, nullptr);
  EXPECT_EQ(f.times, 0);
}

}  // namespace
