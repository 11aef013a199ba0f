// SPDX-License-Identifier: MIT

// Hashes, comparisons, copies and destructors of a map's user, which may throw, wait, or use the map.

#include <warren/runtime/go.hpp>
#include <warren/sync/map.hpp>
#include <warren/sync/wait_group.hpp>
#include <warren/time/sleep.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "../test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;

// Go: TestIssue40999, where a deleted key stayed reachable.
WARREN_TEST(map, what_is_taken_out_is_destroyed) {
  const auto token = std::make_shared<int>(1);
  {
    sync::map<std::shared_ptr<int>, std::shared_ptr<int>> m;
    m.store(token, token);
    EXPECT_EQ(token.use_count(), 3);
    m.store(token, nullptr);
    EXPECT_EQ(token.use_count(), 2);
    m.delete_(token);
    EXPECT_EQ(token.use_count(), 1);
    for (int i = 0; i < 100; ++i) m.store(std::make_shared<int>(i), token);
    m.clear();
    EXPECT_EQ(token.use_count(), 1);
    for (int i = 0; i < 100; ++i) m.store(std::make_shared<int>(i), token);
  }
  EXPECT_EQ(token.use_count(), 1);
}

/// Throws when it is told to.
struct fragile {
  fragile() = default;
  explicit fragile(int n) : number(n) {}
  fragile(const fragile& other) : number(other.number) { may_throw(copies); }
  fragile(fragile&&) noexcept = default;
  fragile& operator=(const fragile&) = default;
  fragile& operator=(fragile&&) noexcept = default;
  bool operator==(const fragile& other) const {
    may_throw(comparisons);
    return number == other.number;
  }
  static void may_throw(bool told) {
    if (told) throw std::runtime_error("fragile");
  }
  int number = 0;
  static inline bool copies = false, comparisons = false, hashes = false;
};

struct fragile_hash {
  std::size_t operator()(const fragile& f) const {
    fragile::may_throw(fragile::hashes);
    return static_cast<std::size_t>(f.number % 2);
  }
};

WARREN_TEST(map, an_exception_changes_nothing) {
  sync::map<fragile, fragile, fragile_hash> m;
  for (int i = 0; i < 10; ++i) m.store(fragile(i), fragile(i));
  const auto all_throw = [&](bool stores_and_deletes) {
    const fragile one(1);
    if (stores_and_deletes) {
      EXPECT_THROW(m.store(fragile(1), fragile(9)), std::runtime_error);
      EXPECT_THROW(m.delete_(one), std::runtime_error);
    }
    EXPECT_THROW((void)m.load(one), std::runtime_error);
    EXPECT_THROW((void)m.swap(fragile(1), fragile(9)), std::runtime_error);
    EXPECT_THROW((void)m.load_or_store(fragile(1), fragile(9)), std::runtime_error);
    EXPECT_THROW((void)m.load_or_store(fragile(11), fragile(9)), std::runtime_error);
    EXPECT_THROW((void)m.load_and_delete(one), std::runtime_error);
  };
  fragile::hashes = true;
  all_throw(true);
  fragile::hashes = false;
  fragile::comparisons = true;
  all_throw(true);
  fragile::comparisons = false;
  fragile::copies = true;
  all_throw(false);
  EXPECT_THROW((void)m.compare_and_swap(fragile(1), fragile(1), fragile(9)), std::runtime_error);
  fragile::copies = false;
  int sum = 0, count = 0;
  m.range([&](const fragile& k, const fragile& v) {
    EXPECT_EQ(k.number, v.number);
    sum += v.number;
    ++count;
  });
  EXPECT_EQ(count, 10);
  EXPECT_EQ(sum, 45);
}

/// Does something, once, in the middle of a call: when a key or a value is compared.
std::function<void()> meanwhile;

void let_others_in() {
  if (meanwhile != nullptr) std::exchange(meanwhile, nullptr)();
}

struct porous {
  int number = 0;
  bool operator==(const porous& other) const {
    let_others_in();
    return number == other.number;
  }
};
struct porous_hash {
  std::size_t operator()(const porous&) const { return 1; }
};
using porous_map = sync::map<porous, porous, porous_hash>;

void expect_value(const porous_map& m, int key, int wanted) {
  const auto [v, ok] = m.load({key});
  EXPECT_TRUE(ok);
  EXPECT_EQ(v.number, wanted);
  int entries = 0;
  m.range([&](const porous& k, const porous&) { entries += k.number == key; });
  EXPECT_EQ(entries, 1);
}

// What others do between a look at the map and the change that rests on it.
WARREN_TEST(map, a_key_that_comes_meanwhile) {
  porous_map m;
  const auto comes = [&](int value) {
    m.clear();
    m.store({1}, {1});  // of the same hash, so that there is something to compare
    meanwhile = [&m, value] { m.store({2}, {value}); };
  };
  comes(5);
  m.store({2}, {6});
  expect_value(m, 2, 6);
  comes(5);
  auto [actual, loaded] = m.load_or_store({2}, {6});
  EXPECT_TRUE(loaded);
  EXPECT_EQ(actual.number, 5);
  expect_value(m, 2, 5);
  comes(5);
  auto [previous, there] = m.swap({2}, {6});
  EXPECT_TRUE(there);
  EXPECT_EQ(previous.number, 5);
  expect_value(m, 2, 6);
  EXPECT_EQ(m.load({1}).first.number, 1);
}

WARREN_TEST(map, a_value_that_changes_meanwhile) {
  porous_map m;
  const auto changes = [&] {
    m.store({2}, {3});
    meanwhile = [&m] { m.store({2}, {5}); };
  };
  changes();
  EXPECT_EQ(m.load_and_delete({2}).first.number, 5);
  EXPECT_FALSE(m.load({2}).second);
  changes();
  m.delete_({2});
  EXPECT_FALSE(m.load({2}).second);
  changes();
  EXPECT_EQ(m.swap({2}, {6}).first.number, 5);
  expect_value(m, 2, 6);
  changes();
  m.store({2}, {6});
  expect_value(m, 2, 6);
  changes();
  EXPECT_FALSE(m.compare_and_swap({2}, {3}, {6}));
  expect_value(m, 2, 5);
  changes();
  EXPECT_FALSE(m.compare_and_delete({2}, {3}));
  expect_value(m, 2, 5);
  changes();
  EXPECT_EQ(m.load({2}).first.number, 3);
  expect_value(m, 2, 5);
}

WARREN_TEST(map, a_key_that_goes_meanwhile) {
  porous_map m;
  const auto goes = [&] {
    m.store({2}, {3});
    meanwhile = [&m] { m.delete_({2}); };
  };
  goes();
  m.store({2}, {6});
  expect_value(m, 2, 6);
  goes();
  EXPECT_FALSE(m.load_and_delete({2}).second);
  goes();
  EXPECT_FALSE(m.swap({2}, {6}).second);
  expect_value(m, 2, 6);
  goes();
  EXPECT_FALSE(m.compare_and_swap({2}, {3}, {6}));
  EXPECT_FALSE(m.load({2}).second);
  goes();
  EXPECT_FALSE(m.compare_and_delete({2}, {3}));
  EXPECT_FALSE(m.load({2}).second);
}

struct visitor;
struct visitor_hash {
  std::size_t operator()(const visitor& v) const;
};
using visited_map = sync::map<visitor, int, visitor_hash>;

/// Its comparison and its hash use the map that it is a key of, and wait.
struct visitor {
  int number = 0;
  visited_map* home = nullptr;
  bool operator==(const visitor& other) const;
  void look() const;
};

void visitor::look() const {
  if (home == nullptr) return;
  home->store(visitor{-1}, 1);
  sleep(1us);
  EXPECT_TRUE(home->load(visitor{-1}).second);
}
bool visitor::operator==(const visitor& other) const {
  look();
  return number == other.number;
}
std::size_t visitor_hash::operator()(const visitor& v) const {
  v.look();
  return v.home != nullptr ? 1 : 2;  // so that all meet but the one that look() asks for
}

WARREN_TEST(map, hash_and_comparison_may_wait_and_use_the_map) {
  visited_map m;
  sync::wait_group wg;
  for (int g = 0; g < 4; ++g) {
    wg.go([&, g] {
      for (int i = 0; i < 3; ++i) {
        const visitor v{g * 3 + i, &m};
        m.store(v, i);
        EXPECT_EQ(m.load(v), std::pair(i, true));
        EXPECT_TRUE(m.compare_and_delete(v, i));
      }
    });
  }
  wg.wait();
  int left = 0;
  m.range([&](const visitor&, int) { ++left; });
  EXPECT_EQ(left, 1);
}

/// Its destructor uses the map that it was in.
struct last_word {
  last_word() = default;
  explicit last_word(sync::map<int, std::shared_ptr<last_word>>* m) : map(m) {}
  last_word(const last_word&) = delete;
  last_word& operator=(const last_word&) = delete;
  ~last_word() {
    if (map != nullptr) map->store(0, nullptr);
  }
  sync::map<int, std::shared_ptr<last_word>>* map = nullptr;
};

WARREN_TEST(map, destructors_may_use_the_map) {
  sync::map<int, std::shared_ptr<last_word>> m;
  m.store(1, std::make_shared<last_word>(&m));
  m.store(1, nullptr);
  EXPECT_TRUE(m.load(0).second);
  m.delete_(0);
  m.store(2, std::make_shared<last_word>(&m));
  m.delete_(2);
  EXPECT_TRUE(m.load(0).second);
  m.store(3, std::make_shared<last_word>(&m));
  m.clear();
  EXPECT_TRUE(m.load(0).second);
}

WARREN_TEST(map, values_that_can_only_be_moved_are_seen_by_range) {
  sync::map<std::string, std::unique_ptr<int>> m;
  m.store("a", std::make_unique<int>(1));
  m.store("a", std::make_unique<int>(2));
  int seen = 0;
  m.range([&](const std::string&, const std::unique_ptr<int>& v) { seen = *v; });
  EXPECT_EQ(seen, 2);
  m.delete_("a");
}

}  // namespace
