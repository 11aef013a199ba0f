// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

WARREN_TEST(pipe, gives_go_s_errors) {
  auto [a, b] = net::pipe();
  EXPECT_EQ(to_string(a.local_addr()), "pipe");
  EXPECT_EQ(a.remote_addr().network(), "pipe");
  char some[4];
  EXPECT_EQ(a.set_read_deadline(clock::time_point(clock::duration(1))), nil);
  EXPECT_EQ(to_string(a.read(some).err()), "read pipe: i/o timeout");
  EXPECT_TRUE(tests::is_io_timeout(a.read(some).err(), "read"));
  EXPECT_EQ(a.close(), nil);
  EXPECT_EQ(a.read(some).err(), net::closed_pipe);
  EXPECT_EQ(a.write("x").err(), net::closed_pipe);
  EXPECT_EQ(a.set_deadline(clock::time_point{}), net::closed_pipe);
  EXPECT_EQ(to_string(a.write("x").err()), "io: read/write on closed pipe");
  EXPECT_EQ(b.read(some).err(), net::eof);
  EXPECT_EQ(b.write("x").err(), net::closed_pipe);
  EXPECT_EQ(a.close(), nil) << "as Go's: closing it again is no error";
}

WARREN_TEST(pipe, holds_the_writer_until_all_is_read) {
  auto [a, b] = net::pipe();
  const auto written = make_chan<std::size_t>(1);
  go([a = a, written] { written.send(a.write("12345").value()); });
  EXPECT_EQ(tests::read_exactly(b, 2), "12");
  EXPECT_EQ(written.len(), 0u);
  EXPECT_EQ(tests::read_exactly(b, 3), "345");
  EXPECT_EQ(written.recv(), 5u);
}

WARREN_TEST(pipe, counts_what_was_read_before_the_write_was_ended) {
  auto [a, b] = net::pipe();
  const auto written = make_chan<std::pair<std::size_t, error>>(1);
  EXPECT_EQ(a.set_write_deadline(clock::now() + 50ms), nil);
  go([a = a, written] { written.send(a.write("12345")); });
  EXPECT_EQ(tests::read_exactly(b, 2), "12");
  auto [n, err] = written.recv();
  EXPECT_EQ(n, 2u);
  EXPECT_TRUE(tests::is_io_timeout(err, "write"));
}

WARREN_TEST(pipe, hands_over_an_empty_write) {
  auto [a, b] = net::pipe();
  sync::wait_group writer;
  writer.go([a = a] {
    auto [n, err] = a.write("");
    EXPECT_EQ(n, 0u);
    EXPECT_EQ(err, nil);
  });
  char some[4];
  auto [n, err] = b.read(some);
  EXPECT_EQ(n, 0u);
  EXPECT_EQ(err, nil);
  writer.wait();
}

WARREN_TEST(pipe, never_mixes_writes) {
  auto [a, b] = net::pipe();
  constexpr int writers = 8;
  const int each = static_cast<int>(tests::scaled(200));
  sync::wait_group all;
  for (int w = 0; w < writers; ++w) {
    all.go([&, w, a = a] {
      for (int i = 0; i < each; ++i) EXPECT_EQ(a.write(std::string(100, static_cast<char>('a' + w))).value(), 100u);
    });
  }
  for (int i = 0; i < writers * each; ++i) {
    const std::string text = tests::read_exactly(b, 100);
    ASSERT_EQ(text, std::string(100, text[0]));
  }
  all.wait();
}

WARREN_TEST(pipe, ends_with_the_last_handle_of_an_end) {
  auto [a, b] = net::pipe();
  const auto got = make_chan<error>(1);
  go([b = b, got] {
    char some[1];
    got.send(b.read(some).err());
  });
  EXPECT_EQ(a.set_deadline(clock::now() + 1h), nil);
  a = nil;
  EXPECT_EQ(got.recv(), net::eof);
}

}  // namespace
