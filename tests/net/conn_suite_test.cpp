// SPDX-License-Identifier: MIT
// What holds for every connection, whatever stands behind it: Go's nettest.TestConn, by its behaviour.
#include "../test.hpp"
#include "network.hpp"

#include <unistd.h>

#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;

using make_pair = std::pair<net::conn, net::conn> (*)();

std::pair<net::conn, net::conn> over_tcp() {
  auto [client, server] = tests::tcp_pair();
  return {std::move(client), std::move(server)};
}

std::pair<net::conn, net::conn> over_unix() {
  const std::string path = tests::fresh_socket_path();
  auto [client, server] = tests::connect_through("unix", path);
  EXPECT_NE(::access(path.c_str(), F_OK), 0) << "the listener leaves its path behind";
  return {std::move(client), std::move(server)};
}

const clock::time_point long_ago(clock::duration(1));
const clock::time_point no_deadline{};

void expect_timeout(const error& err) { EXPECT_TRUE(errors::is_timeout(err)) << err; }

std::string some_bytes(std::size_t n) {
  std::minstd_rand dice(1);
  std::string text(n, '\0');
  for (char& c : text) c = static_cast<char>(dice());
  return text;
}

/// Sends back all that comes.
void echo(const net::conn& c) {
  char some[2048];
  for (;;) {
    auto [n, err] = c.read(some);
    if (n > 0 && c.write(std::string_view(some, n)).err() != nil) return;
    if (err != nil) return;
  }
}

/// Reads or writes until something goes wrong, and says what.
error read_until_it_fails(const net::conn& c) {
  char some[1024];
  for (;;) {
    if (const error err = c.read(some).err(); err != nil) return err;
  }
}

error write_until_it_fails(const net::conn& c) {
  const std::string text(64 * 1024, 'w');
  for (;;) {
    if (const error err = c.write(text).err(); err != nil) return err;
  }
}

void basic_io(make_pair make) {
  const std::string want = some_bytes(1 << 20);
  auto [a, b] = make();
  std::string got;
  sync::wait_group all;
  all.go([&, a = a] {
    for (std::size_t at = 0; at < want.size(); at += 4096) {
      const std::string_view part = std::string_view(want).substr(at, 4096);
      auto [n, err] = a.write(part);
      EXPECT_EQ(err, nil);
      EXPECT_EQ(n, part.size());
    }
    EXPECT_EQ(a.close(), nil);
  });
  error err;
  got = tests::read_to_end(b, &err);
  EXPECT_EQ(err, net::eof);
  EXPECT_EQ(b.close(), nil);
  all.wait();
  EXPECT_TRUE(got == want);
}

std::uint64_t catch_ball(const net::conn& c) {
  std::uint64_t number = 0;
  const std::string ball = tests::read_exactly(c, sizeof number);
  EXPECT_EQ(ball.size(), sizeof number);
  std::memcpy(&number, ball.data(), ball.size());
  return number;
}

void throw_ball(const net::conn& c, std::uint64_t number) {
  char ball[sizeof number];
  std::memcpy(ball, &number, sizeof ball);
  EXPECT_EQ(c.write({ball, sizeof ball}).err(), nil);
}

void ping_pong(make_pair make) {
  auto [a, b] = make();
  constexpr std::uint64_t rounds = 1000;
  sync::wait_group other;
  other.go([b = b] {
    for (std::uint64_t i = 0; i < rounds; ++i) throw_ball(b, catch_ball(b) + 1);
  });
  std::uint64_t number = 0;
  for (std::uint64_t i = 0; i < rounds; ++i) {
    throw_ball(a, number);
    number = catch_ball(a);
  }
  EXPECT_EQ(number, rounds);
  other.wait();
}

void racy_read(make_pair make) {
  auto [a, b] = make();
  sync::wait_group writer;
  writer.go([&, a = a] {
    const std::string text(1024, 'x');
    while (a.write(text).err() == nil) {
    }
  });
  EXPECT_EQ(b.set_read_deadline(clock::now() + 1ms), nil);
  sync::wait_group readers;
  for (int i = 0; i < 10; ++i) {
    readers.go([&, b = b] {
      char some[1024];
      for (int j = 0; j < 10; ++j) {
        if (const error err = b.read(some).err(); err != nil) {
          expect_timeout(err);
          EXPECT_EQ(b.set_read_deadline(clock::now() + 1ms), nil);
        }
      }
    });
  }
  readers.wait();
  EXPECT_EQ(b.close(), nil);
  writer.wait();
}

void racy_write(make_pair make) {
  auto [a, b] = make();
  sync::wait_group reader;
  reader.go([&, b = b] { read_until_it_fails(b); });
  EXPECT_EQ(a.set_write_deadline(clock::now() + 1ms), nil);
  sync::wait_group writers;
  for (int i = 0; i < 10; ++i) {
    writers.go([&, a = a] {
      const std::string text(1024, 'x');
      for (int j = 0; j < 10; ++j) {
        if (const error err = a.write(text).err(); err != nil) {
          expect_timeout(err);
          EXPECT_EQ(a.set_write_deadline(clock::now() + 1ms), nil);
        }
      }
    });
  }
  writers.wait();
  EXPECT_EQ(a.close(), nil);
  reader.wait();
}

/// After the deadline has been taken away the connection carries what it is given.
void resync(const net::conn& a, const net::conn& b) {
  sync::wait_group writer;
  EXPECT_EQ(a.set_deadline(no_deadline), nil);
  EXPECT_EQ(b.set_deadline(no_deadline), nil);
  const std::string mark(512, 'm');
  writer.go([&] { EXPECT_EQ(b.write(mark).err(), nil); });
  std::string got;
  error err;
  while (err == nil && !got.ends_with(mark)) got += tests::read_exactly(a, 1, &err);
  EXPECT_EQ(err, nil);
  writer.wait();
}

void read_timeout(make_pair make) {
  auto [a, b] = make();
  EXPECT_EQ(a.set_read_deadline(long_ago), nil);
  char some[1024];
  auto [n, err] = a.read(some);
  EXPECT_EQ(n, 0u);
  expect_timeout(err);
  resync(a, b);
}

void write_timeout(make_pair make) {
  auto [a, b] = make();
  EXPECT_EQ(a.set_write_deadline(long_ago), nil);
  auto [n, err] = a.write(std::string(1024, 'x'));
  EXPECT_EQ(n, 0u);
  expect_timeout(err);
  resync(b, a);
}

void past_timeout(make_pair make) {
  auto [a, b] = make();
  sync::wait_group other;
  other.go([&, b = b] { echo(b); });
  EXPECT_EQ(a.set_deadline(long_ago), nil);
  expect_timeout(a.write("x").err());
  char some[1];
  expect_timeout(a.read(some).err());
  resync(a, a);  // through the echo
  EXPECT_EQ(a.close(), nil);
  EXPECT_EQ(b.close(), nil);
  other.wait();
}

void present_timeout(make_pair make) {
  auto [a, b] = make();
  sync::wait_group all;
  const auto past = make_chan<void>(1);
  all.go([&, a = a] {
    sleep(20ms);
    past.send();
    EXPECT_EQ(a.set_read_deadline(long_ago), nil);
    EXPECT_EQ(a.set_write_deadline(long_ago), nil);
  });
  all.go([&, a = a] { expect_timeout(read_until_it_fails(a)); });
  all.go([&, a = a] { expect_timeout(write_until_it_fails(a)); });
  all.wait();
  EXPECT_EQ(past.len(), 1u) << "it ended before its time";
}

void future_timeout(make_pair make) {
  auto [a, b] = make();
  const auto start = clock::now();
  EXPECT_EQ(a.set_deadline(start + 50ms), nil);
  sync::wait_group all;
  all.go([&, a = a] { expect_timeout(read_until_it_fails(a)); });
  all.go([&, a = a] { expect_timeout(write_until_it_fails(a)); });
  all.wait();
  EXPECT_GE(since(start), 50ms);
  sync::wait_group drain;
  EXPECT_EQ(b.set_deadline(no_deadline), nil);
  EXPECT_EQ(a.close(), nil);
  drain.go([&, b = b] { read_until_it_fails(b); });
  drain.wait();
}

void close_ends_what_waits(make_pair make) {
  auto [a, b] = make();
  EXPECT_EQ(a.set_deadline(clock::now() + 1h), nil);
  sync::wait_group all;
  all.go([&, a = a] {
    sleep(20ms);
    EXPECT_EQ(a.close(), nil);
  });
  const auto is_end = [](const error& err) {
    return errors::is(err, net::closed) || errors::is(err, net::closed_pipe);
  };
  all.go([&, a = a] {
    const error err = read_until_it_fails(a);
    EXPECT_TRUE(is_end(err)) << err;
  });
  all.go([&, a = a] {
    const error err = write_until_it_fails(a);
    EXPECT_TRUE(is_end(err)) << err;
  });
  all.wait();
}

void concurrent_methods(make_pair make) {
  auto [a, b] = make();
  sync::wait_group other;
  other.go([&, b = b] { echo(b); });
  sync::wait_group all;
  for (int i = 0; i < 20; ++i) {
    all.go([&, a = a] {
      char some[1024];
      a.read(some);
    });
    all.go([&, a = a] { a.write(std::string(1024, 'x')); });
    all.go([&, a = a] { a.set_deadline(clock::now() + 10ms); });
    all.go([&, a = a] { a.set_read_deadline(long_ago); });
    all.go([&, a = a] { a.set_write_deadline(long_ago); });
    all.go([&, a = a] { EXPECT_FALSE(to_string(a.local_addr()).empty()); });
    all.go([&, a = a] { EXPECT_FALSE(to_string(a.remote_addr()).empty()); });
  }
  all.wait();
  EXPECT_EQ(a.close(), nil);
  EXPECT_EQ(b.close(), nil);
  other.wait();
}

#define FOR_EVERY_CONN(name)                             \
  WARREN_TEST(pipe_conn, name) { name(&net::pipe); }     \
  WARREN_TEST(tcp_conn, name) { name(&over_tcp); }       \
  WARREN_TEST(unix_conn, name) { name(&over_unix); }

FOR_EVERY_CONN(basic_io)
FOR_EVERY_CONN(ping_pong)
FOR_EVERY_CONN(racy_read)
FOR_EVERY_CONN(racy_write)
FOR_EVERY_CONN(read_timeout)
FOR_EVERY_CONN(write_timeout)
FOR_EVERY_CONN(past_timeout)
FOR_EVERY_CONN(present_timeout)
FOR_EVERY_CONN(future_timeout)
FOR_EVERY_CONN(close_ends_what_waits)
FOR_EVERY_CONN(concurrent_methods)

}  // namespace
