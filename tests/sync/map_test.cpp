// SPDX-License-Identifier: MIT
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>
#include <warren/sync/map.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
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

static_assert(!std::is_copy_constructible_v<sync::map<int, int>>);
static_assert(!std::is_move_constructible_v<sync::map<int, int>>);

constinit sync::map<int, int> global;  // needs no code before main

WARREN_TEST(map, a_global_one) {
  global.store(1, 2);
  EXPECT_EQ(global.load(1), std::pair(2, true));
  global.clear();
  EXPECT_EQ(global.load(1), std::pair(0, false));
}

// --- against a model -----------------------------------------------------------------------------------

struct all_the_same {
  std::size_t operator()(const std::string&) const { return 1; }
};
struct by_length {
  std::size_t operator()(const std::string& key) const { return key.size(); }
};

template <class Hash>
class pair_of_maps {
 public:
  explicit pair_of_maps(std::uint32_t seed) : random_(seed) {}

  void step() {
    const std::string k = text(), v = text(), w = text();
    const auto at = model_.find(k);
    const bool there = at != model_.end();
    const value before(there ? at->second : "", there);
    switch (random_() % 10) {
      case 0: return expect(subject_.load(k), before);
      case 1: subject_.store(k, v); model_[k] = v; return;
      case 2:
        expect(subject_.load_or_store(k, v), there ? before : std::pair(v, false));
        model_.try_emplace(k, v);
        return;
      case 3: expect(subject_.load_and_delete(k), before); model_.erase(k); return;
      case 4: subject_.delete_(k); model_.erase(k); return;
      case 5: expect(subject_.swap(k, v), before); model_[k] = v; return;
      case 6:
        EXPECT_EQ(subject_.compare_and_swap(k, v, w), there && before.first == v);
        if (there && before.first == v) model_[k] = w;
        return;
      case 7:
        EXPECT_EQ(subject_.compare_and_delete(k, v), there && before.first == v);
        if (there && before.first == v) model_.erase(k);
        return;
      case 8: return compare();
      default:
        if (random_() % 50 != 0) return;
        subject_.clear();
        model_.clear();
    }
  }

  void compare() {
    std::map<std::string, std::string> all;
    subject_.range([&](const auto& k, const auto& v) { EXPECT_TRUE(all.try_emplace(k, v).second) << k; });
    EXPECT_EQ(all, model_);
  }

 private:
  using value = std::pair<std::string, bool>;
  static void expect(const value& found, const value& wanted) { EXPECT_EQ(found, wanted); }
  // Few texts, so that keys and values meet again.
  std::string text() { return std::string(random_() % 4, static_cast<char>('a' + random_() % 5)); }

  std::mt19937 random_;
  sync::map<std::string, std::string, Hash> subject_;
  std::map<std::string, std::string> model_;
};

template <class Hash>
void compare_with_a_model() {
  for (std::uint32_t seed = 1; seed <= 5; ++seed) {
    pair_of_maps<Hash> maps(seed);
    const std::int64_t steps = tests::scaled(4'000);
    for (std::int64_t i = 0; i < steps; ++i) maps.step();
    maps.compare();
  }
}

// Go: TestMapMatchesRWMutex, TestMapMatchesDeepCopy, TestMapMatchesHashTrieMap.
WARREN_TEST(map, TestMapMatchesRWMutex) { compare_with_a_model<std::hash<std::string>>(); }
WARREN_TEST(map, TestMapMatchesRWMutex_all_keys_with_one_hash) { compare_with_a_model<all_the_same>(); }
WARREN_TEST(map, TestMapMatchesRWMutex_few_hashes) { compare_with_a_model<by_length>(); }

WARREN_TEST(map, many_keys_come_and_go) {
  const int n = static_cast<int>(tests::scaled(30'000));
  sync::map<int, int> m;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < n; ++i) m.store(i, -i);
    for (int i = 0; i < n; ++i) EXPECT_EQ(m.load(i), std::pair(-i, true));
    EXPECT_FALSE(m.load(n).second);
    std::vector<bool> seen(static_cast<std::size_t>(n));
    m.range([&](int k, int v) {
      EXPECT_EQ(v, -k);
      EXPECT_FALSE(seen[static_cast<std::size_t>(k)]);
      seen[static_cast<std::size_t>(k)] = true;
    });
    EXPECT_EQ(std::count(seen.begin(), seen.end(), true), n);
    for (int i = 0; i < n; i += 2) m.delete_(i);
    for (int i = 0; i < n; ++i) EXPECT_EQ(m.load(i).second, i % 2 == 1);
  }
}

struct one_hash {
  std::size_t operator()(int) const { return 7; }
};

WARREN_TEST(map, hundreds_of_keys_with_one_hash) {
  sync::map<int, int, one_hash> m;
  for (int i = 0; i < 300; ++i) m.store(i, i);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(m.load(i), std::pair(i, true));
  std::set<int> seen;
  m.range([&](int k, int) { EXPECT_TRUE(seen.insert(k).second); });
  EXPECT_EQ(seen.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(m.load_and_delete(i), std::pair(i, true));
  m.range([](int, int) { ADD_FAILURE(); });
}

// --- range ---------------------------------------------------------------------------------------------

WARREN_TEST(map, TestConcurrentRange) {
  constexpr std::int64_t size = 1 << 10;
  sync::map<std::int64_t, std::int64_t> m;
  for (std::int64_t n = 1; n <= size; ++n) m.store(n, n);
  std::atomic<bool> done{false};
  sync::wait_group wg;
  for (int g = 1; g <= 4; ++g) {
    wg.go([&, g] {
      std::mt19937_64 random(static_cast<std::uint64_t>(g));
      for (std::int64_t i = 0; !done.load(std::memory_order_relaxed); ++i) {
        for (std::int64_t n = 1; n < size; ++n) {
          if (random() % size == 0) {
            m.store(n, n * i * g);
          } else {
            (void)m.load(n);
          }
        }
        gosched();
      }
    });
  }
  const std::int64_t rounds = tests::scaled(200);
  for (std::int64_t i = 0; i < rounds; ++i) {
    std::set<std::int64_t> seen;
    m.range([&](std::int64_t k, std::int64_t v) {
      EXPECT_EQ(v % k, 0);
      EXPECT_TRUE(seen.insert(k).second) << k << " came twice";
      return true;
    });
    EXPECT_EQ(seen.size(), static_cast<std::size_t>(size));
    gosched();
  }
  done.store(true, std::memory_order_relaxed);
  wg.wait();
}

WARREN_TEST(map, range_meets_what_stays_once_while_the_map_grows) {
  const int rounds = static_cast<int>(tests::scaled(100));
  for (int round = 0; round < rounds; ++round) {
    constexpr int staying = 100;
    sync::map<int, int> m;
    for (int i = 0; i < staying; ++i) m.store(i, i);
    sync::wait_group wg;
    wg.go([&] {
      for (int i = staying; i < 5'000; ++i) {
        m.store(i, i);
        if (i % 3 == 0) m.delete_(i);
        if (i % 256 == 0) gosched();
      }
    });
    wg.go([&] {
      std::set<int> seen;
      m.range([&](int k, int) {
        EXPECT_TRUE(seen.insert(k).second) << k << " came twice";
        if (seen.size() % 100 == 0) gosched();
      });
      for (int i = 0; i < staying; ++i) EXPECT_EQ(seen.count(i), 1u) << i;
    });
    wg.wait();
  }
}

// A cleared map has larger ranges of hashes in its buckets than the walk has come by.
WARREN_TEST(map, range_meets_no_key_twice_when_the_map_is_cleared_and_filled_again) {
  constexpr std::size_t keys = 3'000;
  for (std::size_t cut = 50; cut < keys; cut += 50) {
    sync::map<int, int> m;
    for (int i = 0; i < static_cast<int>(keys); ++i) m.store(i, i);
    std::set<int> seen;
    m.range([&](int k, int) {
      EXPECT_TRUE(seen.insert(k).second) << k << " came twice";
      if (seen.size() != cut) return;
      m.clear();
      for (const int again : seen) m.store(again, again);
    });
    EXPECT_GE(seen.size(), cut);
  }
}

WARREN_TEST(map, TestMapRangeNestedCall) {
  sync::map<int, std::string> m;
  const char* const words[] = {"hello", "world", "Go"};
  for (int i = 0; i < 3; ++i) m.store(i, words[i]);
  m.range([&](int key, const std::string&) {
    m.range([&](int k, const std::string& v) {
      EXPECT_EQ(m.load(k), std::pair(v, true));
      EXPECT_FALSE(m.load_or_store(42, "dummy").second);
      m.store(42, "sync.Map");
      EXPECT_EQ(m.load_and_delete(42), std::pair(std::string("sync.Map"), true));
      return true;
    });
    m.delete_(key);
    return true;
  });
  m.range([](int, const std::string&) { ADD_FAILURE() << "a key is left"; });
}

WARREN_TEST(map, range_ends_early_or_by_an_exception) {
  sync::map<int, std::shared_ptr<int>> m;
  const auto token = std::make_shared<int>(1);
  for (int i = 0; i < 100; ++i) m.store(i, token);
  int calls = 0;
  m.range([&](int, const auto&) { return ++calls < 5; });
  EXPECT_EQ(calls, 5);
  EXPECT_THROW(m.range([](int, const auto&) { throw std::runtime_error("enough"); }), std::runtime_error);
  sync::wait_group wg;
  wg.go([&] { m.range([](int, const auto&) { goexit(); }); });
  wg.wait();
  m.range([&](int, const auto&) {
    m.clear();  // what is being looked at stays until it has been
    sleep(10us);
    EXPECT_EQ(*token, 1);
  });
  EXPECT_EQ(token.use_count(), 1);
}

// --- one at a time -------------------------------------------------------------------------------------

WARREN_TEST(map, TestCompareAndSwap_NonExistingKey) {
  sync::map<const void*, int> m;
  EXPECT_FALSE(m.compare_and_swap(&m, 0, 42));
  EXPECT_FALSE(m.compare_and_delete(&m, 0));
  EXPECT_FALSE(m.load(&m).second);
}

WARREN_TEST(map, compare_and_swap_counts) {
  constexpr int goroutines = 6, keys = 3;
  const std::int64_t n = tests::scaled(5'000);
  sync::map<int, std::int64_t, one_hash> m;
  for (int k = 0; k < keys; ++k) m.store(k, 0);
  sync::wait_group wg;
  for (int g = 0; g < goroutines; ++g) {
    wg.go([&] {
      for (std::int64_t i = 0; i < n; ++i) {
        const int k = static_cast<int>(i % keys);
        for (;;) {
          const std::int64_t seen = m.load(k).first;
          if (m.compare_and_swap(k, seen, seen + 1)) break;
        }
        if (i % 100 == 0) gosched();
      }
    });
  }
  wg.wait();
  std::int64_t sum = 0;
  m.range([&](int, std::int64_t v) { sum += v; });
  EXPECT_EQ(sum, goroutines * n);
}

WARREN_TEST(map, one_of_many_stores_the_first_value) {
  const std::int64_t rounds = tests::scaled(3'000);
  sync::map<std::int64_t, int> m;
  for (std::int64_t round = 0; round < rounds; ++round) {
    std::atomic<int> stored{0}, sum{0};
    sync::wait_group wg;
    for (int g = 1; g <= 4; ++g) {
      wg.go([&, g] {
        const auto [v, loaded] = m.load_or_store(round, g);
        if (!loaded) {
          EXPECT_EQ(v, g);
          stored.fetch_add(1, std::memory_order_relaxed);
        }
        sum.fetch_add(v, std::memory_order_relaxed);
      });
    }
    wg.wait();
    EXPECT_EQ(stored.load(std::memory_order_relaxed), 1);
    EXPECT_EQ(sum.load(std::memory_order_relaxed), 4 * m.load(round).first);
  }
}

// Each value is put in once and comes out once, by whichever way.
WARREN_TEST(map, no_value_is_lost_or_doubled) {
  constexpr int goroutines = 6;
  const int n = static_cast<int>(tests::scaled(6'000));
  sync::map<int, int> m;
  std::vector<std::atomic<int>> out(static_cast<std::size_t>(goroutines * n + 1));
  const auto came = [&](std::pair<int, bool> v) {
    if (v.second) out[static_cast<std::size_t>(v.first)].fetch_add(1, std::memory_order_relaxed);
  };
  sync::wait_group wg;
  for (int g = 0; g < goroutines; ++g) {
    wg.go([&, g] {
      for (int i = 1; i <= n; ++i) {
        const int v = g * n + i, k = i % 5;
        switch (v % 3) {
          case 0: came(m.swap(k, v)); break;
          case 1: came(m.load_and_delete(k)); came(m.swap(k, v)); break;
          default: {
            if (const auto [old, ok] = m.load(k); ok && m.compare_and_delete(k, old)) came({old, true});
            if (m.load_or_store(k, v).second) came({v, true});
          }
        }
        if (i % 100 == 0) gosched();
      }
    });
  }
  wg.wait();
  m.range([&](int, int v) { came({v, true}); });
  for (std::size_t v = 1; v < out.size(); ++v) EXPECT_EQ(out[v].load(std::memory_order_relaxed), 1) << v;
}

WARREN_TEST(map, TestConcurrentClear) {
  sync::map<int, int> m;
  sync::wait_group wg;
  for (int i = 0; i < 10; ++i) {
    wg.go([&, i] { m.store(i, i * 10); });
    wg.go([&, i] {
      const auto [v, ok] = m.load(i);
      EXPECT_EQ(v, ok ? i * 10 : 0);
    });
    wg.go([&] { m.clear(); });
  }
  wg.wait();
  m.clear();
  m.range([](int k, int) { ADD_FAILURE() << "there is still " << k; });
}

// Of those that are stored one after the other, clear() never takes one and leaves one that was there before.
WARREN_TEST(map, clear_takes_all_at_one_moment) {
  const int rounds = static_cast<int>(tests::scaled(1'000));
  constexpr int keys = 200;
  sync::map<int, int> m;
  std::atomic<int> round{-1}, stored{0};
  const auto wait_for = [](std::atomic<int>& what, int least) {
    // Acquire: pairs with the release stores below.
    for (int looks = 0; what.load(std::memory_order_acquire) < least; ++looks) {
      if (looks > 1'000) std::this_thread::yield();
    }
  };
  std::thread writer([&] {
    for (int i = 0; i < rounds; ++i) {
      wait_for(round, i);
      for (int k = 0; k < keys; ++k) {
        m.store(k, k);
        stored.store(i * keys + k + 1, std::memory_order_release);
      }
    }
  });
  for (int i = 0; i < rounds; ++i) {
    round.store(i, std::memory_order_release);
    wait_for(stored, i * keys + i % keys);
    m.clear();
    wait_for(stored, (i + 1) * keys);
    bool left = false;
    for (int k = 0; k < keys; ++k) {
      const bool there = m.load(k).second;
      EXPECT_TRUE(there || !left) << "round " << i << ", key " << k;
      left = left || there;
    }
    m.clear();
  }
  blocking([&] { writer.join(); });
}

WARREN_TEST(map, goroutines_and_threads_share_one) {
  const int rounds = static_cast<int>(tests::scaled(100'000));
  sync::map<int, std::string> m;
  const auto work = [&](std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < rounds; ++i) {
      const int k = static_cast<int>(random() % 200);
      const std::string mine = "a value of the key " + std::to_string(k);
      switch (random() % 8) {
        case 0: m.store(k, mine); break;
        case 1: m.delete_(k); break;
        case 2: m.load_or_store(k, mine); break;
        case 3: m.compare_and_delete(k, mine); break;
        case 4:
          if (random() % 500 == 0) m.clear();
          break;
        case 5:
          if (random() % 100 == 0) {
            m.range([](int key, const std::string& v) {
              EXPECT_TRUE(v.ends_with(' ' + std::to_string(key))) << v;
            });
          }
          break;
        default: {
          const auto [v, ok] = m.load(k);
          EXPECT_EQ(v, ok ? mine : "");
        }
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t i = 1; i <= 2; ++i) threads.emplace_back(work, i);
  sync::wait_group wg;
  for (std::uint32_t i = 3; i <= 6; ++i) wg.go([&, i] { work(i); });
  wg.wait();
  blocking([&] {
    for (std::thread& t : threads) t.join();
  });
}

}  // namespace
