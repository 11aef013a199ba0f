// SPDX-License-Identifier: MIT
// close() while others read, write, accept, connect and set deadlines, with the descriptor's number taken over at once
// by a file of somebody else's: what is written to the old one must not reach the new one.
#include "../test.hpp"
#include "network.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <vector>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;
using tests::tcp_pair;

/// Files of a stranger's, which get the numbers that have just become free. Nobody may write into them.
class canaries {
 public:
  canaries() {
    for (int& file : files_) {
      char name[] = "/tmp/warren_canary_XXXXXX";
      file = ::mkstemp(name);
      ::unlink(name);
    }
  }
  ~canaries() {
    for (const int file : files_) {
      struct stat s{};
      EXPECT_EQ(::fstat(file, &s), 0) << "somebody closed a stranger's file";
      EXPECT_EQ(s.st_size, 0) << "somebody wrote into a stranger's file";
      ::close(file);
    }
  }

 private:
  int files_[2] = {-1, -1};
};

/// One goroutine does `use` until it fails with net::closed while another closes.
void close_beside(error (*use)(const net::conn&), int rounds) {
  for (int i = 0; i < rounds; ++i) {
    auto [client, server] = tcp_pair();
    sync::wait_group all;
    for (int k = 0; k < 2; ++k) {
      all.go([use, client = client] {
        error err;
        while (err == nil) err = use(client);
        EXPECT_TRUE(errors::is(err, net::closed)) << err;
      });
    }
    for (int j = 0; j < i % 5; ++j) gosched();
    if (i % 3 == 0) sleep(50us);
    EXPECT_EQ(client.close(), nil);
    const canaries strangers;
    EXPECT_TRUE(errors::is(client.close(), net::closed));
    all.wait();
  }
}

int rounds() { return static_cast<int>(tests::scaled(300)); }

WARREN_TEST(close, beside_reads) {
  close_beside(
      [](const net::conn& c) {
        char some[16];
        return c.read(some).err();
      },
      rounds());
}

WARREN_TEST(close, beside_writes) {
  close_beside(
      [](const net::conn& c) {
        static const std::string much(100'000, 'x');
        return c.write(much).err();
      },
      rounds());
}

// These two never switch: a goroutine that repeats them keeps its worker for whole slices.
WARREN_TEST(close, beside_deadlines) {
  close_beside([](const net::conn& c) { return c.set_deadline(clock::now() + 1h); }, rounds() / 5 + 1);
}

WARREN_TEST(close, beside_half_closes) {
  close_beside([](const net::conn& c) { return c.close_write(); }, rounds() / 5 + 1);
}

WARREN_TEST(close, beside_closes) {
  for (int i = 0; i < rounds(); ++i) {
    auto [client, server] = tcp_pair();
    std::atomic<int> first{0};
    sync::wait_group all;
    for (int k = 0; k < 4; ++k) {
      all.go([&first, client = client] {
        if (client.close() == nil) ++first;
      });
    }
    all.wait();
    EXPECT_EQ(first, 1);
    const canaries strangers;
  }
}

WARREN_TEST(close, beside_accepts_and_dials) {
  for (int i = 0; i < rounds(); ++i) {
    const net::listener l = must(net::listen("tcp", "127.0.0.1:0"));
    const std::string where = to_string(l.addr());
    sync::wait_group all;
    for (int k = 0; k < 2; ++k) {
      all.go([l] {
        error err;
        while (err == nil) err = l.accept().err();
        EXPECT_TRUE(errors::is(err, net::closed)) << err;
      });
      all.go([where] {
        while (net::dial("tcp", where).err() == nil) {
        }
      });
    }
    if (i % 3 == 0) sleep(50us);
    EXPECT_EQ(l.close(), nil);
    const canaries strangers;
    all.wait();
  }
}

WARREN_TEST(close, wakes_nobody_who_took_over_the_number) {
  for (int i = 0; i < rounds(); ++i) {
    auto [old_client, old_server] = tcp_pair();
    const auto over = make_chan<error>(1);
    go([over, old_client = old_client] {
      char some[1];
      over.send(old_client.read(some).err());
    });
    if (i % 2 == 0) gosched();
    EXPECT_EQ(old_client.close(), nil);
    auto [client, server] = tcp_pair();  // with the same number, most likely
    EXPECT_EQ(client.set_read_deadline(clock::now() + 1ms), nil);
    char some[1];
    EXPECT_TRUE(tests::is_io_timeout(client.read(some).err(), "read"));
    EXPECT_TRUE(errors::is(over.recv(), net::closed));
  }
}

}  // namespace
