// SPDX-License-Identifier: MIT
// go(): what it takes, when it copies, and that nothing is half made when it cannot have what it needs.
#include <warren/channels/channel.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/goroutine_pool.hpp>
#include <warren/runtime/park.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/stack.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <climits>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "waiting.hpp"

#include "../test.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_THE_SANITIZERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEMORY_IS_THE_SANITIZERS 1
#endif
#endif

#if !defined(MEMORY_IS_THE_SANITIZERS)
namespace {

std::atomic<bool> aligned_memory_is_scarce{false};

}  // namespace

// A callable that does not fit into a control block gets memory of its own from here.
void* operator new(std::size_t bytes, std::align_val_t align) {
  const auto to = static_cast<std::size_t>(align);
  if (!aligned_memory_is_scarce) {
    if (void* at = std::aligned_alloc(to, (bytes + to - 1) / to * to)) return at;
  }
  throw std::bad_alloc();
}
void operator delete(void* at, std::align_val_t) noexcept { std::free(at); }
void operator delete(void* at, std::size_t, std::align_val_t) noexcept { std::free(at); }
#endif

namespace {

using namespace warren;
using namespace warren::tests;

std::atomic<int> sum{0};

void add(int a, int b) { sum = a + b; }
void add_noexcept(int a) noexcept { sum = a; }
int with_a_result(int a) { return sum = a; }

struct account {
  int money = 0;
  chan<int> done = make_chan<int>(1);
  void pay(int amount) {
    money += amount;
    done.send(money);
  }
  int balance() const {
    done.send(money);
    return money;
  }
};

WARREN_TEST(go, takes_functions) {
  sum = 0;
  go(add, 3, 4);
  EXPECT_TRUE(eventually([] { return sum == 7; }));
  go(&add, 3L, short{5});
  EXPECT_TRUE(eventually([] { return sum == 8; }));
  go(add_noexcept, 9);
  EXPECT_TRUE(eventually([] { return sum == 9; }));
  go(with_a_result, 10);
  EXPECT_TRUE(eventually([] { return sum == 10; }));
  std::function<void(int, int)> f = add;
  go(f, 5, 6);
  EXPECT_TRUE(eventually([] { return sum == 11; }));
}

WARREN_TEST(go, takes_members_as_std_invoke_does) {
  account a;
  go(&account::pay, &a, 5);
  EXPECT_EQ(a.done.recv(), 5);
  go(&account::pay, std::ref(a), 6);
  EXPECT_EQ(a.done.recv(), 11);
  const auto shared = std::make_shared<account>();
  go(&account::pay, shared, 7);
  EXPECT_EQ(shared->done.recv(), 7);
  // An object is copied; the copy shares the channel.
  a.money = 20;
  go(&account::balance, a);
  EXPECT_EQ(a.done.recv(), 20);
  go(&account::money, &a);
  EXPECT_TRUE(eventually([] { return num_goroutine() == 1; }));
}

WARREN_TEST(go, takes_callables_with_arguments) {
  chan<std::string> c = make_chan<std::string>();
  go([c](const std::string& a, const char* b) { c.send(a + b); }, std::string("a"), "b");
  EXPECT_EQ(c.recv(), "ab");
  go([c, n = 0]() mutable { c.send(std::to_string(++n)); });
  EXPECT_EQ(c.recv(), "1");
  std::string outside = "out";
  go([c](std::string& s) { c.send(s += "side"); }, std::ref(outside));
  EXPECT_EQ(c.recv(), "outside");
  EXPECT_EQ(outside, "outside");
  const auto variable = [c](int n) { c.send(std::to_string(n)); };
  go(variable, 3);
  EXPECT_EQ(c.recv(), "3");
}

WARREN_TEST(go, copies_before_it_returns) {
  chan<void> begin = make_chan<void>();
  chan<std::string> c = make_chan<std::string>();
  std::string text = "first";
  int number = 1;
  char array[] = "array";
  go([=](const std::string& t, int n) {
    begin.recv();
    c.send(t + std::to_string(n));
  }, text, number);
  text = "second";
  number = 2;
  begin.send();
  EXPECT_EQ(c.recv(), "first1");
  // An array decays to a pointer, as it does for std::thread.
  go([=](const char* at) { c.send(at); }, array);
  EXPECT_EQ(c.recv(), "array");
}

WARREN_TEST(go, moves_what_only_moves) {
  chan<int> c = make_chan<int>();
  auto number = std::make_unique<int>(1);
  go([=](std::unique_ptr<int> n) { c.send(*n); }, std::move(number));
  EXPECT_EQ(number, nullptr);
  EXPECT_EQ(c.recv(), 1);
  go([c, n = std::make_unique<int>(2)] { c.send(*n); });
  EXPECT_EQ(c.recv(), 2);
}

template <std::size_t Bytes>
void start_with(chan<bool> intact) {
  std::array<unsigned char, Bytes> bytes;
  for (std::size_t i = 0; i < Bytes; ++i) bytes[i] = static_cast<unsigned char>(i * 7);
  go([=] {
    bool right = true;
    for (std::size_t i = 0; i < Bytes; ++i) right = right && bytes[i] == static_cast<unsigned char>(i * 7);
    intact.send(right);
  });
  EXPECT_TRUE(intact.recv()) << Bytes << " bytes";
}

WARREN_TEST(go, takes_callables_of_any_size) {
  chan<bool> intact = make_chan<bool>();
  start_with<1>(intact);
  start_with<24>(intact);
  start_with<25>(intact);
  start_with<120>(intact);
  start_with<121>(intact);
  start_with<1000>(intact);
  start_with<60'000>(intact);
}

template <std::size_t Align>
struct alignas(Align) aligned {
  chan<std::uintptr_t> c;
  void operator()() const { c.send(reinterpret_cast<std::uintptr_t>(this) % Align); }
};

WARREN_TEST(go, keeps_the_alignment_of_callables) {
  chan<std::uintptr_t> c = make_chan<std::uintptr_t>();
  go(aligned<16>{c});
  EXPECT_EQ(c.recv(), 0u);
  go(aligned<32>{c});
  EXPECT_EQ(c.recv(), 0u);
  go(aligned<64>{c});
  EXPECT_EQ(c.recv(), 0u);
  go(aligned<4096>{c});
  EXPECT_EQ(c.recv(), 0u);
}

/// Counts its objects, and may throw from its copy constructor.
struct counted {
  static inline std::atomic<int> alive{0};
  static inline std::atomic<int> copies_left{INT_MAX};

  counted() { alive.fetch_add(1); }
  counted(const counted&) {
    if (copies_left.fetch_sub(1) <= 0) throw std::runtime_error("no more copies");
    alive.fetch_add(1);
  }
  counted(counted&&) noexcept { alive.fetch_add(1); }
  ~counted() { alive.fetch_sub(1); }
};

template <std::size_t More>
struct counted_and_more : counted {
  std::array<char, More> more{};
};

template <class T>
void expect_nothing_half_made() {
  const int before = num_goroutine();
  const runtime::counters all_before = runtime::count_all();
  {
    const T one;
    const T two;
    for (int copies = 0; copies < 2; ++copies) {
      counted::copies_left = copies;
      bool ran = false;
      EXPECT_THROW(go([&](const T&, const T&) { ran = true; }, one, two), std::runtime_error);
      EXPECT_EQ(counted::alive, 2) << "a copy was left behind";
      EXPECT_EQ(num_goroutine(), before);
      for (int i = 0; i < 10; ++i) gosched();
      EXPECT_FALSE(ran);
    }
    counted::copies_left = INT_MAX;
    chan<void> done = make_chan<void>();
    go([=](const T&, const T&) { done.send(); }, one, two);
    done.recv();
  }
  EXPECT_TRUE(eventually([] { return counted::alive == 0; }));
  EXPECT_TRUE(eventually([&] { return runtime::count_all() == all_before; }));
}

WARREN_TEST(go, makes_nothing_when_a_copy_throws) {
  expect_nothing_half_made<counted>();
  expect_nothing_half_made<counted_and_more<50>>();
  expect_nothing_half_made<counted_and_more<1000>>();
}

#if !defined(MEMORY_IS_THE_SANITIZERS)
WARREN_TEST(go, makes_nothing_when_memory_for_the_callable_cannot_be_had) {
  const int before = num_goroutine();
  counted_and_more<1000> big;
  aligned_memory_is_scarce = true;
  bool ran = false;
  for (int i = 0; i < 100; ++i) EXPECT_THROW(go([&, big] { ran = true; }), std::bad_alloc);
  aligned_memory_is_scarce = false;
  EXPECT_EQ(counted::alive, 1);
  EXPECT_EQ(num_goroutine(), before);
  chan<void> done = make_chan<void>();
  go([=] { done.send(); });
  done.recv();
  EXPECT_FALSE(ran);
}
#endif

template <class T>
void start_many_that_end_in_every_way() {
  constexpr int n = 30;
  chan<void> done = make_chan<void>();
  for (int i = 0; i < n; ++i) {
    go([=, one = T()](const T&) {
      (void)one;
      const T here;
      if (i % 3 == 0) gosched();
      done.send();
      if (i % 3 == 1) goexit();
    }, T());
  }
  for (int i = 0; i < n; ++i) done.recv();
}

WARREN_TEST(go, ends_the_copies_once_when_the_goroutine_ends) {
  start_many_that_end_in_every_way<counted>();
  start_many_that_end_in_every_way<counted_and_more<80>>();
  start_many_that_end_in_every_way<counted_and_more<500>>();
  EXPECT_TRUE(eventually([] { return counted::alive == 0; }));
  pause(2ms);
  EXPECT_EQ(counted::alive, 0);
}

WARREN_TEST(go, counts_goroutines) {
  EXPECT_EQ(num_goroutine(), 1);
  chan<void> end = make_chan<void>();
  for (int i = 0; i < 100; ++i) {
    go([=] { end.recv(); });
    EXPECT_EQ(num_goroutine(), i + 2);
  }
  end.close();
  EXPECT_TRUE(eventually([] { return num_goroutine() == 1; }));
}

WARREN_TEST(go, keeps_the_name) {
  chan<std::string> c = make_chan<std::string>();
  const auto send_name = [=] {
    const char* name = runtime::current_goroutine()->name;
    c.send(name != nullptr ? name : "(none)");
  };
  {
    const std::string gone = "reader of a file";
    go(go_options{.name = gone}, send_name);
  }
  EXPECT_EQ(c.recv(), "reader of a file");
  go(send_name);
  EXPECT_EQ(c.recv(), "(none)");
  go(go_options{.name = std::string_view("cut off", 3)}, send_name);
  EXPECT_EQ(c.recv(), "cut");
}

WARREN_TEST(go, gives_ids_that_are_never_used_again) {
  chan<std::uint64_t> c = make_chan<std::uint64_t>();
  EXPECT_EQ(runtime::current_goroutine()->id, 1u);
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 200; ++i) {
    go([=] { c.send(runtime::current_goroutine()->id); });
    ids.push_back(c.recv());
  }
  std::thread([&] { go([=] { c.send(runtime::current_goroutine()->id); }); }).join();
  ids.push_back(c.recv());
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::unique(ids.begin(), ids.end()), ids.end());
  EXPECT_GT(ids.front(), 1u);
}

/// Writes to `bytes` of the stack below the caller.
[[gnu::noinline]] std::size_t use_stack(std::size_t bytes) {
  volatile char block[1024];
  block[0] = 1;
  block[sizeof block - 1] = 1;
  return (bytes > sizeof block ? use_stack(bytes - sizeof block) : 0) + static_cast<std::size_t>(block[0]);
}

WARREN_TEST(go, gives_the_stack_that_was_asked_for) {
  chan<std::size_t> c = make_chan<std::size_t>();
  for (const std::size_t bytes : {std::size_t{1}, std::size_t{128} << 10, std::size_t{1} << 20, std::size_t{5} << 20}) {
    go(go_options{.stack_size = bytes}, [=] {
      const std::size_t usable = runtime::current_goroutine()->stack_at->usable_bytes();
      // A sanitizer's frames are larger than what they hold.
      use_stack(usable / (scale() > 1 ? 8 : 2));
      c.send(usable);
    });
    const std::size_t usable = c.recv();
    EXPECT_GE(usable + runtime::stack::guard_bytes + 4096, bytes);
    EXPECT_GE(usable, 60u << 10) << "not even the smallest";
  }
}

TEST(go, takes_the_stack_sizes_of_run) {
  std::size_t of_one = 0;
  std::size_t of_others = 0;
  run(run_options{.stack_size = 1 << 20, .main_stack = 2 << 20}, [&] {
    of_one = runtime::current_goroutine()->stack_at->usable_bytes();
    chan<void> done = make_chan<void>();
    go([&, done] {
      of_others = runtime::current_goroutine()->stack_at->usable_bytes();
      done.send();
    });
    done.recv();
  });
  EXPECT_GT(of_one, 1'900u << 10);
  EXPECT_GT(of_others, 900u << 10);
  EXPECT_LT(of_others, 1'100u << 10);
}

WARREN_TEST(gosched, lets_all_others_run) {
  // One worker: after enough turns everybody that was there has run.
  std::atomic<int> ran{0};
  for (int i = 0; i < 100; ++i) go([&] { ran.fetch_add(1); });
  for (int i = 0; i < 1000 && ran != 100; ++i) gosched();
  EXPECT_TRUE(eventually([&] { return ran == 100; }));
}

// Go: TestYieldProgress. Two that only give way do not keep a third one waiting.
void yield_progress(bool locked) {
  chan<bool> c = make_chan<bool>();
  chan<bool> ack = make_chan<bool>();
  go([=] {
    if (locked) lock_os_thread();
    bool stop = false;
    while (c.try_recv(stop) == recv_status::empty) gosched();
    ack.send(true);
  });
  pause(10ms);
  c.send(true);
  EXPECT_TRUE(ack.recv());
}

WARREN_TEST(gosched, TestYieldProgress) { yield_progress(false); }
WARREN_TEST(gosched, TestYieldLockedProgress) { yield_progress(true); }

// Go: TestNumGoroutine compares with a dump; here with the control blocks.
WARREN_TEST(go, TestNumGoroutine) {
  chan<void> end = make_chan<void>();
  for (int i = 0; i < 50; ++i) go([=] { end.recv(); });
  EXPECT_EQ(num_goroutine(), 51);
  const auto in_blocks = [] {
    int n = 0;
    runtime::for_each_goroutine([&](runtime::goroutine* g) { n += g->left_over ? 0 : 1; });
    return n;
  };
  EXPECT_TRUE(eventually([&] { return in_blocks() == num_goroutine(); }));
  end.close();
}

}  // namespace
