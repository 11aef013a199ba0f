// SPDX-License-Identifier: MIT
#include "test.hpp"

#include <warren/runtime/clock.hpp>
#include <warren/runtime/counters.hpp>
#include <warren/runtime/run.hpp>
#include <warren/runtime/timer.hpp>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <ostream>

namespace warren::runtime {

static std::ostream& operator<<(std::ostream& out, const counters& c) {
  return out << c.goroutines << " goroutines, " << c.stacks_in_use << " stacks, " << c.armed_timers << " timers, "
             << c.queued_waiters << " waiters";
}

}  // namespace warren::runtime

namespace warren::tests {

int scale() {
  static const int divisor = [] {
    const char* text = std::getenv("WARREN_TEST_SCALE");
    const int n = text != nullptr ? std::atoi(text) : 1;
    return n > 0 ? n : 1;
  }();
  return divisor;
}

std::int64_t scaled(std::int64_t count) {
  const std::int64_t n = count / scale();
  return n > 0 ? n : 1;
}

namespace {

void call(void (*body)()) {
  try {
    body();
  } catch (const std::exception& e) {
    ADD_FAILURE() << "the test threw: " << e.what();
  } catch (const char* text) {
    ADD_FAILURE() << "the test threw: " << text;
  }
}

runtime::counters settled(const runtime::counters& wanted) {
  constexpr std::int64_t grace_ns = 1'000'000'000;
  constexpr std::int64_t step_ns = 1'000'000;
  const std::int64_t end = runtime::now_ns() + grace_ns;
  runtime::counters now = runtime::count_all();
  while (!(now == wanted) && runtime::now_ns() < end) {
    runtime::sleep_until_ns(runtime::now_ns() + step_ns);
    now = runtime::count_all();
  }
  return now;
}

class on_workers : public ::testing::Test {
 public:
  on_workers(int workers, void (*body)()) : workers_(workers), body_(body) {}
  void TestBody() override { run_and_look_for_leaks(workers_, body_); }

 private:
  int workers_;
  void (*body_)();
};

}  // namespace

void run_and_look_for_leaks(int workers, void (*body)()) {
  run(run_options{.max_procs = workers}, [body] {
    const runtime::counters before = runtime::count_all();
    call(body);
    EXPECT_EQ(settled(before), before);
  });
}

bool list_test(const char* suite, const char* name, void (*body)(), const char* file, int line) {
  for (const int workers : {1, 2, 4}) {
    const std::string with_workers = std::string(name) + "/" + std::to_string(workers);
    ::testing::RegisterTest(suite, with_workers.c_str(), nullptr, nullptr, file, line,
                            [=]() -> on_workers* { return new on_workers(workers, body); });
  }
  return true;
}

}  // namespace warren::tests
