// SPDX-License-Identifier: MIT
// What goroutines stand on: stacks, threads, the kernel's sleep, and what a run asks of the system at its beginning.

#include <gtest/gtest.h>

#include <warren/warren.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>

#include "fault_plan.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::ever;
using tests::fault;
using tests::sweep;
using tests::under_faults;
using enum tests::system_call;

// --- what needs threads, stacks and sleep, and gives the same whatever happens to them

/// Numbers of some goroutines over one channel.
void add_up(int goroutines, int numbers) {
  const auto out = make_chan<int>();
  sync::wait_group all;
  for (int i = 0; i < goroutines; ++i) {
    all.go([=] {
      for (int n = 1; n <= numbers; ++n) out.send(n);
    });
  }
  go([&all, out] {
    all.wait();
    out.close();
  });
  int sum = 0;
  for (const int n : out) sum += n;
  EXPECT_EQ(sum, goroutines * numbers * (numbers + 1) / 2);
}

/// Two goroutines in blocking calls, and who waits for them.
void block() {
  sync::wait_group all;
  for (int i = 0; i < 2; ++i) all.go([] { blocking([] { runtime::sys::sleep_ns(1'000'000); }); });
  all.wait();
}

/// One with a thread of its own, which waits for another that has none then.
void need_another_thread() {
  sync::wait_group all;
  const auto ball = make_chan<int>();
  all.go([ball] {
    lock_os_thread();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ball.recv(), i);
    unlock_os_thread();
  });
  all.go([ball] {
    for (int i = 0; i < 3; ++i) ball.send(i);
  });
  all.wait();
}

/// Sleeps that must last, and a deadline that must come.
void keep_time() {
  const auto begin = clock::now();
  sync::wait_group all;
  for (int i = 1; i <= 4; ++i) {
    all.go([=] {
      sleep(i * 500us);
      EXPECT_GE(since(begin), i * 500us);
    });
  }
  const auto [ctx, cancel] = context::with_timeout(context::background(), 1ms);
  ctx.done().recv();
  EXPECT_EQ(ctx.err(), context::deadline_exceeded);
  EXPECT_GE(since(begin), 1ms);
  cancel();
  all.wait();
}

void work() {
  const under_faults now;
  add_up(5, 20);
  block();
  need_another_thread();
  keep_time();
}

void work_on_one_thread() {
  const under_faults now;
  add_up(5, 20);
  block();
  keep_time();
}

TEST(threads, that_cannot_be_started_are_done_without) {
  for (const int error : {EAGAIN, ENOMEM}) {
    sweep(fault::of(create_thread, error), work, {.workers = {1, 2, 4}});
    sweep(fault::of(create_thread, error, 3), work, {.workers = {2, 4}});
  }
  sweep(fault::of(create_thread, EAGAIN, 20), work, {.workers = {1, 2, 4}, .most = 3});
  sweep(fault::of(create_thread, EAGAIN, ever), work_on_one_thread, {.workers = {1, 2, 4}, .most = 3});
}

TEST(sleep_in_the_kernel, that_ends_early_is_begun_again) {
  for (const int error : {EINTR, EAGAIN, ETIMEDOUT}) {
    sweep(fault::of(futex_wait, error), work, {.workers = {1, 2, 4}, .most = 20});
    sweep(fault::of(futex_wait, error, 1000), work, {.workers = {1, 4}, .most = 10});
    sweep(fault::of(futex_wait, error, 20'000), work, {.workers = {1, 2, 4}, .most = 2});
  }
}

TEST(the_monitor, does_without_what_it_cannot_learn) {
  const auto compute = [] {
    const under_faults now;
    sync::wait_group all;
    std::atomic<bool> end{false};
    // Only a look of the monitor gives those behind it their turn.
    all.go([&end] {
      while (!end.load(std::memory_order_relaxed)) {
      }
    });
    all.go([&end] { end.store(true, std::memory_order_relaxed); });
    all.wait();
  };
  sweep(fault::of(thread_cpu_time, EPERM, ever), compute, {.workers = {1, 2}, .most = 2});
}

TEST(a_run, begins_without_what_it_can_do_without) {
  const tests::sweep_options whole{.workers = {1, 4}, .most = 20, .whole_run = true};
  const auto light = [] {
    add_up(5, 20);
    keep_time();
  };
  for (const auto& [call, error] : {std::pair{signal_action, EINVAL}, std::pair{signal_stack, ENOMEM},
                                    std::pair{futex_wait, EINTR}, std::pair{futex_wait, ETIMEDOUT}}) {
    sweep(fault::of(call, error), light, whole);
    sweep(fault::of(call, error, 1000), light, {.workers = {1, 4}, .most = 1, .whole_run = true});
  }
}

// --- stacks

/// Sizes of which few stacks lie in a mapping. More are in use at once than ever before, so there are none for them yet.
class new_stacks {
 public:
  explicit new_stacks(std::size_t bytes, int in_a_mapping)
      : options_{.stack_size = bytes}, step_(in_a_mapping + 1) {}

  /// All at the same time.
  void use_at_once() {
    most_ += step_;
    const under_faults now;
    sync::wait_group all;
    std::atomic<int> begun{0};
    const auto end = make_chan<void>();
    for (int i = 0; i < most_; ++i) {
      all.add(1);
      tests::again([&] {
        go(options_, [&all, &begun, end] {
          begun.fetch_add(1, std::memory_order_relaxed);
          end.recv();
          all.done();
        });
      });
    }
    EXPECT_TRUE(tests::eventually([&] { return begun.load(std::memory_order_relaxed) == most_; })) << begun;
    end.close();
    all.wait();
  }

  /// At the same time as far as there are any.
  void use_in_turns() {
    most_ += step_;
    const under_faults now;
    sync::wait_group all;
    for (int i = 0; i < most_; ++i) {
      all.add(1);
      go(options_, [&all] {
        sleep(100us);
        all.done();
      });
    }
    all.wait();
  }

 private:
  go_options options_;
  int step_;
  int most_ = 0;
};

TEST(stacks, that_cannot_be_mapped_are_waited_for) {
  constexpr int in_a_mapping = 4;
  new_stacks s(4 << 20, in_a_mapping);
  sweep(fault::of(map, ENOMEM), [&] { s.use_at_once(); }, {.workers = {1, 2, 4}});
  sweep(fault::of(map, ENOMEM, 5), [&] { s.use_at_once(); }, {.workers = {1, 4}});
  sweep(fault::of(map, ENOMEM, ever), [&] { s.use_in_turns(); }, {.workers = {1, 2, 4}});
}

/// So many that there must be another slab of them.
void need_new_control_blocks(int& most) {
  most += 5000;
  sync::wait_group all;
  const auto end = make_chan<void>();
  all.add(most);
  {
    const under_faults now;
    for (int i = 0; i < most; ++i) {
      tests::again([&] {
        go([&all, end] {
          end.recv();
          all.done();
        });
      });
    }
  }
  end.close();
  all.wait();
}

TEST(control_blocks, that_cannot_be_had_are_told_to_who_starts_a_goroutine) {
  if (tests::under_thread_sanitizer) GTEST_SKIP() << "it keeps a shadow for each";
  int most = 0;
  sweep("map, for control blocks", fault::of(map, ENOMEM), [&] { need_new_control_blocks(most); },
        {.workers = {1}});
  sweep("new, for control blocks", fault::of_new(), [&] { need_new_control_blocks(most); },
        {.workers = {1}, .most = 3});
}

/// In this order: who once finds that guards cannot be had in one way takes the next from then on. What is asked for at the
/// end of a run, that deep frames go back, may fail as well.
TEST(stacks, without_guards_have_others_or_canaries) {
  constexpr int in_a_mapping = 2;
  new_stacks s(8 << 20, in_a_mapping);
  for (const int error : {EAGAIN, ENOMEM, EINVAL}) {
    sweep(fault::of(advise, error), [&] { s.use_at_once(); }, {.workers = {1, 4}, .most = 20, .whole_run = true});
  }
  sweep(fault::of(protect, ENOMEM), [&] { s.use_at_once(); }, {.workers = {4}, .most = 5});
}

}  // namespace
