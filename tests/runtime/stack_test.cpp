// SPDX-License-Identifier: MIT
// Stacks: their sizes and addresses, their guards in all three forms, and the memory they take.
#include <warren/channels/channel.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/goroutine_pool.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/stack.hpp>
#include <warren/runtime/system.hpp>
#include <warren/runtime/thread.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "program.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;
namespace stacks = runtime::stacks;
using runtime::stack;

static_assert(runtime::blocks::bytes_of_class(0) <= 192, "a goroutine with a small closure");
static_assert(runtime::blocks::closure_room[0] >= 24, "three pointers fit");

TEST(stack, sizes_are_powers_of_two_from_128_KiB) {
  EXPECT_EQ(stacks::class_of(0), stacks::smallest_class);
  EXPECT_EQ(stacks::bytes_of_class(stacks::smallest_class), 128u << 10);
  EXPECT_EQ(stacks::bytes_of_class(stacks::default_class), 256u << 10);
  for (std::uint8_t c = stacks::smallest_class; c <= stacks::largest_class; ++c) {
    EXPECT_EQ(stacks::class_of(stacks::bytes_of_class(c)), c);
    EXPECT_EQ(stacks::class_of(stacks::bytes_of_class(c) - 1), c);
    if (c < stacks::largest_class) {
      EXPECT_EQ(stacks::class_of(stacks::bytes_of_class(c) + 1), c + 1);
    }
  }
  EXPECT_EQ(stacks::class_of(SIZE_MAX), stacks::largest_class);
}

TEST(stack, is_found_by_the_addresses_in_it) {
  for (const std::uint8_t c : {std::uint8_t{1}, std::uint8_t{2}, std::uint8_t{5}, std::uint8_t{9}}) {
    stack* s = stacks::take(c);
    ASSERT_NE(s, nullptr);
    const std::size_t bytes = stacks::bytes_of_class(c);
    const std::size_t usable = bytes - stack::guard_bytes;
    char* const base = s->base();
    EXPECT_EQ(s->size_class, c);
    EXPECT_EQ(s->low, base + stack::guard_bytes);
    EXPECT_LE(s->usable_bytes(), usable);
    EXPECT_GE(s->usable_bytes() + 2048, usable) << "the header takes too much";
    for (char* at : {base, base + stack::guard_bytes / 2, s->low - 1}) {
      EXPECT_EQ(stacks::of_guard(at), usable);
      EXPECT_EQ(stacks::of_address(at), usable);
    }
    for (char* at : {s->low, s->low + usable / 2, static_cast<char*>(s->top()), base + bytes - 1}) {
      EXPECT_EQ(stacks::of_guard(at), 0u);
      EXPECT_EQ(stacks::of_address(at), usable);
    }
    EXPECT_TRUE(s->overflowed(s->low - 1));
    EXPECT_FALSE(s->overflowed(s->low));
    stacks::give(s);
  }
  int on_our_stack = 0;
  static int in_static_memory = 0;
  for (const void* at : {static_cast<const void*>(&on_our_stack), static_cast<const void*>(&in_static_memory),
                         static_cast<const void*>(nullptr)}) {
    EXPECT_EQ(stacks::of_guard(at), 0u);
    EXPECT_EQ(stacks::of_address(at), 0u);
  }
}

TEST(stack, begins_at_different_places_of_a_page) {
  // Else the hottest lines of all stacks would fall on the same sets of the caches.
  std::vector<stack*> taken;
  std::set<std::uintptr_t> places;
  for (int i = 0; i < 64; ++i) {
    taken.push_back(stacks::take(stacks::smallest_class));
    places.insert(reinterpret_cast<std::uintptr_t>(taken.back()->top()) % 4096);
  }
  EXPECT_GE(places.size(), 16u);
  for (stack* s : taken) stacks::give(s);
}

TEST(stack, is_used_again) {
  std::vector<stack*> taken;
  for (int i = 0; i < 100; ++i) taken.push_back(stacks::take(3));
  const std::set<stack*> first(taken.begin(), taken.end());
  EXPECT_EQ(first.size(), 100u) << "given out twice";
  for (stack* s : taken) stacks::give(s);
  for (stack*& s : taken) s = stacks::take(3);
  for (stack* s : taken) EXPECT_EQ(first.count(s), 1u);
  for (stack* s : taken) stacks::give(s);
}

TEST(stack, loses_what_lies_below_its_top_page_when_nobody_has_wanted_it) {
  stacks::tidy_all();
  EXPECT_FALSE(stacks::any_worn());
  stack* s = stacks::take(6);
  const std::size_t usable = s->usable_bytes();
  char* const middle = s->low + usable / 4;
  std::memset(middle, 7, usable / 4);
  stacks::give(s);
  stacks::tidy();
  EXPECT_TRUE(stacks::any_worn()) << "it has been there since the last time only";
  s = stacks::take(6);
  ASSERT_EQ(s->low + usable / 4, middle);
  EXPECT_EQ(middle[0], 7);
  stacks::give(s);
  stacks::tidy();
  EXPECT_TRUE(stacks::any_worn());
  stacks::tidy();
  EXPECT_FALSE(stacks::any_worn());
  s = stacks::take(6);
  ASSERT_EQ(s->low + usable / 4, middle);
  EXPECT_EQ(std::count(middle, middle + usable / 4, 0), static_cast<std::ptrdiff_t>(usable / 4));
  stacks::give(s);
}

// --- guards

/// Uses a little more than 2000 bytes of stack a level, and writes to all of them. (Not by a local array: AddressSanitizer
/// keeps those elsewhere.)
[[gnu::noinline]] int recurse(int depth) {
  static volatile int wanted = 2000;  // or the compiler makes an array of it
  const int bytes = wanted;
  auto* frame = static_cast<volatile char*>(__builtin_alloca(static_cast<std::size_t>(bytes)));
  for (int i = 0; i < bytes; ++i) frame[i] = static_cast<char>(depth);
  return depth > 0 ? recurse(depth - 1) + frame[0] : frame[0];
}

/// The calls of the environment variable FAILING fail from the first one on.
void make_calls_fail() {
  static const std::string wanted = [] {
    const char* text = runtime::sys::environment("FAILING");
    return std::string(text != nullptr ? text : "");
  }();
  runtime::sys::set_fault(
      [](runtime::sys::call c, void*) noexcept {
        if (c == runtime::sys::call::advise && wanted.find("advise") != std::string::npos) return EINVAL;
        if (c == runtime::sys::call::protect && wanted.find("protect") != std::string::npos) return ENOMEM;
        return 0;
      },
      nullptr);
}

// Overflows a goroutine's stack by some kilobytes only, beside others that do not, and goes on to a switch point.
WARREN_PROGRAM(overflow) {
  make_calls_fail();
  run(run_options{.max_procs = 2}, [] {
    chan<int> c = make_chan<int>();
    for (int i = 0; i < 10; ++i) {
      go([=] {
        recurse(20);
        c.send(i);
      });
    }
    for (int i = 0; i < 10; ++i) c.recv();
    std::puts("ten are well");
    std::fflush(stdout);
    go(go_options{.name = "deep one", .stack_size = 128 << 10}, [=] {
      // Beyond the 64 KiB that this stack has, but not out of the guard.
      recurse(40);
      c.send(1);
    });
    c.recv();
  });
  return 0;
}

/// After the report the fault goes to who had the signal before: the system, or a sanitizer, which exits.
void expect_the_fault(const program_end& end) {
  if (scale() == 1) {
    EXPECT_EQ(end.signal, SIGSEGV);
  } else {
    EXPECT_NE(end.signal + end.status, 0);
  }
}

TEST(guard, of_markers_ends_an_overflow) {
  const program_end end = run_program("overflow", 20);
  EXPECT_EQ(end.out, "ten are well\n");
  EXPECT_NE(end.err.find("goroutine stack exceeds"), std::string::npos) << end.err;
  EXPECT_NE(end.err.find("deep one"), std::string::npos) << end.err;
  expect_the_fault(end);
}

TEST(guard, of_protected_pages_ends_an_overflow) {
  const program_end end = run_program("overflow", 20, {{"FAILING", "advise"}});
  EXPECT_EQ(end.out, "ten are well\n");
  EXPECT_NE(end.err.find("goroutine stack exceeds"), std::string::npos) << end.err;
  EXPECT_EQ(end.err.find("canary"), std::string::npos) << end.err;
  expect_the_fault(end);
}

TEST(guard, that_is_a_canary_is_found_broken_at_the_next_switch) {
  if (scale() > 1) GTEST_SKIP() << "sanitizers see the overflow themselves";
  const program_end end = run_program("overflow", 20, {{"FAILING", "advise,protect"}});
  EXPECT_EQ(end.out, "ten are well\n");
  const std::string warning = "warren: no more guard pages can be had";
  EXPECT_EQ(end.first_complaint().substr(0, warning.size()), warning);
  EXPECT_EQ(end.err.find(warning, 1), std::string::npos) << "warned more than once";
  EXPECT_NE(end.err.find("goroutine stack exceeds"), std::string::npos) << end.err;
  EXPECT_EQ(end.status, 2);
}

WARREN_PROGRAM(more_stacks_than_guards) {
  make_calls_fail();
  run(run_options{.max_procs = 2}, [] {
    constexpr int n = 40'000;
    chan<void> end = make_chan<void>();
    std::atomic<int> parked{0};
    for (int i = 0; i < n; ++i) {
      go([&, end] {
        parked.fetch_add(1);
        end.recv();
      });
    }
    eventually([&] { return parked == n; }, 60s);
    int canaries = 0;
    int all = 0;
    runtime::for_each_goroutine([&](runtime::goroutine* g) {
      if (g->stack_at == nullptr) return;
      ++all;
      if (g->stack_at->canary_only) ++canaries;
    });
    std::printf("parked=%d\nall=%d\ncanaries=%d\n", parked.load(), all, canaries);
    end.close();
    std::printf("left=%d\n", eventually([] { return num_goroutine() == 1; }, 60s) ? 1 : num_goroutine());
  });
  return 0;
}

TEST(guard, gives_way_to_a_canary_when_the_process_has_too_many_mappings) {
  if (scale() > 1) GTEST_SKIP() << "sanitizers need mappings of their own for each stack";
  const program_end end = run_program("more_stacks_than_guards", 120, {{"FAILING", "advise"}});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("parked"), 40'000);
  EXPECT_EQ(end.number("all"), 40'001);
  if (runtime::sys::max_mappings() <= 65'530) {
    EXPECT_GT(end.number("canaries"), 0);
    EXPECT_LT(end.number("canaries"), 40'000) << "not even the first had guards";
    EXPECT_EQ(end.first_complaint().substr(0, 38), "warren: no more guard pages can be had");
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
  }
  EXPECT_EQ(end.number("left"), 1);
}

// --- memory

WARREN_PROGRAM(deep_recursion_in_many) {
  const long before = status_kib("VmRSS");
  run(run_options{.max_procs = 2}, [before] {
    constexpr int n = 2000;
    for (int round = 0; round < 3; ++round) {
      chan<void> end = make_chan<void>();
      std::atomic<int> parked{0};
      for (int i = 0; i < n; ++i) {
        go([&, end] {
          recurse(60);  // 120 KiB and more
          parked.fetch_add(1);
          end.recv();
        });
      }
      eventually([&] { return parked == n; }, 30s);
      std::printf("high%d=%ld\n", round, status_kib("VmRSS") - before);
      end.close();
      eventually([] { return num_goroutine() == 1; }, 30s);
      // The monitor's next looks but one give it back; the last round's, the end of the run.
      if (round < 2) eventually([&] { return status_kib("VmRSS") - before < 40'000; }, 5s);
      if (round < 2) std::printf("low%d=%ld\n", round, status_kib("VmRSS") - before);
    }
  });
  std::printf("low2=%ld\n", status_kib("VmRSS") - before);
  return 0;
}

TEST(memory, of_deep_stacks_is_given_back) {
  if (scale() > 1) GTEST_SKIP() << "a sanitizer's own memory comes on top";
  const program_end end = run_program("deep_recursion_in_many", 120);
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_GT(end.number("high0"), 200'000) << "the test did not use the memory";
  for (const char* low : {"low0", "low1", "low2"}) {
    // 64 warm stacks a worker, 1024 top pages in the depot, the control blocks.
    EXPECT_LT(end.number(low), 40'000) << low;
  }
}

// One million goroutines on one channel.
WARREN_PROGRAM(million_parked) {
  const char* text = runtime::sys::environment("GOROUTINES");
  const int n = std::atoi(text);
  run(run_options{.max_procs = 2}, [n] {
    chan<void> end = make_chan<void>();
    std::atomic<int> woken{0};
    const long before = status_kib("VmRSS") + status_kib("VmPTE");
    for (int i = 0; i < n; ++i) {
      go([&woken, end] {
        end.recv();
        woken.fetch_add(1, std::memory_order_relaxed);
      });
    }
    const bool parked = eventually([&] { return runtime::count_all().queued_waiters == n; }, 120s);
    const long each = (status_kib("VmRSS") + status_kib("VmPTE") - before) * 1024 / n;
    int unguarded = 0;
    int with_stack = 0;
    runtime::for_each_goroutine([&](runtime::goroutine* g) {
      if (g->stack_at == nullptr) return;
      ++with_stack;
      if (g->stack_at->canary_only) ++unguarded;
    });
    std::printf("parked=%d\nbytes_each=%ld\nwith_stack=%d\nunguarded=%d\n", parked ? n : 0, each, with_stack, unguarded);
    end.close();
    const bool gone = eventually([] { return num_goroutine() == 1; }, 120s);
    std::printf("woken=%d\ngone=%d\n", woken.load(), gone ? 1 : 0);
    // The last one's stack is left when its worker has gone on.
    eventually([] { return runtime::count_all().stacks_in_use == 1; }, 10s);
    const runtime::counters c = runtime::count_all();
    std::printf("stacks=%ld\nwaiters=%ld\n", static_cast<long>(c.stacks_in_use), static_cast<long>(c.queued_waiters));
  });
  return 0;
}

/// Whether this kernel can guard stacks without splitting mappings.
bool has_guard_markers() {
  if (runtime::sanitizer::needs_plain_guards()) return false;
  void* at = runtime::sys::map(1 << 20);
  const bool can = at != nullptr && runtime::sys::guard(at, 1 << 16) == 0;
  runtime::sys::unmap(at, 1 << 20);
  return can;
}

TEST(memory, of_a_million_parked_goroutines) {
  const long long n = scale() == 1 ? 1'000'000 : 20'000;
  const program_end end = run_program("million_parked", 300, {{"GOROUTINES", std::to_string(n)}});
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.number("parked"), n);
  EXPECT_EQ(end.number("with_stack"), n + 1);
  if (scale() == 1) {
    EXPECT_LE(end.number("bytes_each"), 4.7 * 1024);
  }
  if (has_guard_markers()) {
    EXPECT_EQ(end.number("unguarded"), 0);
  }
  EXPECT_EQ(end.number("woken"), n);
  EXPECT_EQ(end.number("gone"), 1);
  EXPECT_EQ(end.number("stacks"), 1);
  EXPECT_EQ(end.number("waiters"), 0);
  RecordProperty("bytes_each", std::to_string(end.number("bytes_each")));
}

// One goroutine starts a million that return at once.
WARREN_PROGRAM(million_started) {
  const char* text = runtime::sys::environment("GOROUTINES");
  const int n = std::atoi(text);
  run([n] {
    const long before = status_kib("VmHWM");
    static std::atomic<int> ran{0};
    for (int i = 0; i < n; ++i) go([] { ran.fetch_add(1, std::memory_order_relaxed); });
    eventually([n] { return ran == n; }, 60s);
    eventually([] { return num_goroutine() == 1; }, 60s);
    std::printf("ran=%d\nleft=%d\ngrown=%ld\n", ran.load(), num_goroutine(), status_kib("VmHWM") - before);
  });
  return 0;
}

TEST(memory, of_a_million_goroutines_that_return_at_once) {
  const long long n = scale() == 1 ? 1'000'000 : 20'000;
  for (const char* workers : {"1", "2"}) {
    const program_end end =
        run_program("million_started", 120, {{"GOROUTINES", std::to_string(n)}, {"GOMAXPROCS", workers}});
    EXPECT_EQ(end.status, 0) << end.err;
    EXPECT_EQ(end.number("ran"), n);
    EXPECT_EQ(end.number("left"), 1);
    if (scale() == 1) {
      EXPECT_LE(end.number("grown"), 300 * 1000) << "at GOMAXPROCS=" << workers;
    }
    RecordProperty(std::string("grown_") + workers, std::to_string(end.number("grown")));
  }
}

}  // namespace
