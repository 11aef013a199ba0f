// SPDX-License-Identifier: MIT
// The poller and the sockets.

#include <gtest/gtest.h>

#include <sys/socket.h>

#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/netpoll.hpp>
#include <warren/warren.hpp>

#include <cerrno>
#include <chrono>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "../net/network.hpp"
#include "conversation.hpp"
#include "fault_plan.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::ever;
using tests::fault;
using tests::sweep;
using tests::under_faults;
using enum tests::system_call;

/// The first of this program to use the network, or there would be a poller already: it stays for the process.
TEST(the_poller, is_made_by_the_next_who_needs_it) {
  ASSERT_FALSE(runtime::netpoll::is_open());
  const int files = tests::open_files();
  for (const auto& [call, code] : {std::pair{poller_create, EMFILE}, std::pair{bell_create, EMFILE},
                                   std::pair{poller_add, ENOSPC}, std::pair{poller_add, ENOMEM}}) {
    run(run_options{.max_procs = 2}, [call = call, code = code] {
      tests::set_plan({fault::of(call, code)});
      const under_faults now;
      const error failed = net::listen("tcp", "127.0.0.1:0").err();
      EXPECT_NE(failed, nil);
      EXPECT_TRUE(failed.message().ends_with(net::errno_text(code))) << failed;
      EXPECT_EQ(tests::faults_of_plan(), 1);
    });
    EXPECT_FALSE(runtime::netpoll::is_open());
    EXPECT_EQ(tests::open_files(), files);
  }
  run([] { EXPECT_EQ(net::listen("tcp", "127.0.0.1:0").err(), nil); });
  EXPECT_TRUE(runtime::netpoll::is_open());
  EXPECT_EQ(tests::open_files(), files + 2) << "the poller and its bell";
}

TEST(the_poller, that_is_lost_ends_the_program_with_a_sentence) {
  if (tests::under_thread_sanitizer) GTEST_SKIP() << "it does not follow into a child";
  const auto lose_it = [] {
    tests::set_plan({fault::of(poller_wait, EBADF)});
    const under_faults now;
    run([] { tests::converse(100); });
  };
  EXPECT_EXIT(lose_it(), ::testing::ExitedWithCode(2), "fatal error: the network poller failed");
}

// --- a conversation under faults

/// Faults that a conversation does not notice.
void unharmed() {
  tests::conversation o;
  {
    const under_faults now;
    o = tests::converse(3000);
  }
  EXPECT_EQ(o.client, nil) << o.client;
  EXPECT_EQ(o.server, nil) << o.server;
  EXPECT_EQ(o.heard, o.said);
}

/// Faults that may end it: then one of both says why, and the next is well.
void unharmed_or_ended() {
  const auto begin = clock::now();
  tests::conversation o;
  {
    const under_faults now;
    o = tests::converse(3000);
  }
  if (o.client == nil && o.server == nil) {
    EXPECT_EQ(o.heard, o.said);
  } else {
    EXPECT_TRUE(o.said.starts_with(o.heard));
  }
  if (o.client != nil) {
    EXPECT_NE(errors::as<net::op_error>(o.client), nullptr) << o.client;
    EXPECT_LT(since(begin), 5s) << "it was not told, but waited until its deadline: " << o.client;
  }
  const tests::conversation next = tests::converse(100);
  EXPECT_EQ(next.heard, next.said) << next.client;
}

TEST(counts, of_one_byte_lose_nothing) {
  sweep(fault::short_count(receive, 1), unharmed, {.workers = {1, 2, 4}, .most = 2});
  sweep(fault::short_count(transmit, 1), unharmed, {.workers = {1, 2, 4}, .most = 2});
  sweep(fault::short_count(receive, 1, 1), unharmed, {.most = 30});
  sweep(fault::short_count(receive, 1), unharmed,
        {.workers = {1, 4}, .most = 2, .beside = {fault::short_count(transmit, 1)}});
  sweep(fault::of(transmit, EINTR, 100), unharmed,
        {.workers = {1, 4},
         .most = 10,
         .beside = {fault::of(receive, EINTR, 50), fault::short_count(transmit, 7)}});
}

/// A read that the kernel itself cuts short: at the mark of urgent data, though there is more behind it.
TEST(counts, that_end_at_urgent_data_are_not_the_end) {
  for (const bool waits : {false, true}) {
    for (const int workers : {1, 4}) {
      run(run_options{.max_procs = workers}, [waits] {
        const auto [client, server] = tests::tcp_pair();
        const auto read = make_chan<std::string>(1);
        const auto begin = [&, server = server] {
          server.set_read_deadline(clock::now() + 2s);
          go([=] { read.send(tests::read_exactly(server, 4)); });
        };
        if (waits) begin();
        sleep(2ms);
        client.behind()->descriptor()->with_file([](int file) -> std::int64_t {
          return ::send(file, "ab", 2, 0) + ::send(file, "!", 1, MSG_OOB) + ::send(file, "cd", 2, 0);
        });
        sleep(2ms);
        if (!waits) begin();
        EXPECT_EQ(read.recv(), "abcd");
        client.close();
        server.close();
      });
    }
  }
}

TEST(signals, interrupt_no_call_for_good) {
  for (const auto call : {receive, transmit, accept, connect, socket, bind, listen, socket_option,
                          socket_name, shutdown, close}) {
    sweep(fault::of(call, EINTR), unharmed, {.most = 30});
    sweep(fault::of(call, EINTR, 500), unharmed, {.most = 3});
  }
  sweep(fault::of(poller_wait, EINTR), unharmed, {.workers = {1, 2, 4}, .most = 30});
  sweep(fault::of(poller_wait, EINTR, 1000), unharmed, {.workers = {1, 4}, .most = 10});
}

TEST(reading, that_finds_nothing_yet_is_told_when_there_is_something) {
  sweep(fault::of(receive, EAGAIN), unharmed, {.workers = {1, 2, 4}, .most = 30});
  sweep(fault::of(receive, EAGAIN, 10), unharmed, {.most = 10});
}

TEST(a_connection, that_breaks_is_told_to_both_and_to_nobody_else) {
  for (const auto& [call, error] :
       {std::pair{receive, ECONNRESET}, std::pair{receive, ETIMEDOUT}, std::pair{receive, ENOMEM},
        std::pair{transmit, EPIPE}, std::pair{transmit, ECONNRESET}, std::pair{transmit, ENOBUFS},
        std::pair{shutdown, ENOTCONN}, std::pair{close, EIO}, std::pair{socket_option, ENOPROTOOPT},
        std::pair{socket_name, ENOBUFS}}) {
    sweep(fault::of(call, error), unharmed_or_ended, {.most = 30});
  }
}

TEST(a_connection, that_cannot_be_made_is_an_error) {
  for (const auto& [call, error] :
       {std::pair{socket, EMFILE}, std::pair{socket, ENFILE}, std::pair{socket, ENOBUFS},
        std::pair{bind, EADDRINUSE}, std::pair{listen, EADDRINUSE}, std::pair{poller_add, ENOMEM},
        std::pair{poller_add, ENOSPC}, std::pair{poller_add, EPERM}, std::pair{poller_add, EEXIST},
        std::pair{connect, ECONNREFUSED}, std::pair{connect, EADDRNOTAVAIL}, std::pair{connect, ENETUNREACH},
        std::pair{connect, EAGAIN}}) {
    sweep(fault::of(call, error), unharmed_or_ended, {.most = 30});
  }
  for (const int error :
       {ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, EPIPE, EACCES, ENOBUFS}) {
    sweep(fault::of(connection_state, error), unharmed_or_ended, {.most = 5});
  }
}

TEST(accepting, bears_what_passes) {
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED}) {
    sweep(fault::of(accept, error), unharmed, {.most = 5});
    sweep(fault::of(accept, error, 20), unharmed, {.most = 2});
  }
  sweep(fault::of(accept, EPROTO), unharmed_or_ended, {.most = 5});
}

// --- without memory

void echo_until_closed(const net::listener& l) {
  for (;;) {
    try {
      auto [c, err] = l.accept();
      if (err != nil) return;
      char some[100];
      for (;;) {
        auto [n, why] = c.read(some);
        if (why != nil || c.write(std::string_view(some, n)).err() != nil) break;
      }
    } catch (const std::bad_alloc&) {
      // Its connection has ended.
    }
  }
}

/// Returns: whether it came back; there may be no memory for what it takes.
bool hear_an_echo(const std::string& to) {
  try {
    auto [c, err] = net::dial("tcp", to);
    if (err != nil) return false;
    c.set_deadline(clock::now() + 10s);
    return c.write("hello").err() == nil && tests::read_exactly(c, 5) == "hello" && c.close() == nil;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

TEST(memory, that_one_connection_cannot_have_is_no_others_loss) {
  const auto one_echo = [] {
    const under_faults now;
    const net::listener l = tests::again([] { return tests::must(net::listen("tcp", "127.0.0.1:0")); });
    sync::wait_group server;
    tests::again([&] { server.go([&l] { echo_until_closed(l); }); });
    const std::string to = tests::again([&] { return to_string(l.addr()); });
    int tries = 1;
    while (!hear_an_echo(to)) ++tries;
    EXPECT_LE(tries, 2);
    tests::again([&] { l.close(); });
    server.wait();
  };
  sweep("sockets, memory", fault::of_new(), one_echo, {.workers = {1, 4}, .same_memory = true});
  const auto look_up = [] {
    {
      const under_faults now;
      const auto found = tests::again([] { return net::lookup_host(context::background(), "localhost"); });
      if (found.err() != nil) {
        EXPECT_TRUE(found.err().message().ends_with("memory")) << found.err();
      }
    }
    // Two threads at a time, so that there is a record for the next one: a thread without memory for that ends the program.
    sync::wait_group both;
    for (const char* name : {"localhost", "LOCALHOST"}) {
      both.go([name] { EXPECT_EQ(net::lookup_host(context::background(), name).err(), nil); });
    }
    both.wait();
    sleep(2ms);
  };
  sweep("names, memory", fault::of_new(), look_up, {.workers = {1, 4}});
}

/// What was in the queue has gone when it is accepted, and is waited for again.
TEST(accepting, of_one_that_has_gone_waits_for_the_next) {
  const auto body = [] {
    const net::listener l = tests::must(net::listen("tcp", "127.0.0.1:0"));
    sync::wait_group both;
    both.go([&l] {
      const under_faults now;
      for (int i = 0; i < 2; ++i) EXPECT_EQ(l.accept().err(), nil);
    });
    const std::string to = to_string(l.addr());
    const net::conn first = tests::must(net::dial("tcp", to));
    sleep(1ms);
    const net::conn second = tests::must(net::dial("tcp", to));
    sleep(1ms);
    const net::conn third = tests::must(net::dial("tcp", to));
    both.wait();
  };
  sweep(fault::of(accept, EAGAIN), body, {.most = 5});
}

}  // namespace
