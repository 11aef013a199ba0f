// SPDX-License-Identifier: MIT
// The names of net and of signals, as programs write them.
#include "names.hpp"

#include <array>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "test.hpp"

namespace {

/// Answers each connection with what it sent, until the listener is closed.
net::listener start_echo() {
  auto [l, err] = net::listen("tcp", "127.0.0.1:0");
  EXPECT_EQ(err, nil) << err;
  go([=] {
    for (;;) {
      auto [c, aerr] = l.accept();
      if (aerr != nil) return;
      go([c] {
        defer _ = [&] { c.close(); };
        char buf[64];
        for (;;) {
          auto [n, rerr] = c.read(buf);
          if (rerr != nil) break;
          c.write({buf, n});
        }
      });
    }
  });
  return l;
}

WARREN_TEST(names, of_net_take_every_kind_of_buffer) {
  net::listener l = start_echo();
  defer _ = [&] { l.close(); };
  string address = to_string(l.addr());
  auto [c, err] = net::dial("tcp", address);
  ASSERT_TRUE(err == nil) << err;
  defer _2 = [&c = c] { c.close(); };

  char plain[8];
  array<char, 8> fixed;
  vector<char> many(8);
  string text(8, '\0');
  c.write("12345678");
  EXPECT_EQ(c.read(plain).value(), 8u);
  c.write(string("abcdefgh"));
  EXPECT_EQ(c.read(fixed).value(), 8u);
  c.write(string_view(fixed.data(), fixed.size()));
  EXPECT_EQ(c.read(many).value(), 8u);
  c.write({many.data(), many.size()});
  auto [n, rerr] = c.read(text);
  EXPECT_EQ(n, 8u);
  EXPECT_EQ(rerr, nil);
  EXPECT_EQ(text, "abcdefgh");
  tie(n, rerr) = c.write("xy");
  tie(n, rerr) = c.read({plain, 2});
  EXPECT_EQ(n, 2u);
  tie(n, ignore) = c.write("z");
  EXPECT_EQ(c.read(span<char>(plain)).value(), 1u);
}

WARREN_TEST(names, of_net_deadlines_take_any_clock) {
  net::listener l = start_echo();
  net::conn c = net::dial("tcp", to_string(l.addr())).value();
  char buf[16];
  c.set_read_deadline(clock::now() + 1ms);
  auto [n, err] = c.read(buf);
  EXPECT_EQ(n, 0u);
  EXPECT_TRUE(errors::is_timeout(err)) << err;
  EXPECT_NE(err.message().find("i/o timeout"), string::npos) << err;
  EXPECT_EQ(c.set_deadline(std::chrono::steady_clock::now() - 1s), nil);
  EXPECT_TRUE(errors::is_timeout(c.write("late").err()));
  EXPECT_EQ(c.set_deadline(chrono::system_clock::now() + 1h), nil);
  EXPECT_EQ(c.set_write_deadline(warren::clock::time_point{}), nil);
  EXPECT_EQ(c.set_deadline(clock::time_point{}), nil);
  EXPECT_EQ(c.set_deadline(std::chrono::steady_clock::time_point{}), nil);
  c.write("again");
  EXPECT_EQ(c.read(buf).value(), 5u);
  EXPECT_EQ(c.close_write(), nil);
  tie(n, err) = c.read(buf);
  EXPECT_TRUE(err == net::eof);
  EXPECT_TRUE(net::eof == err);
  EXPECT_TRUE(errors::is(err, net::eof));
  EXPECT_EQ(n, 0u);
  EXPECT_EQ(c.close(), nil);
  EXPECT_TRUE(errors::is(c.close(), net::closed));
  l.close();
  EXPECT_NE(l.accept().err().message().find("use of closed network connection"), string::npos);
}

WARREN_TEST(names, of_net_handles_are_nil_compare_and_hash) {
  net::conn none;
  net::listener nobody;
  EXPECT_TRUE(none == nil && nil == none && !(none != nil));
  EXPECT_TRUE(nobody == nil && nil == nobody && !(nobody != nil));
  auto [a, b] = net::pipe();
  EXPECT_TRUE(a != nil && nil != b && a != b && !(a == b));
  net::conn again = a;
  EXPECT_EQ(again, a);
  unordered_map<net::conn, string> names{{a, "a"}, {b, "b"}};
  EXPECT_EQ(names[again], "a");
  net::listener l = net::listen("tcp", "127.0.0.1:0").value();
  unordered_set<net::listener> listeners{l, l};
  EXPECT_EQ(listeners.size(), 1u);
  again = nil;
  EXPECT_EQ(again, nil);
  l = nil;
  EXPECT_EQ(l, nil);
  net::addr nowhere = nil;
  EXPECT_TRUE(nowhere == nil);
  chan<net::conn> conns = make_chan<net::conn>(1);
  conns << a;
  EXPECT_EQ(conns.recv(), a);
}

WARREN_TEST(names, of_net_conns_are_captured_by_value) {
  auto [a, b] = net::pipe();
  go([=, a = a] { a.write("through the pipe"), a.close(); });
  string all;
  array<char, 5> buf;
  for (;;) {
    auto [n, err] = b.read(buf);
    all.append(buf.data(), n);
    if (err == net::eof) break;
    ASSERT_EQ(err, nil);
  }
  EXPECT_EQ(all, "through the pipe");
}

WARREN_TEST(names, of_net_dial_with_contexts) {
  net::listener l = start_echo();
  auto [ctx, cancel] = context::with_timeout(context::background(), 5s);
  defer _ = cancel;
  net::conn c;
  error err;
  tie(c, err) = net::dial(ctx, "tcp", to_string(l.addr()));
  EXPECT_EQ(err, nil);
  EXPECT_EQ(c.remote_addr(), l.addr());
  EXPECT_EQ(to_string(c.local_addr()).substr(0, 10), "127.0.0.1:");
  ostringstream out;
  out << l.addr();
  EXPECT_EQ(out.str(), to_string(l.addr()));
  auto [hosts, herr] = net::lookup_host(ctx, "127.0.0.1");
  EXPECT_EQ(herr, nil);
  EXPECT_EQ(hosts, vector<string>{"127.0.0.1"});
  uint16_t port = l.addr().port();
  l.close();
  string gone = "127.0.0.1:" + to_string(port);
  tie(c, err) = net::dial("tcp", gone);
  EXPECT_EQ(err.message(), "dial tcp " + gone + ": connect: connection refused");
  cancel();
  EXPECT_TRUE(errors::is(net::dial(ctx, "tcp", gone).err(), context::canceled));
}

WARREN_TEST(names, of_signals) {
  chan<int> c = make_chan<int>(1);
  signals::notify(c, SIGUSR1, SIGUSR2);
  kill(getpid(), SIGUSR1);
  EXPECT_EQ(c.recv(), SIGUSR1);
  send_chan<int> only_to_send = c;
  signals::notify(only_to_send, SIGUSR2);
  signals::stop(c);

  auto [ctx, stop] = signals::notify_context(context::background(), SIGUSR2);
  defer _ = stop;
  kill(getpid(), SIGUSR2);
  ctx.done().recv();
  EXPECT_TRUE(errors::is(ctx.err(), context::canceled));
  select(recv(ctx.done(), [] {}), recv(time_after(1s), [] { ADD_FAILURE() << "not done"; }));
}

}  // namespace
