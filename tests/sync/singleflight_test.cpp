// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/channels/select.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/defer.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/run.hpp>
#include <warren/sync/singleflight.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/timer.hpp>

#include <unistd.h>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../test.hpp"
#include "queued.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using singleflight::outcome;

static_assert(!std::is_copy_constructible_v<singleflight::group<int>> &&
              !std::is_move_constructible_v<singleflight::group<int>>);

WARREN_TEST(singleflight, TestDo) {
  singleflight::group<std::string> g;
  auto [v, err, shared] = g.do_("key", []() -> result<std::string> { return {"bar", nil}; });
  EXPECT_EQ(v, "bar");
  EXPECT_EQ(err, nil);
  EXPECT_FALSE(shared);
  EXPECT_EQ(g.do_("key", [] { return "a text that becomes one"; }).value, "a text that becomes one");
}

WARREN_TEST(singleflight, TestDoErr) {
  const error some = errors::make("some error");
  singleflight::group<std::string> g;
  auto [v, err, shared] = g.do_("key", [&]() -> result<std::string> { return {"", some}; });
  EXPECT_EQ(err, some);
  EXPECT_EQ(v, "");
  EXPECT_FALSE(shared);
}

WARREN_TEST(singleflight, TestDoDupSuppress) {
  constexpr int n = 10;
  singleflight::group<std::string> g;
  chan<std::string> c = make_chan<std::string>(1);
  std::atomic<int> calls{0};
  const auto f = [&]() -> result<std::string> {
    calls.fetch_add(1, std::memory_order_relaxed);
    std::string v = c.recv();
    c.send(v);  // for further calls
    sleep(10ms);
    return {v, nil};
  };
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    wg.go([&] {
      auto [v, err, shared] = g.do_("key", f);
      EXPECT_EQ(v, "bar");
      EXPECT_EQ(err, nil);
    });
  }
  tests::wait_until_queued(1);
  c.send("bar");
  wg.wait();
  EXPECT_GT(calls.load(std::memory_order_relaxed), 0);
  EXPECT_LT(calls.load(std::memory_order_relaxed), n);
}

/// Those that are caught, until all have been looked at: whoever drops the last one frees it, and
/// ThreadSanitizer does not see the counts by which libstdc++ orders that.
class caught_exceptions {
 public:
  /// In a handler.
  void add() {
    const std::lock_guard hold(mutex_);
    all_.push_back(std::current_exception());
  }
  int size() {
    const std::lock_guard hold(mutex_);
    return static_cast<int>(all_.size());
  }

 private:
  std::mutex mutex_;
  std::vector<std::exception_ptr> all_;
};

/// A call for "key" that is under way until open() is called.
template <class T>
class held_call {
 public:
  held_call(singleflight::group<T>& g, std::function<T()> end) {
    wg_.go([this, &g, end = std::move(end)] {
      try {
        got = g.do_("key", [&] {
          begun_.close();
          gate_.recv();
          return end();
        });
      } catch (const std::exception& e) {
        caught.add();
        thrown = e.what();
      }
    });
    begun_.recv();
  }
  void open() { gate_.close(); }
  void wait() { wg_.wait(); }

  std::optional<outcome<T>> got;
  std::string thrown;
  caught_exceptions caught;

 private:
  chan<void> begun_ = make_chan<void>(), gate_ = make_chan<void>();
  sync::wait_group wg_;
};

WARREN_TEST(singleflight, all_who_wait_share_one_call) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  held_call<int> first(g, [] { return 7; });
  const auto never = []() -> int {
    ADD_FAILURE() << "called twice";
    return 0;
  };
  std::vector<std::thread> threads;
  std::atomic<int> got{0};
  const auto join = [&] {
    auto [v, err, shared] = g.do_("key", never);
    EXPECT_EQ(v, 7);
    EXPECT_TRUE(shared);
    got.fetch_add(1, std::memory_order_relaxed);
  };
  for (int i = 0; i < 2; ++i) threads.emplace_back(join);
  sync::wait_group wg;
  for (int i = 0; i < 5; ++i) wg.go(join);
  std::vector<recv_chan<outcome<int>>> channels;
  for (int i = 0; i < 3; ++i) channels.push_back(g.do_chan("key", never));
  tests::wait_until_queued(waiting + 1 + 7);  // the function, and those who wait for it
  EXPECT_EQ(g.do_("another key", [] { return 8; }).value, 8);
  first.open();
  for (const auto& ch : channels) {
    auto [v, err, shared] = ch.recv();
    EXPECT_EQ(v, 7);
    EXPECT_TRUE(shared);
  }
  wg.wait();
  first.wait();
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
  EXPECT_EQ(got.load(std::memory_order_relaxed), 7);
  EXPECT_EQ(first.got->value, 7);
  EXPECT_TRUE(first.got->shared);
  EXPECT_FALSE(g.do_("key", [] { return 9; }).shared);
}

WARREN_TEST(singleflight, TestForget) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  held_call<int> first(g, [] { return 1; });
  int late = 0;
  sync::wait_group wg;
  wg.go([&] { late = g.do_("key", [] { return -1; }).value; });
  tests::wait_until_queued(waiting + 2);
  g.forget("key");
  g.forget("key");
  g.forget("unknown");

  chan<void> gate = make_chan<void>();
  auto second = g.do_chan("key", [gate] {
    gate.recv();
    return 2;
  });
  first.open();
  first.wait();
  wg.wait();
  EXPECT_EQ(first.got->value, 1);
  EXPECT_TRUE(first.got->shared);
  EXPECT_EQ(late, 1);  // it came before forget()

  auto third = g.do_chan("key", [] { return 3; });
  gate.close();
  EXPECT_EQ(second.recv().value, 2);
  EXPECT_EQ(third.recv().value, 2);
  EXPECT_EQ(g.do_("key", [] { return 4; }).value, 4);
}

WARREN_TEST(singleflight, TestDoChan) {
  singleflight::group<std::string> g;
  auto ch = g.do_chan("key", []() -> result<std::string> { return {"bar", nil}; });
  auto [v, err, shared] = ch.recv();
  EXPECT_EQ(v, "bar");
  EXPECT_EQ(err, nil);
  EXPECT_FALSE(shared);
  EXPECT_EQ(ch.len(), 0);
}

WARREN_TEST(singleflight, those_who_wait_in_do_get_the_outcome_of_do_chan) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  chan<void> begun = make_chan<void>(), gate = make_chan<void>();
  auto ch = g.do_chan("key", [=] {
    begun.close();
    gate.recv();
    return 5;
  });
  begun.recv();
  sync::wait_group wg;
  for (int i = 0; i < 3; ++i) {
    wg.go([&] {
      auto [v, err, shared] = g.do_("key", [] { return -1; });
      EXPECT_EQ(v, 5);
      EXPECT_TRUE(shared);
    });
  }
  tests::wait_until_queued(waiting + 4);
  gate.close();
  wg.wait();
  EXPECT_TRUE(ch.recv().shared);
}

// --- functions that do not return ----------------------------------------------------------------------

WARREN_TEST(singleflight, TestPanicDo) {
  constexpr int n = 5;
  singleflight::group<int> g;
  caught_exceptions caught;
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    wg.go([&] {
      try {
        g.do_("key", []() -> int {
          sleep(1ms);
          panic("invalid memory address or nil pointer dereference");
        });
        ADD_FAILURE() << "it did not throw";
      } catch (const panic_error& e) {
        EXPECT_STREQ(e.what(), "invalid memory address or nil pointer dereference");
        caught.add();
      }
    });
  }
  wg.wait();
  EXPECT_EQ(caught.size(), n);
  EXPECT_EQ(g.do_("key", [] { return 1; }).value, 1);
}

WARREN_TEST(singleflight, all_who_wait_get_the_exception) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  held_call<int> first(g, []() -> int { throw std::logic_error("mine"); });
  const auto join = [&] {
    try {
      g.do_("key", [] { return 1; });
    } catch (const std::logic_error& e) {
      EXPECT_STREQ(e.what(), "mine");
      first.caught.add();
    }
  };
  std::thread thread(join);
  sync::wait_group wg;
  for (int i = 0; i < 4; ++i) wg.go(join);
  tests::wait_until_queued(waiting + 1 + 5);
  first.open();
  wg.wait();
  first.wait();
  blocking([&] { thread.join(); });
  EXPECT_EQ(first.caught.size(), 6);
  EXPECT_EQ(first.thrown, "mine");
}

WARREN_TEST(singleflight, TestGoexitDo) {
  constexpr int n = 5;
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  std::atomic<int> exited{0};
  chan<void> gate = make_chan<void>();
  sync::wait_group wg;
  for (int i = 0; i < n; ++i) {
    wg.go([&] {
      struct unwound {
        std::atomic<int>& count;
        ~unwound() { count.fetch_add(1, std::memory_order_relaxed); }
      } end{exited};
      g.do_("key", [&]() -> int {
        gate.recv();
        goexit();
      });
      ADD_FAILURE() << "it returned";
    });
  }
  tests::wait_until_queued(waiting + n);
  std::string thrown;
  std::thread thread([&] {
    try {
      g.do_("key", [] { return 1; });
    } catch (const panic_error& e) {
      thrown = e.what();  // a thread cannot exit as a goroutine does
    }
  });
  tests::wait_until_queued(waiting + n + 1);
  gate.close();
  wg.wait();
  blocking([&] { thread.join(); });
  EXPECT_EQ(exited.load(std::memory_order_relaxed), n);
  EXPECT_EQ(thrown, "runtime.Goexit was called");
  EXPECT_EQ(g.do_("key", [] { return 1; }).value, 1);
}

// An exception while the goroutine exits is not the goexit.
WARREN_TEST(singleflight, an_exception_in_a_deferred_call_is_one_for_all) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  chan<void> gate = make_chan<void>();
  caught_exceptions caught;
  const auto call = [&] {
    try {
      g.do_("key", [&]() -> int {
        gate.recv();
        throw std::logic_error("deferred");
      });
    } catch (const std::logic_error&) {
      caught.add();
    }
  };
  sync::wait_group wg;
  wg.go([&] {
    defer _ = call;
    goexit();
  });
  tests::wait_until_queued(waiting + 1);
  wg.go(call);
  tests::wait_until_queued(waiting + 2);
  gate.close();
  wg.wait();
  EXPECT_EQ(caught.size(), 2);
}

WARREN_TEST(singleflight, after_a_goexit_nothing_is_sent) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  chan<void> gate = make_chan<void>();
  auto ch = g.do_chan("key", [gate]() -> int {
    gate.recv();
    goexit();
  });
  sync::wait_group wg;
  wg.go([&] {
    g.do_("key", [] { return 1; });
    ADD_FAILURE() << "it returned";
  });
  tests::wait_until_queued(waiting + 2);
  gate.close();
  wg.wait();
  outcome<int> none;
  EXPECT_EQ(ch.try_recv(none), recv_status::empty);
  EXPECT_EQ(g.do_chan("key", [] { return 1; }).recv().value, 1);
}

TEST(singleflight, TestPanicDoChan) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run([] {
                singleflight::group<int> g;
                try {
                  g.do_chan("", []() -> int { panic("Panicking in DoChan"); }).recv();
                } catch (...) {
                }
                ::_exit(3);
              }),
              ::testing::ExitedWithCode(2), "panic: Panicking in DoChan");
}

TEST(singleflight, TestPanicDoSharedByDoChan) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(run([] {
                singleflight::group<int> g;
                chan<void> blocked = make_chan<void>(), unblock = make_chan<void>();
                go([&] {
                  try {
                    g.do_("", [&]() -> int {
                      blocked.close();
                      unblock.recv();
                      panic("Panicking in Do");
                    });
                  } catch (...) {
                  }
                });
                blocked.recv();
                auto ch = g.do_chan("", []() -> int { panic("called twice"); });
                unblock.close();
                ch.recv();
                ::_exit(3);
              }),
              ::testing::ExitedWithCode(2), "panic: Panicking in Do\n");
}

// --- what it holds -------------------------------------------------------------------------------------

WARREN_TEST(singleflight, the_group_may_go_before_do_chan_has_ended) {
  const std::int64_t rounds = tests::scaled(500);
  for (std::int64_t i = 0; i < rounds; ++i) {
    chan<void> gate = make_chan<void>();
    recv_chan<outcome<int>> a, b;
    {
      singleflight::group<int> g;
      const auto f = [gate] {
        gate.recv();
        return 3;
      };
      a = g.do_chan("key", f);
      b = g.do_chan("key", f);
      if (i % 2 == 0) g.forget("key");
    }
    gate.close();
    EXPECT_EQ(a.recv().value, 3);
    EXPECT_EQ(b.recv().value, 3);
  }
}

/// Takes its time to go.
struct slow_to_go {
  explicit slow_to_go(bool& flag) : gone(&flag) {}
  slow_to_go(slow_to_go&& other) noexcept : gone(std::exchange(other.gone, nullptr)) {}
  ~slow_to_go() {
    if (gone == nullptr) return;
    sleep(1ms);
    *gone = true;
  }
  bool* gone;
};

WARREN_TEST(singleflight, the_function_is_gone_before_anybody_is_told) {
  singleflight::group<int> g;
  const auto waiting = tests::queued();
  bool gone = false;
  chan<void> gate = make_chan<void>();
  auto ch = g.do_chan("key", [gate, end = slow_to_go(gone)] {
    gate.recv();
    return 1;
  });
  sync::wait_group wg;
  wg.go([&] {
    g.do_("key", [] { return 2; });
    EXPECT_TRUE(gone);
  });
  tests::wait_until_queued(waiting + 2);
  gate.close();
  ch.recv();
  EXPECT_TRUE(gone);
  wg.wait();
}

WARREN_TEST(singleflight, nothing_is_kept_of_a_call_that_has_ended) {
  const auto token = std::make_shared<int>(1);
  singleflight::group<std::shared_ptr<int>> g;
  for (int i = 0; i < 20; ++i) g.do_(std::to_string(i), [&] { return token; });
  EXPECT_EQ(token.use_count(), 1);
  const auto fails = [token]() -> std::shared_ptr<int> { throw std::logic_error("x"); };
  EXPECT_THROW(g.do_("key", fails), std::logic_error);
  EXPECT_EQ(token.use_count(), 2);
}

/// Throws when the n-th copy is made.
struct fragile {
  fragile() = default;
  fragile(const fragile&) {
    if (--copies_left == 0) throw std::logic_error("copied");
  }
  fragile(fragile&&) noexcept = default;
  fragile& operator=(const fragile&) = delete;
  fragile& operator=(fragile&&) noexcept = default;
  static inline std::atomic<int> copies_left{0};
};

WARREN_TEST(singleflight, a_copy_that_throws_is_one_callers_alone) {
  singleflight::group<fragile> g;
  const auto waiting = tests::queued();
  fragile::copies_left = 2;
  held_call<fragile> first(g, [] { return fragile(); });
  std::atomic<int> caught{0}, got{0};
  sync::wait_group wg;
  for (int i = 0; i < 4; ++i) {
    wg.go([&] {
      try {
        g.do_("key", [] { return fragile(); });
        got.fetch_add(1, std::memory_order_relaxed);
      } catch (const std::logic_error&) {
        caught.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  tests::wait_until_queued(waiting + 5);
  first.open();
  wg.wait();
  first.wait();
  const int failed_first = first.thrown == "copied" ? 1 : 0;
  EXPECT_EQ(caught.load(std::memory_order_relaxed) + failed_first, 1);
  EXPECT_EQ(got.load(std::memory_order_relaxed) + (first.got.has_value() ? 1 : 0), 4);
}

/// A function that cannot be copied into a goroutine.
struct stubborn {
  stubborn() = default;
  stubborn(const stubborn&) { throw std::logic_error("stubborn"); }
  int operator()() const { return 1; }
};

WARREN_TEST(singleflight, a_function_that_cannot_be_started_leaves_no_call) {
  singleflight::group<int> g;
  const stubborn f;
  EXPECT_THROW(g.do_chan("key", f), std::logic_error);
  EXPECT_EQ(g.do_("key", f).value, 1);
}

struct slow_key {
  int number = 0;
  bool operator==(const slow_key& other) const {
    sleep(20us);
    return number == other.number;
  }
};
struct slow_hash {
  std::size_t operator()(const slow_key&) const {
    sleep(20us);
    return 1;
  }
};

WARREN_TEST(singleflight, keys_may_wait_when_they_are_compared) {
  singleflight::group<int, slow_key, slow_hash> g;
  sync::wait_group wg;
  for (int i = 0; i < 12; ++i) {
    wg.go([&, i] { EXPECT_EQ(g.do_({i % 3}, [&] { return i % 3; }).value, i % 3); });
    wg.go([&, i] { EXPECT_EQ(g.do_chan({i % 3}, [i] { return i % 3; }).recv().value, i % 3); });
    wg.go([&, i] { g.forget({i % 3}); });
  }
  wg.wait();
}

// Each outcome is that of one call for the same key, which began before it was handed out.
WARREN_TEST(singleflight, goroutines_and_threads_with_few_keys) {
  constexpr int keys = 3;
  const int rounds = static_cast<int>(tests::scaled(10'000));
  singleflight::group<std::pair<int, int>, int> g;
  caught_exceptions caught;
  std::atomic<int> running[keys]{};
  std::atomic<int> serial{0}, calls{0}, outcomes{0};
  const auto f = [&](int key) {
    return [&, key] {
      EXPECT_EQ(running[key].fetch_add(1, std::memory_order_relaxed), 0) << "two calls for a key";
      calls.fetch_add(1, std::memory_order_relaxed);
      const int number = serial.fetch_add(1, std::memory_order_relaxed);
      if (number % 4 == 0) gosched();
      running[key].fetch_sub(1, std::memory_order_relaxed);
      if (number % 16 == 1) throw number;
      return std::pair(key, number);
    };
  };
  const auto work = [&](int seed) {
    for (int i = 0; i < rounds; ++i) {
      const int key = (seed + i) % keys;
      try {
        auto [v, err, shared] = g.do_(key, f(key));
        EXPECT_EQ(v.first, key);
        EXPECT_NE(v.second % 16, 1);
      } catch (const int& number) {
        EXPECT_EQ(number % 16, 1);
        caught.add();
      }
      outcomes.fetch_add(1, std::memory_order_relaxed);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) threads.emplace_back(work, i);
  sync::wait_group wg;
  for (int i = 0; i < 6; ++i) wg.go([&, i] { work(i); });
  wg.wait();
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
  EXPECT_EQ(outcomes.load(std::memory_order_relaxed), 8 * rounds);
  EXPECT_LE(calls.load(std::memory_order_relaxed), 8 * rounds);
}

WARREN_TEST(singleflight, do_chan_and_forget_at_the_same_time) {
  const int rounds = static_cast<int>(tests::scaled(3'000));
  singleflight::group<int, int> g;
  sync::wait_group wg;
  for (int p = 0; p < 4; ++p) {
    wg.go([&, p] {
      for (int i = 0; i < rounds; ++i) {
        const int key = i % 2;
        switch ((i + p) % 3) {
          case 0: g.forget(key); break;
          case 1: EXPECT_EQ(g.do_chan(key, [key] { return key; }).recv().value, key); break;
          default: EXPECT_EQ(g.do_(key, [key] { gosched(); return key; }).value, key);
        }
      }
    });
  }
  wg.wait();
}

}  // namespace
