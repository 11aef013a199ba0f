// SPDX-License-Identifier: MIT
// Standstills that come when nobody with a place is awake to see them.
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "../runtime/waiting.hpp"
#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::watchdog;

TEST(standstill, is_seen_beside_blocking_calls) {
  watchdog dog("a closed world with blocking calls", 60s);
  synctest::test([] {
    sync::wait_group g;
    for (int i = 0; i < 8; ++i) {
      g.go([i] {
        for (int k = 0; k < tests::scaled(2'000) + 50; ++k) {
          sleep(std::chrono::microseconds(i + 1));
          if (k % 7 == i % 7) blocking([] { std::this_thread::sleep_for(10us); });
        }
      });
    }
    g.wait();
  });
}

TEST(standstill, is_seen_by_goroutines_with_a_thread_for_themselves) {
  watchdog dog("a closed world with locked goroutines", 60s);
  synctest::test([] {
    sync::wait_group g;
    for (int i = 0; i < 20; ++i) {
      g.go([] {
        lock_os_thread();
        for (int k = 0; k < 20; ++k) sleep(1s);
        unlock_os_thread();
      });
    }
    g.wait();
    bool rested = false;
    go([&] {
      lock_os_thread();
      rested = true;
      sleep(1h);
    });
    synctest::wait();
    EXPECT_TRUE(rested);
    sleep(2h);
  });
  testing::internal::CaptureStderr();
  EXPECT_THROW(synctest::test([] {
                 lock_os_thread();
                 make_chan<int>().recv();
               }),
               synctest::deadlock_error);
  testing::internal::GetCapturedStderr();
}

TEST(standstill, is_seen_by_those_who_come_from_the_network) {
  watchdog dog("a closed world with sockets", 60s);
  synctest::test([] {
    auto [l, err] = net::listen("tcp", "127.0.0.1:0");
    ASSERT_EQ(err, nil);
    for (int i = 0; i < 50; ++i) {
      auto accepted = make_chan<net::conn>(1);
      go([=, l = l] { accepted.send(l.accept().first); });
      auto [near, dialled] = net::dial("tcp", to_string(l.addr()));
      ASSERT_EQ(dialled, nil);
      const net::conn far = accepted.recv();
      go([=, near = near] {
        char byte = 0;
        near.read({&byte, 1});
        near.close();
      });
      blocking([] { std::this_thread::sleep_for(100us); });
      far.write("x");
      sleep(1h);  // comes when the other has read and closed
      far.close();
    }
  });
}

TEST(standstill, ends_time_with_the_first_goroutine) {
  bool late = false;
  testing::internal::CaptureStderr();
  EXPECT_THROW(synctest::test([&] {
                 go([&] {
                   sleep(1s);
                   late = true;
                 });
                 goexit();
               }),
               synctest::deadlock_error);
  testing::internal::GetCapturedStderr();
  EXPECT_FALSE(late);
}

TEST(standstill, leaves_the_sleep_of_a_thread_alone) {
  std::thread sleeper;
  synctest::test([&] {
    sleeper = std::thread([] { sleep(20ms); });
    blocking([] { std::this_thread::sleep_for(5ms); });
  });
  sleeper.join();  // not in the year 2000 of a world that is gone
}

}  // namespace
