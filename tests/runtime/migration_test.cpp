// SPDX-License-Identifier: MIT
// What belongs to a thread must not be mistaken for the goroutine's, nor the other way round, when a goroutine parks on
// one thread and goes on on another: errno, exceptions, rounding mode, the library's own thread-local variable.
#include <warren/channels/channel.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/park.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/system.hpp>
#include <warren/runtime/thread.hpp>
#include <warren/runtime/worker.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cfenv>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "shuttle.hpp"
#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

constexpr int travellers = 32;

std::atomic<std::int64_t> wrong{0};

void count_unless(bool right) {
  if (!right) wrong.fetch_add(1);
}

constexpr std::int64_t many = 100'000;
constexpr std::int64_t some = 20'000;

/// Runs body(shuttle, which, round) in several goroutines, until they have hopped so often if each body hops `each`
/// times. Expects nothing wrong, and real migrations where there is more than one worker.
template <class Body>
void travel(std::int64_t hops, int each, Body body) {
  // One worker changes threads only when the monitor replaces it.
  const std::int64_t in_all = std::max<std::int64_t>(scaled(gomaxprocs() > 1 ? hops : hops / 10), 5'000);
  const int rounds = static_cast<int>(in_all / (each * travellers)) + 1;
  wrong = 0;
  watchdog dog("a migration test", 300s);
  shuttle s;
  chan<void> done = make_chan<void>();
  for (int who = 0; who < travellers; ++who) {
    go([&, who, done] {
      for (int round = 0; round < rounds; ++round) body(s, who, round);
      done.send();
    });
  }
  for (int who = 0; who < travellers; ++who) done.recv();
  EXPECT_EQ(wrong, 0);
  if (gomaxprocs() > 1) {
    EXPECT_GT(s.migrations(), 0) << "nobody ever changed threads";
  }
  ::testing::Test::RecordProperty("migrations", std::to_string(s.migrations()));
}

/// A call of the library that fails, and how.
struct failing_call {
  int (*make)();
  int result;
};

const std::string too_long(5000, 'x');
char room[16];

constexpr std::array<failing_call, 8> failing_calls = {{
    {[] { return static_cast<int>(runtime::sys::read_file("/nonexistent", room, sizeof room)); }, -ENOENT},
    {[] { return static_cast<int>(runtime::sys::read_file("/dev/null/x", room, sizeof room)); }, -ENOTDIR},
    {[] { return static_cast<int>(runtime::sys::read_file(too_long.c_str(), room, sizeof room)); }, -ENAMETOOLONG},
    {[] { return runtime::sys::write_all(-1, "x", 1); }, -EBADF},
    {[] { return runtime::sys::protect(reinterpret_cast<void*>(1), 4096); }, -EINVAL},
    {[] { return runtime::sys::signal_thread(runtime::sys::thread_id(), 999); }, -EINVAL},
    {[] { return runtime::sys::set_signal_action(0, nullptr, nullptr); }, -EINVAL},
    {[] {
       std::atomic<std::uint32_t> word{1};
       return runtime::sys::futex_wait(word, 0, -1);
     },
     -EAGAIN},
}};

WARREN_TEST(migration, leaves_the_errors_of_system_calls_right) {
  travel(many, 1, [](shuttle& s, int who, int round) {
    const failing_call& one = failing_calls[static_cast<std::size_t>(who + round) % failing_calls.size()];
    const failing_call& other = failing_calls[static_cast<std::size_t>(who * 3 + round + 1) % failing_calls.size()];
    const int before = one.make();
    s.hop();
    const int after = other.make();
    count_unless(before == one.result && after == other.result);
  });
}

WARREN_TEST(migration, leaves_the_record_of_the_thread_right) {
  travel(some, 2, [](shuttle& s, int, int) {
    using namespace runtime;
    goroutine* const me = current_goroutine();
    for (int i = 0; i < 2; ++i) {
      const worker* w = this_worker();
      count_unless(w != nullptr && w->current == me && w->id == sys::thread_id());
      s.hop();
    }
    const thread* t = current_thread();
    count_unless(t->current == me && t->id == sys::thread_id());
  });
}

/// The exception of one traveller in one round.
struct parcel : std::runtime_error {
  parcel(int w, int r) : std::runtime_error(std::to_string(w) + "." + std::to_string(r)), who(w), round(r) {}
  bool is(int w, int r) const { return who == w && round == r && what() == std::to_string(w) + "." + std::to_string(r); }
  int who;
  int round;
};

bool current_is(int who, int round) {
  const std::exception_ptr now = std::current_exception();
  if (now == nullptr) return false;
  try {
    std::rethrow_exception(now);
  } catch (const parcel& p) {
    return p.is(who, round);
  }
}

WARREN_TEST(migration, in_a_catch_block_keeps_the_exception) {
  travel(many, 1, [](shuttle& s, int who, int round) {
    bool outer = false;
    try {
      try {
        throw parcel(who, round);
      } catch (const parcel& p) {
        s.hop();
        count_unless(p.is(who, round));
        count_unless(current_is(who, round));
        count_unless(std::uncaught_exceptions() == 0);
        throw;
      }
    } catch (const parcel& p) {
      outer = p.is(who, round);
    }
    count_unless(outer && std::current_exception() == nullptr);
  });
}

void nest(shuttle& s, int who, int round, int depth) {
  try {
    throw parcel(who, round + depth);
  } catch (const parcel& p) {
    s.hop();
    if (depth > 0) nest(s, who, round, depth - 1);
    s.hop();
    count_unless(p.is(who, round + depth) && current_is(who, round + depth));
  }
}

WARREN_TEST(migration, in_nested_catch_blocks_keeps_them_all) {
  travel(many, 7, [](shuttle& s, int who, int round) {
    nest(s, who, round, 2);
    count_unless(std::current_exception() == nullptr);
    s.hop();
    count_unless(std::current_exception() == nullptr);
  });
}

/// Hops while it is destroyed, with an exception of its own on the way.
struct hops_in_destructor {
  shuttle& s;
  int who;
  int expected;

  ~hops_in_destructor() {
    count_unless(std::uncaught_exceptions() == expected);
    s.hop();
    count_unless(std::uncaught_exceptions() == expected);
    try {
      throw parcel(who, -1);
    } catch (const parcel& p) {
      s.hop();
      count_unless(p.is(who, -1) && std::uncaught_exceptions() == expected);
    }
  }
};

WARREN_TEST(migration, in_a_destructor_during_unwinding_keeps_the_count) {
  travel(some, 5, [](shuttle& s, int who, int round) {
    try {
      hops_in_destructor first{s, who, 1};
      hops_in_destructor second{s, who, 1};
      throw parcel(who, round);
    } catch (const parcel& p) {
      count_unless(p.is(who, round) && std::uncaught_exceptions() == 0);
    }
    {
      hops_in_destructor quiet{s, who, 0};
    }
  });
}

WARREN_TEST(migration, hands_an_exception_pointer_to_another_goroutine) {
  if (under_thread_sanitizer) GTEST_SKIP() << "libstdc++ counts references to exceptions where the tool does not look";
  chan<std::exception_ptr> post = make_chan<std::exception_ptr>(travellers);
  travel(some, 3, [&](shuttle& s, int who, int round) {
    try {
      throw parcel(who, round);
    } catch (...) {
      s.hop();
      post.send(std::current_exception());
      s.hop();
      try {
        std::rethrow_exception(post.recv());
      } catch (const parcel& p) {
        s.hop();
        count_unless(p.is(p.who, p.round));
      }
      count_unless(current_is(who, round));
    }
  });
}

// --- the floating-point environment

constexpr std::array<int, 4> modes = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};

/// 1/3 as both floating-point units round it. Apart, because compilers move a division over a change of the mode.
[[gnu::noinline]] std::pair<double, long double> third() {
  volatile double one = 1;
  volatile double three = 3;
  volatile long double long_one = 1;
  volatile long double long_three = 3;
  return {one / three, long_one / long_three};
}

WARREN_TEST(migration, keeps_the_rounding_mode) {
  std::array<std::pair<double, long double>, modes.size()> expected;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    std::fesetround(modes[i]);
    expected[i] = third();
  }
  std::fesetround(FE_TONEAREST);
  ASSERT_NE(expected[1], expected[2]);
  travel(many, 1, [&](shuttle& s, int who, int round) {
    const std::size_t mode = static_cast<std::size_t>(who + round) % modes.size();
    std::fesetround(modes[mode]);
    s.hop();
    count_unless(std::fegetround() == modes[mode]);
    count_unless(third() == expected[mode]);
  });
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

WARREN_TEST(migration, begins_each_goroutine_with_the_default_environment) {
  // Whatever its parent, the one before it on its stack, and the one before it on its worker have set.
  wrong = 0;
  const std::pair<double, long double> usual = third();
  chan<void> done = make_chan<void>();
  const int rounds = static_cast<int>(scaled(10'000));
  for (int i = 0; i < rounds; ++i) {
    go([=] {
      count_unless(std::fegetround() == FE_TONEAREST && third() == usual);
      std::fesetround(modes[1 + static_cast<std::size_t>(i) % 3]);
      go([=] {
        count_unless(std::fegetround() == FE_TONEAREST && third() == usual);
        std::fesetround(FE_DOWNWARD);
        done.send();
      });
      if (i % 2 == 0) gosched();
      done.send();
    });
    if (i % 100 == 99) {
      for (int n = 0; n < 200; ++n) done.recv();
      EXPECT_EQ(std::fegetround(), FE_TONEAREST);
    }
  }
  for (int n = 0; n < 2 * (rounds % 100); ++n) done.recv();
  EXPECT_EQ(wrong, 0);
}

TEST(floating_point, environment_of_run_s_caller_is_its_own) {
  std::fesetround(FE_UPWARD);
  run(run_options{.max_procs = 1}, [] {
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
    std::fesetround(FE_DOWNWARD);
    gosched();
  });
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
}

#if defined(__x86_64__)
WARREN_TEST(migration, keeps_flush_to_zero_to_the_goroutine_that_asked_for_it) {
  constexpr unsigned flush_to_zero = 0x8000;
  const auto flushes = [] { return (__builtin_ia32_stmxcsr() & flush_to_zero) != 0; };
  travel(some, 1, [=](shuttle& s, int who, int) {
    const bool mine = who % 2 == 0;
    if (mine) __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | flush_to_zero);
    s.hop();
    count_unless(flushes() == mine);
  });
  EXPECT_FALSE(flushes());
}
#endif

}  // namespace
