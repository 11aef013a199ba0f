// SPDX-License-Identifier: MIT
#include <warren/channels/channel.hpp>
#include <warren/errors/panic.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/sync/pool.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<sync::pool<int>>);
static_assert(!std::is_move_constructible_v<sync::pool<int>>);
static_assert(std::is_same_v<decltype(sync::pool([] { return 1.0; })), sync::pool<double>>);

// Of Go's it is the part before the collector comes: there is none here.
WARREN_TEST(pool, TestPool) {
  sync::pool<std::string> p;
  EXPECT_EQ(p.get(), "");
  p.put("a");
  p.put("b");
  // Nothing here switches, so both are on the shelf of this thread, and the last comes first.
  EXPECT_EQ(p.get(), "b");
  EXPECT_EQ(p.get(), "a");
  EXPECT_EQ(p.get(), "");
}

WARREN_TEST(pool, TestPoolNew) {
  int i = 0;
  sync::pool<int> p{[&] { return ++i; }};
  EXPECT_EQ(p.get(), 1);
  EXPECT_EQ(p.get(), 2);
  p.put(42);
  EXPECT_EQ(p.get(), 42);
  EXPECT_EQ(p.get(), 3);
}

WARREN_TEST(pool, what_makes_a_new_one_may_be_set_later_and_be_nil) {
  sync::pool<int> p;
  EXPECT_EQ(p.get(), 0);
  p.new_ = [] { return 7; };
  EXPECT_EQ(p.get(), 7);
  p.new_ = nil;
  EXPECT_EQ(p.get(), 0);
}

WARREN_TEST(pool, TestPoolStress) {
  constexpr int goroutines = 10;
  const std::int64_t n = tests::scaled(100'000);
  sync::pool<std::unique_ptr<int>> p;
  sync::wait_group wg;
  for (int g = 0; g < goroutines; ++g) {
    wg.go([&] {
      auto v = std::make_unique<int>(0);
      for (std::int64_t i = 0; i < n; ++i) {
        if (v == nullptr) v = std::make_unique<int>(0);
        p.put(std::move(v));
        v = p.get();
        if (v != nullptr && *v != 0) {
          ADD_FAILURE() << "expected 0, got " << *v;
          break;
        }
        if (i % 64 == 0) gosched();
      }
    });
  }
  wg.wait();
}

/// One that knows whether anybody uses it, and how many there are.
class tool {
 public:
  explicit tool(std::atomic<int>& alive) : alive_(&alive) { alive_->fetch_add(1, std::memory_order_relaxed); }
  ~tool() {
    EXPECT_FALSE(used_.load(std::memory_order_relaxed));
    alive_->fetch_sub(1, std::memory_order_relaxed);
  }
  tool(const tool&) = delete;
  tool& operator=(const tool&) = delete;

  void use() {
    EXPECT_FALSE(used_.exchange(true, std::memory_order_relaxed)) << "two have it";
    ++plain_;  // a race that ThreadSanitizer sees, if two have it or nothing orders them
    used_.store(false, std::memory_order_relaxed);
  }

 private:
  std::atomic<int>* alive_;
  std::atomic<bool> used_{false};
  std::int64_t plain_ = 0;
};

// Go: TestPoolDequeue, TestPoolChain. Each object is in one pair of hands, and none is lost or doubled.
WARREN_TEST(pool, each_object_has_one_user_among_goroutines_and_threads) {
  std::atomic<int> alive{0};
  const std::int64_t rounds = tests::scaled(20'000);
  {
    sync::pool<std::unique_ptr<tool>> p{[&] { return std::make_unique<tool>(alive); }};
    const auto work = [&] {
      std::array<std::unique_ptr<tool>, 3> mine;
      for (std::int64_t i = 0; i < rounds; ++i) {
        auto& slot = mine[static_cast<std::size_t>(i) % mine.size()];
        if (slot != nullptr) p.put(std::move(slot));
        slot = p.get();
        slot->use();
      }
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) threads.emplace_back(work);
    sync::wait_group wg;
    for (int i = 0; i < 6; ++i) {
      wg.go([&] {
        for (int part = 0; part < 2; ++part) {
          work();
          gosched();
        }
      });
    }
    wg.wait();
    blocking([&] {
      for (std::thread& t : threads) t.join();
    });
    EXPECT_LE(alive.load(std::memory_order_relaxed), 32 * 64);
  }
  EXPECT_EQ(alive.load(std::memory_order_relaxed), 0);
}

// The first put of a thread brings the memory of its shelf: two threads with the same one at the same time.
WARREN_TEST(pool, many_fresh_pools_lose_nothing) {
  std::atomic<int> alive{0};
  const std::int64_t rounds = tests::scaled(2'000);
  for (std::int64_t i = 0; i < rounds; ++i) {
    {
      sync::pool<std::unique_ptr<tool>> p;
      sync::wait_group wg;
      for (int g = 0; g < 4; ++g) wg.go([&] { p.put(std::make_unique<tool>(alive)); });
      wg.wait();
      int found = 0;
      while (p.get() != nullptr) ++found;
      EXPECT_EQ(found, 4);
    }
    EXPECT_EQ(alive.load(std::memory_order_relaxed), 0);
  }
}

WARREN_TEST(pool, what_one_thread_left_another_finds) {
  sync::pool<int> p;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 40; ++i) threads.emplace_back([&p, i] { p.put(i); });
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
  int sum = 0;
  for (int i = 0; i < 40; ++i) sum += p.get();
  EXPECT_EQ(sum, 40 * 41 / 2);
  EXPECT_EQ(p.get(), 0);
}

WARREN_TEST(pool, a_thread_leaves_64_and_the_rest_is_destroyed) {
  std::atomic<int> alive{0};
  {
    sync::pool<std::unique_ptr<tool>> p;
    for (int i = 0; i < 1'000; ++i) p.put(std::make_unique<tool>(alive));
    EXPECT_EQ(alive.load(std::memory_order_relaxed), 64);
    for (int i = 0; i < 64; ++i) EXPECT_NE(p.get(), nullptr);
    EXPECT_EQ(p.get(), nullptr);
    EXPECT_EQ(alive.load(std::memory_order_relaxed), 0);
    for (int i = 0; i < 10; ++i) p.put(std::make_unique<tool>(alive));
    EXPECT_EQ(alive.load(std::memory_order_relaxed), 10);
  }
  EXPECT_EQ(alive.load(std::memory_order_relaxed), 0);
}

WARREN_TEST(pool, a_nil_is_not_kept) {
  int made = 0;
  sync::pool<std::unique_ptr<int>> p{[&] { return std::make_unique<int>(++made); }};
  p.put(nil);
  EXPECT_EQ(*p.get(), 1);
  sync::pool<chan<int>> channels{[] { return make_chan<int>(1); }};
  channels.put(nil);
  EXPECT_NE(channels.get(), nil);
  sync::pool<std::string_view> texts{[] { return "new"; }};
  texts.put("");
  EXPECT_EQ(texts.get(), "");
  sync::pool<bool> flags{[] { return true; }};
  flags.put(false);
  EXPECT_FALSE(flags.get());
}

struct alignas(128) wide {
  explicit wide(int n) : number(n) {}  // and no default
  int number;
};

WARREN_TEST(pool, of_a_type_with_great_alignment_and_no_default) {
  sync::pool<wide> p{[] { return wide(1); }};
  static_assert(!std::is_default_constructible_v<sync::pool<wide>>);
  for (int i = 2; i < 10; ++i) p.put(wide(i));
  const wide w = p.get();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&w) % 128, 0u);
  int sum = w.number;
  for (int i = 0; i < 8; ++i) sum += p.get().number;
  EXPECT_EQ(sum, 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 1);
}

WARREN_TEST(pool, what_makes_a_new_one_may_wait_throw_or_use_the_pool) {
  sync::pool<int> p;
  p.new_ = [&] {
    sleep(100us);
    p.put(5);
    return 4;
  };
  EXPECT_EQ(p.get(), 4);
  EXPECT_EQ(p.get(), 5);
  p.new_ = []() -> int { throw std::runtime_error("none"); };
  EXPECT_THROW((void)p.get(), std::runtime_error);
  p.put(6);
  EXPECT_EQ(p.get(), 6);
}

/// Goes into the pool it comes from when it is destroyed: the destructors of T run with nothing held.
struct boomerang {
  boomerang() = default;
  boomerang(sync::pool<boomerang>* to, int n) : pool(to), times(n) {}
  boomerang(boomerang&& other) noexcept : pool(std::exchange(other.pool, nullptr)), times(other.times) {}
  ~boomerang() {
    if (pool != nullptr && times > 0) pool->put(boomerang(pool, times - 1));
  }
  sync::pool<boomerang>* pool = nullptr;
  int times = 0;
};

WARREN_TEST(pool, destructors_may_use_the_pool) {
  sync::pool<boomerang> p;
  for (int i = 0; i < 70; ++i) p.put(boomerang(&p, 3));
  int found = 0;
  for (;;) {
    boomerang b = p.get();
    if (b.pool == nullptr) break;
    b.pool = nullptr;
    ++found;
  }
  EXPECT_EQ(found, 64);
}

}  // namespace
