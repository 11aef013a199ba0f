// SPDX-License-Identifier: MIT
// The programs of docs/testing.md, each of which is wrong, and found out.
#include <warren/runtime/sanitizer.hpp>
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <string>

#include "finding.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::failure_of;

// [lost_wake_up]
/// One place for one value: who takes waits until it is there.
class mailbox {
 public:
  void put(int v) {
    value_ = v;
    full_ = true;
    changed_.signal();  // without the lock: between the look and the wait of the other
  }

  int take() {
    while (!full_) {
      lock_.lock();
      changed_.wait(lock_);
      lock_.unlock();
    }
    return value_;
  }

 private:
  sync::mutex lock_;
  sync::cond changed_;
  std::atomic<bool> full_{false};
  std::atomic<int> value_{0};
};

void post_one_letter() {
  mailbox box;
  go([&] { box.put(1); });
  if (box.take() != 1) panic("another letter");
}
// [/lost_wake_up]

// [unlocked_map]
/// Asks for each name once, and remembers the answer.
class directory {
 public:
  std::string look_up(const std::string& name) {
    const auto at = known_.find(name);
    if (at != known_.end()) return at->second;
    ++asked;
    sleep(10ms);  // the network
    known_[name] = name + ".example";
    return known_[name];
  }

  int asked = 0;

 private:
  std::map<std::string, std::string> known_;
};

void look_up_twice() {
  directory d;
  sync::wait_group g;
  for (int i = 0; i < 2; ++i) {
    g.go([&] {
      gosched();
      d.look_up("warren");
    });
  }
  g.wait();
  if (d.asked != 1) panic("asked more than once");
}
// [/unlocked_map]

// [forgotten_case]
/// The first answer of two servers, or nothing when the time is over.
void ask_two() {
  auto [ctx, cancel] = context::with_timeout(context::background(), 1s);
  defer _ = cancel;
  const chan<std::string> answers = make_chan<std::string>();
  for (const auto delay : {500ms, 900ms}) {
    go([=] {
      sleep(delay);
      answers.send("here");  // and if nobody listens any more? select(send(answers, …), recv(ctx.done())) would hear it
    });
  }
  select(recv(answers), recv(ctx.done()));
}
// [/forgotten_case]

/// Found within a second's worth of seeds, and found again by the seed alone.
template <class F>
void is_found_and_found_again(F body, const std::string& why) {
  const auto found = failure_of({.seeds = 10'000}, body);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(std::string(found->what()).rfind(why, 0), 0U) << found->what();
  ASSERT_EQ(::setenv("WARREN_SEED", std::to_string(found->seed()).c_str(), 1), 0);
  const auto again = failure_of({}, body);
  ::unsetenv("WARREN_SEED");
  ASSERT_TRUE(again.has_value());
  const auto schedule = [](const std::string& text) { return text.substr(text.find("step 1:")); };
  EXPECT_EQ(schedule(again->what()), schedule(found->what()));
}

TEST(worked_example, lost_wake_up) {
  is_found_and_found_again(post_one_letter, "deadlock: all goroutines in bubble are blocked\n");
}

TEST(worked_example, unlocked_map) {
  if (runtime::sanitizer::has_own_thread()) GTEST_SKIP() << "ThreadSanitizer reports it first";
  is_found_and_found_again(look_up_twice, "asked more than once\n");
}

TEST(worked_example, forgotten_case) {
  is_found_and_found_again(ask_two, "deadlock: main bubble goroutine has exited but blocked goroutines remain\n");
}

}  // namespace
