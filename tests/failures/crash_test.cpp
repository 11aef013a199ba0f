// SPDX-License-Identifier: MIT
// Handlers: in place during a run, and gone without a trace after it. What they print is failure_test.py's.
#include <warren/runtime/clock.hpp>
#include <warren/runtime/fatal.hpp>
#include <warren/runtime/stopped_threads.hpp>
#include <warren/warren.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace warren;

struct sigaction action_of(int signal) {
  struct sigaction now {};
  ::sigaction(signal, nullptr, &now);
  return now;
}

bool same(const struct sigaction& a, const struct sigaction& b) {
  return a.sa_flags == b.sa_flags && a.sa_sigaction == b.sa_sigaction;
}

void own_handler(int, siginfo_t*, void*) {}
[[noreturn]] void own_terminate() { std::abort(); }

/// Sets an action while it lives.
class setting {
 public:
  setting(int signal, void (*handler)(int, siginfo_t*, void*)) : signal_(signal) {
    struct sigaction own {};
    own.sa_sigaction = handler;
    own.sa_flags = SA_SIGINFO;
    ::sigaction(signal, &own, &before_);
  }
  ~setting() { ::sigaction(signal_, &before_, nullptr); }

 private:
  int signal_;
  struct sigaction before_ {};
};

class handlers : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(each, handlers, ::testing::Values(SIGSEGV, SIGBUS, SIGQUIT));

TEST_P(handlers, are_there_during_a_run_and_restored_after_it) {
  const setting own(GetParam(), own_handler);
  const struct sigaction before = action_of(GetParam());
  run([&] { EXPECT_FALSE(same(action_of(GetParam()), before)); });
  EXPECT_TRUE(same(action_of(GetParam()), before));
}

TEST_P(handlers, stay_away_when_they_are_not_wanted) {
  const setting own(GetParam(), own_handler);
  const struct sigaction before = action_of(GetParam());
  run(run_options{.signal_handlers = false}, [&] { EXPECT_TRUE(same(action_of(GetParam()), before)); });
  EXPECT_TRUE(same(action_of(GetParam()), before));
}

TEST_P(handlers, that_came_during_the_run_stay) {
  const struct sigaction before = action_of(GetParam());
  run([] {
    struct sigaction own {};
    own.sa_sigaction = own_handler;
    own.sa_flags = SA_SIGINFO;
    ::sigaction(GetParam(), &own, nullptr);
  });
  EXPECT_EQ(action_of(GetParam()).sa_sigaction, own_handler);
  ::sigaction(GetParam(), &before, nullptr);
}

TEST(terminate_handler, is_restored) {
  const std::terminate_handler before = std::set_terminate(own_terminate);
  run([] { EXPECT_NE(std::get_terminate(), own_terminate); });
  EXPECT_EQ(std::get_terminate(), own_terminate);
  std::set_terminate(before);
}

TEST(quit_handler, is_there_before_any_run) {
  EXPECT_NE(action_of(SIGQUIT).sa_sigaction, nullptr);
  EXPECT_NE(action_of(SIGQUIT).sa_flags & SA_SIGINFO, 0);
}

volatile sig_atomic_t seen = 0;
volatile char* page_address = nullptr;

/// As a program would that keeps its data in pages it maps when they are touched.
void count_and_step_over(int, siginfo_t* info, void*) {
  seen = seen + 1;
  if (info->si_addr != page_address) ::_exit(3);
  ::mprotect(const_cast<char*>(page_address), 4096, PROT_READ | PROT_WRITE);
}

TEST(fault_handler, leaves_other_faults_to_the_one_before) {
  void* page = ::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page_address = static_cast<volatile char*>(page);
  seen = 0;
  const setting own(SIGSEGV, count_and_step_over);
  run([] { *page_address = 7; });
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(*page_address, 7);
  ::munmap(page, 4096);
}

/// Death tests start the program anew: a forked one may not start threads under every sanitizer.
void begin_death_test() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }

TEST(fatal, ends_with_gos_status) {
  begin_death_test();
  EXPECT_EXIT(runtime::fatal("no way out"), ::testing::ExitedWithCode(2),
              "^fatal error: no way out\n\nthread [0-9]+ \\[running\\]:\n");
  EXPECT_EXIT(runtime::fatal_without_trace("no way out"), ::testing::ExitedWithCode(2), "^fatal error: no way out\n$");
}

/// A stream of the program's own, which stdio knows and the library does not.
void print_to_own_stream_and_end() {
  std::FILE* const own = ::fdopen(::dup(STDERR_FILENO), "w");
  std::setvbuf(own, nullptr, _IOFBF, BUFSIZ);
  std::fputs("held by stdio\n", own);
  runtime::fatal_without_trace("no way out");
}

TEST(fatal, comes_after_what_the_programs_own_streams_hold) {
  begin_death_test();
  EXPECT_EXIT(print_to_own_stream_and_end(), ::testing::ExitedWithCode(2),
              "^held by stdio\nfatal error: no way out\n$");
}

/// Exits with 0 if they have all answered long before the time was over.
void stop_all_and_exit() {
  constexpr std::int64_t patience_ns = 20'000'000'000;
  const std::int64_t began = runtime::now_ns();
  runtime::stop_other_threads(patience_ns);
  std::_Exit(runtime::now_ns() - began < patience_ns / 2 ? 0 : 1);
}

// The library has two records of the thread that called run().
TEST(stop_other_threads, waits_for_one_answer_of_each_thread) {
  begin_death_test();
  const auto stop_a_run = [] {
    run([] {
      make_chan<int>(1).send(1);
      std::thread(stop_all_and_exit).join();
    });
  };
  EXPECT_EXIT(stop_a_run(), ::testing::ExitedWithCode(0), "");
}

TEST(broken, aborts) {
  begin_death_test();
  EXPECT_EXIT(runtime::broken("two and two are four"), ::testing::KilledBySignal(SIGABRT),
              "^warren: broken invariant: two and two are four\n\nthread [0-9]+ \\[running\\]:\n");
}

}  // namespace
