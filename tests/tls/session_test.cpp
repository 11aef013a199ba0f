// SPDX-License-Identifier: MIT
// Sessions that stand: bytes, deadlines, ends.
#include <warren/runtime/descriptor.hpp>
#include <warren/runtime/go.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <dirent.h>
#include <malloc.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sessions.hpp"

#include "../runtime/waiting.hpp"
#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

/// Both ends with the handshake done.
conns session_over(const conns& below) {
  const ends e(below);
  sync::wait_group wg;
  wg.go([&] { EXPECT_EQ(e.server.write("!").err(), nil); });
  auto [c, err] = e.client();
  EXPECT_EQ(err, nil) << err;
  char one[1];
  if (c != nil) {
    EXPECT_EQ(c.read(one).value(), 1u);
  }
  wg.wait();
  return {c, e.server};
}

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::uint32_t state = 12345;
  for (char& c : text) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

void expect_transfer_both_ways(const conns& below, std::size_t bytes) {
  auto [a, b] = session_over(below);
  const std::string text = pattern(bytes);
  sync::wait_group wg;
  for (const net::conn& c : {a, b}) {
    wg.go([&, c] {
      EXPECT_EQ(c.write(text).value(), text.size());
      EXPECT_EQ(c.close_write(), nil);
    });
    wg.go([&, c] {
      const auto [got, end] = read_to_end(c);
      EXPECT_EQ(end, net::eof) << end;
      EXPECT_TRUE(got == text);
    });
  }
  wg.wait();
}

WARREN_TEST(tls_session, carries_much_both_ways_at_once_over_sockets) {
  expect_transfer_both_ways(socket_pair(), static_cast<std::size_t>(scaled(16 << 20)));
}

WARREN_TEST(tls_session, carries_much_both_ways_at_once_over_a_pipe) {
  expect_transfer_both_ways(net::pipe(), static_cast<std::size_t>(scaled(4 << 20)));
}

WARREN_TEST(tls_session, over_a_session_is_one) {
  auto [a, b] = session_over(socket_pair());
  auto [inner_a, inner_b] = session_over({a, b});
  sync::wait_group wg;
  wg.go([&, c = inner_b] {
    EXPECT_EQ(c.write("inside").err(), nil);
    c.close();
  });
  const auto [text, end] = read_to_end(inner_a);
  EXPECT_EQ(text, "inside");
  EXPECT_EQ(end, net::eof) << end;
  wg.wait();
}

WARREN_TEST(tls_session, keeps_pieces_together) {
  auto [a, b] = session_over(socket_pair());
  sync::wait_group wg;
  const std::string large(100'000, 'x');
  wg.go([&, c = a] {
    EXPECT_EQ(c.write("head ", "body").value(), 9u);
    EXPECT_EQ(c.write("", "").value(), 0u);
    EXPECT_EQ(c.write("more ", large).value(), 5 + large.size());
    c.close();
  });
  char room[20];
  const auto got = b.read(room);
  EXPECT_EQ(std::string(room, got.value()), "head body") << "one record";
  EXPECT_EQ(read_to_end(b).first, "more " + large);
  wg.wait();
}

WARREN_TEST(tls_session, takes_turns_among_many) {
  auto [a, b] = session_over(socket_pair());
  constexpr int writers = 4;
  const int times = static_cast<int>(scaled(500));
  sync::wait_group wg;
  sync::wait_group writing;
  for (int i = 0; i < writers; ++i) {
    writing.go([&, i, c = a] {
      const std::string piece(static_cast<std::size_t>(100), static_cast<char>('a' + i));
      for (int k = 0; k < times; ++k) EXPECT_EQ(c.write(piece).err(), nil);
    });
  }
  wg.go([&, c = a] {
    writing.wait();
    c.close_write();
  });
  const std::string all = read_to_end(b).first;
  wg.wait();
  ASSERT_EQ(all.size(), static_cast<std::size_t>(writers * times * 100));
  for (std::size_t at = 0; at < all.size(); at += 100) {
    ASSERT_EQ(all.substr(at, 100), std::string(100, all[at])) << "writes are mixed";
  }
}

WARREN_TEST(tls_session, is_half_closed) {
  auto [a, b] = session_over(socket_pair());
  EXPECT_EQ(a.write("question").err(), nil);
  EXPECT_EQ(a.close_write(), nil);
  EXPECT_EQ(a.write("more").err().message(), "tls: protocol is shutdown");
  const auto [text, end] = read_to_end(b);
  EXPECT_EQ(text, "question");
  EXPECT_EQ(end, net::eof) << end;
  EXPECT_EQ(b.write("answer").err(), nil);
  EXPECT_EQ(b.close(), nil);
  EXPECT_EQ(read_to_end(a).first, "answer");
}

WARREN_TEST(tls_session, tells_a_cut_from_an_end) {
  auto below = socket_pair();
  auto [a, b] = session_over(below);
  a.write("half");
  below.first.close();
  const auto [text, end] = read_to_end(b);
  EXPECT_EQ(text, "half");
  EXPECT_EQ(end, net::unexpected_eof) << end;
}

WARREN_TEST(tls_session, ends_with_close) {
  for (const bool over_pipe : {false, true}) {
    auto [a, b] = session_over(over_pipe ? net::pipe() : socket_pair());
    sync::wait_group wg;
    wg.go([c = a] {
      char room[10];
      const error err = c.read(room).err();
      EXPECT_TRUE(errors::is(err, net::closed)) << err;
    });
    wg.go([c = b] { EXPECT_EQ(read_until_error(c), net::eof); });
    sleep(2ms);
    EXPECT_EQ(a.close(), nil);
    wg.wait();
    EXPECT_TRUE(errors::is(a.close(), net::closed));
    char room[10];
    EXPECT_TRUE(errors::is(a.read(room).err(), net::closed));
    EXPECT_TRUE(errors::is(a.write("x").err(), net::closed));
  }
}

WARREN_TEST(tls_session, ends_with_its_last_handle) {
  auto [a, b] = session_over(socket_pair());
  a = nil;
  EXPECT_EQ(read_until_error(b), net::eof);
}

WARREN_TEST(tls_session, does_not_wait_for_a_peer_that_does_not_read) {
  auto [a, b] = session_over(socket_pair());
  a.set_write_deadline(clock::now() + 20ms);
  const std::string text(64 << 20, 'x');
  auto [n, err] = a.write(text);
  EXPECT_TRUE(errors::is_timeout(err)) << err;
  EXPECT_LT(n, text.size());
  a.set_write_deadline(clock::time_point{});
  EXPECT_EQ(a.write("x").err(), err) << "a record was cut: nothing can follow";
  const stopwatch watch;
  EXPECT_EQ(a.close(), nil);
  EXPECT_LT(watch.ms(), 500);
}

WARREN_TEST(tls_session, loses_nothing_at_a_read_deadline) {
  auto [a, b] = session_over(socket_pair());
  char room[10];
  for (int i = 0; i < 3; ++i) {
    b.set_read_deadline(clock::now() + 2ms);
    const error err = b.read(room).err();
    EXPECT_TRUE(errors::is_timeout(err)) << err;
  }
  b.set_read_deadline(clock::now() - 1s);
  EXPECT_TRUE(errors::is_timeout(b.read(room).err()));
  b.set_read_deadline(clock::time_point{});
  a.write("still");
  const auto got = b.read(room);
  EXPECT_EQ(std::string(room, got.value()), "still");
}

WARREN_TEST(tls_session, knows_what_it_has_buffered) {
  auto [a, b] = session_over(socket_pair());
  EXPECT_FALSE(b.behind()->has_buffered());
  a.write("ab");
  char one[1];
  EXPECT_EQ(b.read(one).value(), 1u);
  EXPECT_TRUE(b.behind()->has_buffered());
  EXPECT_EQ(b.read(one).value(), 1u);
  EXPECT_FALSE(b.behind()->has_buffered());
  EXPECT_NE(b.behind()->descriptor(), nullptr);
}

struct watcher : runtime::peer_watcher {
  std::atomic<bool> fired{false};
};

WARREN_TEST(tls_session, lets_the_end_of_the_peer_be_watched) {
  auto below = socket_pair();
  auto [a, b] = session_over(below);
  watcher w;
  w.fire = [](runtime::peer_watcher* self) noexcept { static_cast<watcher*>(self)->fired = true; };
  runtime::descriptor* d = b.behind()->descriptor();
  d->watch(w, runtime::peer_end::half_closed);
  sleep(2ms);
  EXPECT_FALSE(w.fired);
  a.close();
  EXPECT_TRUE(eventually([&] { return w.fired.load(); }));
  d->unwatch(w);
}

WARREN_TEST(tls_session, is_accepted_by_a_listener) {
  auto [plain, lerr] = net::listen("tcp", "127.0.0.1:0");
  ASSERT_EQ(lerr, nil) << lerr;
  const net::listener l = http::tls_listener(plain, server_config());
  EXPECT_EQ(to_string(l.addr()), to_string(plain.addr()));
  sync::wait_group wg;
  wg.go([&] {
    for (;;) {
      auto [c, err] = l.accept();
      if (err != nil) {
        EXPECT_TRUE(errors::is(err, net::closed)) << err;
        return;
      }
      wg.go([c = c] {
        char room[100];
        for (;;) {
          auto [n, rerr] = c.read(room);
          if (rerr != nil) return;
          c.write(std::string_view(room, n));
        }
      });
    }
  });
  // One that never says a word does not hold up the others.
  auto [silent, serr] = net::dial("tcp", to_string(l.addr()));
  EXPECT_EQ(serr, nil);
  for (int i = 0; i < 5; ++i) {
    auto [below, derr] = net::dial("tcp", to_string(l.addr()));
    ASSERT_EQ(derr, nil) << derr;
    auto [c, err] = http::tls_client(context::background(), below, client_config());
    ASSERT_EQ(err, nil) << err;
    EXPECT_EQ(c.write("echo").err(), nil);
    char room[100];
    EXPECT_EQ(std::string(room, c.read(room).value()), "echo");
    c.close();
  }
  silent.close();
  EXPECT_EQ(l.close(), nil);
  wg.wait();
}

int open_files() {
  int n = 0;
  DIR* d = ::opendir("/proc/self/fd");
  while (::readdir(d) != nullptr) ++n;
  ::closedir(d);
  return n;
}

std::size_t heap_bytes() { return ::mallinfo2().uordblks; }

WARREN_TEST(tls_session, leaves_nothing_behind) {
  const auto some = [](std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      auto [a, b] = session_over(i % 2 == 0 ? socket_pair() : net::pipe());
      if (i % 3 == 0) a.close();
      if (i % 5 == 0) b.close();
    }
  };
  some(20);
  sleep(200ms);
  const int files = open_files();
  const std::size_t heap = heap_bytes();
  const std::int64_t count = scaled(1000);
  some(count);
  sleep(200ms);
  EXPECT_TRUE(eventually([&] { return open_files() == files; })) << open_files() << " " << files;
  const std::size_t grown = heap_bytes() > heap ? heap_bytes() - heap : 0;
  // A session is 10 KiB and more; pools of the library and of OpenSSL's threads grow a little. A sanitizer's allocator
  // tells nothing.
  constexpr std::size_t pools = 512 * 1024;
  EXPECT_LT(grown, pools + static_cast<std::size_t>(count) * 500);
}

}  // namespace
