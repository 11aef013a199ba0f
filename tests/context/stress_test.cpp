// SPDX-License-Identifier: MIT

// Cancel, timeout, stop, making of children and release in all orders, from goroutines and from other threads.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <warren/context/context.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/go.hpp>

#include "channels/crew.hpp"
#include "family.hpp"
#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using tests::comes;
using tests::is_done;

std::atomic<std::int64_t> values_alive{0};

struct token {
  token() { values_alive++; }
  token(const token&) { values_alive++; }
  token(token&&) noexcept { values_alive++; }
  ~token() { values_alive--; }
};

/// Contexts, cancels and stops that all share; whoever takes one out or puts one in holds the lock, never for a call.
class pool {
 public:
  static constexpr std::size_t places = 32;

  explicit pool(context root) {
    for (auto& p : contexts_) p = root;
  }

  context pick(std::size_t at) {
    const std::lock_guard hold(lock_);
    return contexts_[at % places];
  }
  cancel_func pick_cancel(std::size_t at) {
    const std::lock_guard hold(lock_);
    return cancels_[at % places];
  }
  context::stop_func pick_stop(std::size_t at) {
    const std::lock_guard hold(lock_);
    return stops_[at % places];
  }
  // What was there is destroyed after the lock is released.
  void put(std::size_t at, context c, cancel_func f) {
    const std::lock_guard hold(lock_);
    std::swap(contexts_[at % places], c);
    std::swap(cancels_[(at / places) % places], f);
    graves_.emplace_back(std::move(c), std::move(f));
  }
  void put(std::size_t at, context::stop_func s) {
    {
      const std::lock_guard hold(lock_);
      std::swap(stops_[at % places], s);
    }
  }
  void bury() {
    std::vector<std::pair<context, cancel_func>> graves;
    {
      const std::lock_guard hold(lock_);
      graves.swap(graves_);
    }
  }

 private:
  std::mutex lock_;
  std::array<context, places> contexts_;
  std::array<cancel_func, places> cancels_;
  std::array<context::stop_func, places> stops_;
  std::vector<std::pair<context, cancel_func>> graves_;
};

void live(pool& p, const context& root, unsigned seed, std::int64_t rounds) {
  std::mt19937 random(seed);
  for (std::int64_t i = 0; i < rounds; i++) {
    const std::size_t at = random();
    const context parent = p.pick(at);
    switch (random() % 12) {
      case 0:
      case 1: {
        auto [ctx, cancel] = context::with_cancel(parent);
        p.put(random(), ctx, cancel);
        break;
      }
      case 2:
      case 3: {
        auto [ctx, cancel] = context::with_timeout(parent, std::chrono::nanoseconds(random() % 50'000));
        p.put(random(), ctx, cancel);
        break;
      }
      case 4: p.put(random(), context::with_value(parent, seed, token()), nil); break;
      case 5: p.put(random(), root, nil); break;
      case 6: {
        auto stop = context::after_func(parent, [t = token()] {});
        if (random() % 2 == 0) p.put(random(), std::move(stop));
        break;
      }
      case 7: {
        const auto stop = p.pick_stop(at);
        if (stop != nil) stop();
        break;
      }
      case 8: {
        const cancel_func cancel = p.pick_cancel(at);
        if (cancel != nil) cancel();
        break;
      }
      case 9:
        if (parent.err() != nil && !is_done(parent)) ADD_FAILURE() << "err() is not nil, but done() is open";
        (void)context::cause(parent);
        (void)parent.value(seed);
        break;
      case 10: select(recv(parent.done()), recv(time_after(std::chrono::nanoseconds(random() % 10'000)))); break;
      default: p.bury();
    }
  }
}

WARREN_TEST(stress, AllOrders) {
  values_alive = 0;
  {
    auto [root, cancel_root] = context::with_cancel(context::background());
    pool p(root);
    const auto rounds = tests::scaled(20'000);
    tests::crew crew;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; i++) {
      crew.go([&, &root = root, i] { live(p, root, i, rounds); });
    }
    for (unsigned i = 0; i < 2; i++) {
      threads.emplace_back([&, &root = root, i] { live(p, root, 100 + i, rounds / 4); });
    }
    crew.wait();
    for (std::thread& t : threads) blocking([&] { t.join(); });
    cancel_root();
  }
  EXPECT_TRUE(comes([] { return values_alive == 0; })) << values_alive;
}

// One tree, canceled from its root, its branches and its deadlines at once, while it grows and falls.
WARREN_TEST(stress, CancelsThatMeet) {
  const auto n = tests::scaled(300);
  for (int round = 0; round < n; round++) {
    std::vector<std::pair<context, cancel_func>> tree{context::with_cancel(context::background())};
    for (std::size_t i = 0; tree.size() < 200; i++) {
      tree.push_back(context::with_cancel(tree[i].first));
      tree.push_back(context::with_timeout(tree[i].first, std::chrono::microseconds(50 + i)));
      tree.push_back(context::with_cancel(tree[i].first));
    }
    std::atomic<int> called{0};
    for (int i = 0; i < 20; i++) context::after_func(tree[static_cast<std::size_t>(i) * 7].first, [&called] { called++; });
    tests::crew crew;
    for (const std::size_t at : {std::size_t(0), std::size_t(1), std::size_t(2), std::size_t(5)}) {
      crew.go([&tree, at] {
        tree[at].second();
        // All below are done when a cancel has returned, whoever got to them first.
        for (std::size_t i = at; i < tree.size(); i = 3 * i + 1) {
          if (!is_done(tree[i].first)) ADD_FAILURE() << "not done after the cancel of one above";
        }
      });
    }
    crew.go([&tree] {
      std::vector<context> late;
      for (std::size_t i = 0; i < 50; i++) late.push_back(context::with_cancel(tree[i].first).first);
      tree[0].second();
      for (const context& c : late) {
        if (!is_done(c)) ADD_FAILURE() << "a late child is not done";
      }
    });
    crew.wait();
    ASSERT_TRUE(comes([&] { return called == 20; }));
  }
}

// Children are released while their parent is canceled.
WARREN_TEST(stress, ReleaseDuringCancel) {
  const auto n = tests::scaled(1000);
  for (int round = 0; round < n; round++) {
    auto [root, cancel] = context::with_cancel(context::background());
    std::vector<context> children;
    for (int i = 0; i < 100; i++) {
      children.push_back(i % 2 == 0 ? context::with_cancel(root).first : context::with_timeout(root, 1h).first);
      if (i % 10 == 0) children.push_back(context::with_cancel(children.back()).first);
    }
    root = nil;
    tests::crew crew;
    crew.go([&children] { children.clear(); });
    crew.go([cancel = std::move(cancel)] { cancel(); });
    crew.wait();
  }
}

// Deadlines come while the contexts are canceled and released.
WARREN_TEST(stress, DeadlinesDuringRelease) {
  values_alive = 0;
  const auto n = tests::scaled(5000);
  for (int i = 0; i < n; i++) {
    const auto d = std::chrono::nanoseconds(i % 4000);
    context top = context::with_value(context::background(), 1, token());
    auto [a, cancel_a] = context::with_timeout(top, d);
    auto [b, cancel_b] = context::with_timeout(a, d + 1us);
    top = nil;
    if (i % 2 == 0) select(recv(b.done()), recv(time_after(d)));
    if (i % 3 == 0) cancel_b();
    if (i % 5 == 0) a = nil;
    if (i % 7 == 0) context::after_func(b, [t = token()] {});
  }
  EXPECT_TRUE(comes([] { return values_alive == 0; })) << values_alive;
}

// Cancels and registrations are dropped at the same moment: either side sees that nothing can come any more.
WARREN_TEST(stress, ForsakenAtOnce) {
  values_alive = 0;
  const auto n = tests::scaled(3000);
  for (int i = 0; i < n; i++) {
    auto [a, cancel_a] = context::with_cancel(context::background());
    auto [b, cancel_b] = context::with_cancel(a);
    auto [c, cancel_c] = context::with_cancel(b);
    tests::crew crew;
    crew.go([f = std::move(cancel_a)]() mutable { f = nil; });
    crew.go([f = std::move(cancel_b)]() mutable { f = nil; });
    crew.go([f = std::move(cancel_c)]() mutable { f = nil; });
    crew.go([a = a, c = std::move(c)] {
      context::after_func(c, [t = token()] {});
      context::after_func(a, [t = token()] {});
    });
    a = b = nil;
    crew.wait();
  }
  EXPECT_EQ(values_alive, 0);
}

}  // namespace
}  // namespace warren
