// SPDX-License-Identifier: MIT
// No wake-up is lost: work that arrives while workers fall asleep is found, wherever it comes from. A lost one would
// hang here; one that only the monitor makes good would take until its next look, 10 ms, and is counted.
#include <warren/channels/channel.hpp>
#include <warren/runtime/blocking.hpp>
#include <warren/runtime/choice.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/goroutine.hpp>
#include <warren/runtime/park.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/run_queue.hpp>
#include <warren/runtime/scheduler.hpp>
#include <warren/runtime/spinlock.hpp>
#include <warren/runtime/system.hpp>
#include <warren/runtime/timer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "waiting.hpp"

#include "../test.hpp"

namespace {

using namespace warren;
using namespace warren::tests;

constexpr std::int64_t look_ns = 9'000'000;

/// How many waits took as long as a look of the monitor.
class latecomers {
 public:
  void add(std::int64_t begin) {
    waits_.fetch_add(1, std::memory_order_relaxed);
    if (runtime::now_ns() - begin > look_ns) late_.fetch_add(1, std::memory_order_relaxed);
  }
  /// Other programs on this machine make some late as well.
  void expect_few() const {
    ::testing::Test::RecordProperty("late", std::to_string(late_));
    if (scale() == 1) {
      EXPECT_LT(late_, waits_ / 100 + 20) << "of " << waits_;
    }
  }

 private:
  std::atomic<std::int64_t> waits_{0};
  std::atomic<std::int64_t> late_{0};
};

void spin(std::uint32_t pauses) {
  for (std::uint32_t i = 0; i < pauses; ++i) runtime::cpu_pause();
}

/// A thread with a generator of its own.
template <class Body>
std::thread stranger(std::uint64_t seed, Body body) {
  return std::thread([seed, body]() mutable { body(runtime::choice(seed * 7919)); });
}

/// Sends from `threads` threads to as many goroutines, each answered before the next; the runtime is idle in between.
void wake_by_channel(int threads, std::int64_t times) {
  watchdog dog("waking by channels", 240s);
  latecomers late;
  std::vector<std::thread> strangers;
  std::atomic<int> running{threads};
  for (int i = 0; i < threads; ++i) {
    chan<int> there = make_chan<int>();
    chan<int> back = make_chan<int>();
    go([=] {
      for (int v : there) back.send(v);
    });
    strangers.push_back(stranger(static_cast<std::uint64_t>(i + 1), [&, there, back, times](runtime::choice random) {
      for (std::int64_t n = 0; n < times; ++n) {
        const std::int64_t begin = runtime::now_ns();
        there.send(static_cast<int>(n));
        EXPECT_EQ(back.recv(), static_cast<int>(n));
        late.add(begin);
        // From still searching to fast asleep.
        spin(random.below(1u << random.below(11)));
      }
      there.close();
      running.fetch_sub(1);
    }));
  }
  EXPECT_TRUE(eventually([&] { return running == 0; }, 240s));
  for (std::thread& t : strangers) t.join();
  late.expect_few();
}

WARREN_TEST(wake, by_a_thread_through_a_channel) { wake_by_channel(1, scaled(50'000)); }
WARREN_TEST(wake, by_two_threads_through_channels) { wake_by_channel(2, scaled(30'000)); }

/// A place where one goroutine can be found.
struct mailbox {
  std::atomic<runtime::goroutine*> who{nullptr};

  void wait() {
    static constexpr runtime::park_kind kind{runtime::wait_reason::semacquire,
                                             [](runtime::goroutine* g, void* self) noexcept {
                                               static_cast<mailbox*>(self)->who.store(g);
                                               return true;
                                             },
                                             nullptr};
    runtime::park(kind, this);
  }
  /// False: nobody is there.
  bool wake() {
    runtime::goroutine* g = who.exchange(nullptr);
    if (g == nullptr) return false;
    runtime::ready(g);
    return true;
  }
};

/// Makes goroutines ready as soon as they have parked, or a little later, from `threads` threads.
void wake_by_ready(int threads, std::int64_t times) {
  watchdog dog("waking by ready()", 240s);
  latecomers late;
  std::vector<std::thread> strangers;
  std::vector<mailbox> boxes(static_cast<std::size_t>(threads));
  std::atomic<int> parked_for_good{0};
  for (int i = 0; i < threads; ++i) {
    mailbox* box = &boxes[static_cast<std::size_t>(i)];
    std::atomic<std::int64_t>* turns = new std::atomic<std::int64_t>(0);
    go([&, box, turns, times] {
      for (std::int64_t n = 0; n < times; ++n) {
        box->wait();
        turns->fetch_add(1);
      }
      parked_for_good.fetch_add(1);
    });
    strangers.push_back(stranger(static_cast<std::uint64_t>(i + 10), [&, box, turns, times](runtime::choice random) {
      for (std::int64_t n = 0; n < times; ++n) {
        for (int looks = 0; box->who.load() == nullptr; ++looks) {
          if (looks % 100 == 99) std::this_thread::yield();
        }
        spin(random.below(1u << random.below(11)));
        const std::int64_t begin = runtime::now_ns();
        box->wake();
        for (int looks = 0; turns->load() == n; ++looks) {
          if (looks % 100 == 99) std::this_thread::yield();
        }
        late.add(begin);
      }
      delete turns;
    }));
  }
  EXPECT_TRUE(eventually([&] { return parked_for_good == threads; }, 240s));
  for (std::thread& t : strangers) t.join();
  late.expect_few();
}

WARREN_TEST(wake, by_a_thread_that_makes_ready) { wake_by_ready(1, scaled(100'000)); }
WARREN_TEST(wake, by_three_threads_that_make_ready) { wake_by_ready(3, scaled(20'000)); }

/// Whether a goroutine that somebody has put into a queue was missed by all: there is a free place, nobody searches, and
/// no worker is on its way to do so, because the threads of all are asleep in the kernel, but for that of `busy`.
template <class LiesThere>
bool was_missed(const runtime::worker* busy, LiesThere lies_there) {
  const auto missed = [&] { return runtime::sched.unattended() && lies_there(); };
  for (int looks = 0; looks < 2000; ++looks) {
    if (!missed()) return false;
  }
  for (std::uint32_t i = 0; i < runtime::sched.worker_count(); ++i) {
    const runtime::worker* w = runtime::sched.worker_at(i);
    if (w != busy && w->in_use.load() && runtime::sys::thread_is_runnable(w->id)) return false;
  }
  return missed();
}

void spin_finely(std::uint32_t steps) {
  for (std::uint32_t i = 0; i < steps; ++i) asm volatile("" : : : "memory");
}

/// Makes a goroutine ready at the very moment when the last worker falls asleep, so that the two halves of the handshake
/// run side by side, each with its stores still on their way. That moment is found by trial: earlier when everybody was
/// asleep already, later when somebody was not. Asks the scheduler, not the clock, whether the wake-up was lost.
WARREN_TEST(wake, at_the_moment_of_falling_asleep) {
  watchdog dog("waking at the moment of falling asleep", 240s);
  const std::int64_t times = scaled(50'000);
  mailbox box;
  std::atomic<std::int64_t> turns{0};
  std::atomic<std::int64_t> lost{0};
  std::atomic<std::int64_t> asleep_first{0};
  std::atomic<bool> over{false};
  go([&] {
    for (std::int64_t n = 0; n < times; ++n) {
      box.wait();
      turns.fetch_add(1);
    }
  });
  std::thread waker = stranger(5, [&](runtime::choice random) {
    std::uint32_t delay = 1000;
    for (std::int64_t n = 0; n < times; ++n) {
      while (box.who.load() == nullptr) runtime::cpu_pause();
      spin_finely(delay + random.below(64));
      const bool asleep = runtime::sched.unattended();
      box.wake();
      delay = asleep ? delay - std::min(delay, 16u) : delay + 16;
      asleep_first += asleep ? 1 : 0;
      while (turns.load() == n) {
        if (!was_missed(nullptr, [&] { return turns.load() == n && runtime::sched.present() == 0; })) continue;
        lost.fetch_add(1);
        while (turns.load() == n) std::this_thread::yield();
      }
    }
    over = true;
  });
  EXPECT_TRUE(eventually([&] { return over.load(); }, 240s));
  waker.join();
  ::testing::Test::RecordProperty("asleep_first", std::to_string(asleep_first));
  EXPECT_EQ(lost, 0);
}

/// Makes two goroutines ready at once, of which each waits without parking until the other runs: whoever comes for the
/// first must see to it that somebody comes for the second, whose waker had seen the searcher and woken nobody.
WARREN_TEST(wake, of_two_at_once) {
  if (gomaxprocs() == 1) GTEST_SKIP() << "the two would wait for each other until a slice ends";
  watchdog dog("waking two at once", 240s);
  const std::int64_t times = scaled(500);
  std::array<mailbox, 2> boxes;
  std::atomic<std::int64_t> running{0};
  std::atomic<runtime::worker*> first{nullptr};
  std::atomic<std::int64_t> missed{0};
  std::atomic<int> done{0};
  for (mailbox& box : boxes) {
    go([&] {
      for (std::int64_t n = 1; n <= times; ++n) {
        box.wait();
        first.store(runtime::this_worker());
        running.fetch_add(1);
        while (running.load() < 2 * n) runtime::cpu_pause();
      }
      done.fetch_add(1);
    });
  }
  std::thread waker([&] {
    for (std::int64_t n = 1; n <= times; ++n) {
      for (mailbox& box : boxes) {
        while (box.who.load() == nullptr) std::this_thread::yield();
      }
      for (mailbox& box : boxes) box.wake();
      while (running.load() < 2 * n) {
        const auto one_waits = [&] { return running.load() == 2 * n - 1 && runtime::sched.present() == 1; };
        if (!one_waits() || !was_missed(first.load(), one_waits)) continue;
        missed.fetch_add(1);
        while (running.load() < 2 * n) std::this_thread::yield();
      }
    }
  });
  EXPECT_TRUE(eventually([&] { return done == 2; }, 240s));
  waker.join();
  EXPECT_EQ(missed, 0);
}

/// Makes a goroutine ready that has its thread for itself, while that thread is on its way to sleep.
WARREN_TEST(wake, of_one_that_has_its_thread_for_itself) {
  watchdog dog("waking one that has its thread for itself", 240s);
  const std::int64_t times = scaled(5'000);
  mailbox box;
  std::atomic<std::int64_t> turns{0};
  go([&] {
    lock_os_thread();
    for (std::int64_t n = 0; n < times; ++n) {
      box.wait();
      turns.fetch_add(1);
    }
  });
  std::atomic<bool> over{false};
  std::thread waker = stranger(6, [&](runtime::choice random) {
    for (std::int64_t n = 0; n < times; ++n) {
      while (box.who.load() == nullptr) runtime::cpu_pause();
      spin_finely(random.below(4000));
      const std::int64_t begin = runtime::now_ns();
      box.wake();
      while (turns.load() == n) {
        if (runtime::now_ns() - begin > 3'000'000'000) return ADD_FAILURE() << "nobody told it";
      }
    }
    over = true;
  });
  EXPECT_TRUE(eventually([&] { return over.load(); }, 240s));
  waker.join();
}

WARREN_TEST(wake, of_more_than_a_run_queue_holds) {
  // One after the other, and nobody runs in between: half of the queue goes to where all look, again and again.
  constexpr std::size_t n = 4 * runtime::run_queue::room;
  std::vector<mailbox> boxes(n);
  std::atomic<std::size_t> ran{0};
  for (mailbox& box : boxes) {
    go([&] {
      box.wait();
      ran.fetch_add(1);
    });
  }
  for (mailbox& box : boxes) {
    EXPECT_TRUE(eventually([&] { return box.who.load() != nullptr; }));
  }
  for (mailbox& box : boxes) EXPECT_TRUE(box.wake());
  EXPECT_TRUE(eventually([&] { return ran == n; }));
}

WARREN_TEST(wake, by_goroutines_that_hand_work_back_and_forth) {
  // Each pair alternates short work and a hand-over, so that workers keep falling asleep and being woken.
  watchdog dog("handing work back and forth", 240s);
  constexpr int pairs = 3;
  const int times = static_cast<int>(scaled(30'000));
  chan<int> done = make_chan<int>();
  for (int pair = 0; pair < pairs; ++pair) {
    chan<int> there = make_chan<int>();
    chan<int> back = make_chan<int>();
    const auto play = [=](chan<int> in, chan<int> out, std::uint64_t seed) {
      runtime::choice random(seed);
      for (int v : in) {
        spin(random.below(1u << random.below(9)));
        if (v == 0) break;
        out.send(v - 1);
      }
      out.close();
      done.send(1);
    };
    go(play, there, back, std::uint64_t(pair * 2 + 1));
    go(play, back, there, std::uint64_t(pair * 2 + 2));
    there.send(times);
  }
  for (int i = 0; i < 2 * pairs; ++i) done.recv();
}

WARREN_TEST(wake, by_goroutines_that_start_others_and_wait) {
  watchdog dog("starting and waiting", 240s);
  const int times = static_cast<int>(scaled(20'000));
  runtime::choice random(99);
  for (int i = 0; i < times; ++i) {
    chan<void> done = make_chan<void>();
    const int n = 1 + static_cast<int>(random.below(3));
    for (int j = 0; j < n; ++j) {
      go([=] {
        spin(200);
        done.send();
      });
    }
    for (int j = 0; j < n; ++j) done.recv();
  }
}

/// A timer that counts.
struct counting_timer : runtime::timer_node {
  counting_timer() : timer_node(kind_of_counting) {}

  std::atomic<std::int64_t> fired{0};

  static void fire(timer_node* node, std::int64_t, runtime::goroutine_list&) noexcept {
    static_cast<counting_timer*>(node)->fired.fetch_add(1);
  }
  static constexpr runtime::timer_kind kind_of_counting{nullptr, fire};
};

WARREN_TEST(wake, by_timers_that_threads_arm_while_all_sleep) {
  watchdog dog("timers of threads", 240s);
  constexpr int threads = 2;
  std::vector<std::thread> strangers;
  std::atomic<int> running{threads};
  latecomers late;
  for (int i = 0; i < threads; ++i) {
    strangers.push_back(stranger(static_cast<std::uint64_t>(i + 20), [&](runtime::choice random) {
      counting_timer timer;
      for (std::int64_t n = 0; n < scaled(10'000); ++n) {
        const std::int64_t when = runtime::now_ns() + random.below(1u << random.below(18));
        arm(timer, when);
        for (int looks = 0; timer.fired == n; ++looks) {
          if (looks % 50 == 49) std::this_thread::yield();
        }
        late.add(when);
        EXPECT_GE(runtime::now_ns(), when) << "too early";
        spin(random.below(1u << random.below(11)));
      }
      running.fetch_sub(1);
    }));
  }
  EXPECT_TRUE(eventually([&] { return running == 0; }, 240s));
  for (std::thread& t : strangers) t.join();
  late.expect_few();
}

WARREN_TEST(wake, by_an_earlier_timer_than_the_one_that_is_slept_for) {
  watchdog dog("an earlier timer", 240s);
  counting_timer later;
  arm(later, runtime::now_ns() + 3'600'000'000'000);
  const int times = static_cast<int>(scaled(2'000));
  std::atomic<bool> over{false};
  std::thread stranger([&] {
    counting_timer earlier;
    for (int n = 0; n < times; ++n) {
      const std::int64_t begin = runtime::now_ns();
      arm(earlier, begin + 50'000);
      while (earlier.fired == n) std::this_thread::yield();
      if (runtime::now_ns() - begin > 3'000'000'000) ADD_FAILURE() << "slept on for the later one";
    }
    over = true;
  });
  EXPECT_TRUE(eventually([&] { return over.load(); }, 240s));
  stranger.join();
  EXPECT_TRUE(disarm(later));
  EXPECT_EQ(later.fired, 0);
}

WARREN_TEST(wake, while_others_are_in_blocking_calls) {
  watchdog dog("blocking calls beside work", 240s);
  constexpr int callers = 4;
  const int times = static_cast<int>(scaled(5'000));
  chan<int> work = make_chan<int>(16);
  chan<int> done = make_chan<int>();
  for (int i = 0; i < callers; ++i) {
    go([=] {
      runtime::choice random(static_cast<std::uint64_t>(i) + 5);
      for (int n = 0; n < times; ++n) {
        blocking([&] { spin(random.below(1u << random.below(12))); });
        work.send(n);
      }
      done.send(0);
    });
  }
  std::int64_t sum = 0;
  for (int n = 0; n < callers * times; ++n) sum += work.recv();
  for (int i = 0; i < callers; ++i) done.recv();
  EXPECT_EQ(sum, std::int64_t{callers} * times * (times - 1) / 2);
}

WARREN_TEST(wake, while_gomaxprocs_changes_all_the_time) {
  watchdog dog("a storm of gomaxprocs", 240s);
  const int before = gomaxprocs();
  const std::int64_t messages = scaled(200'000);
  chan<std::int64_t> c = make_chan<std::int64_t>(8);
  std::atomic<bool> over{false};
  std::thread storm = stranger(77, [&](runtime::choice random) {
    while (!over) {
      gomaxprocs(1 + static_cast<int>(random.below(6)));
      spin(random.below(2000));
    }
  });
  for (int i = 0; i < 4; ++i) {
    go([=] {
      for (std::int64_t n = i; n < messages; n += 4) c.send(n);
    });
  }
  std::int64_t sum = 0;
  for (std::int64_t n = 0; n < messages; ++n) sum += c.recv();
  EXPECT_EQ(sum, messages * (messages - 1) / 2);
  over = true;
  storm.join();
  gomaxprocs(before);
}

}  // namespace
