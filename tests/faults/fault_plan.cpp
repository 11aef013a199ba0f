// SPDX-License-Identifier: MIT
#include "fault_plan.hpp"

#include <gtest/gtest.h>

#include <warren/runtime/clock.hpp>
#include <warren/runtime/spinlock.hpp>
#include <warren/runtime/timer.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>

#include "../net/network.hpp"
#include "test.hpp"

namespace warren::tests {

namespace {

// --- the plan

struct planned {
  fault what;
  std::int64_t seen = 0;
};

constexpr std::size_t most_faults = 8;

runtime::spinlock lock;  // a leaf; what it guards is asked from operator new
std::array<planned, most_faults> plan;
std::size_t plan_size = 0;
std::atomic<std::int64_t> met{0};
std::atomic<int> in_force{0};

std::int64_t faults_in_all = 0;
std::int64_t sweeps_in_all = 0;

int consult_for_call(system_call c, void*) noexcept { return consult_plan(place::in_a_call, c); }

}  // namespace

void set_plan(const std::vector<fault>& wanted) {
  const runtime::spin_guard hold(lock);
  plan_size = std::min(wanted.size(), most_faults);
  for (std::size_t i = 0; i < plan_size; ++i) plan[i] = {wanted[i], 0};
  met.store(0, std::memory_order_relaxed);
}

std::int64_t faults_of_plan() noexcept { return met.load(std::memory_order_relaxed); }

int consult_plan(place where, system_call which) noexcept {
  if (in_force.load(std::memory_order_relaxed) == 0) return 0;
  const runtime::spin_guard hold(lock);
  for (std::size_t i = 0; i < plan_size; ++i) {
    planned& p = plan[i];
    if (p.what.where != where || (where == place::in_a_call && p.what.which != which)) continue;
    const std::int64_t before = p.seen++ - p.what.nth;
    if (before < 0 || before >= p.what.times) continue;
    met.fetch_add(1, std::memory_order_relaxed);
    return p.what.what;
  }
  return 0;
}

under_faults::under_faults() noexcept { in_force.fetch_add(1, std::memory_order_relaxed); }
under_faults::~under_faults() { in_force.fetch_sub(1, std::memory_order_relaxed); }

void may_throw() {
  if (consult_plan(place::in_users_code) != 0) throw users_error();
}

// --- the watch: a step that does not end

namespace {

constexpr unsigned patience = 20;  // seconds, of a step
std::array<char, 200> step_name;

void step_hangs(int) {
  in_force.store(0, std::memory_order_relaxed);
  std::signal(SIGALRM, SIG_DFL);
  ::alarm(10);
  const auto written = ::write(STDERR_FILENO, step_name.data(), std::strlen(step_name.data()));
  static_cast<void>(written);
  ::kill(::getpid(), SIGQUIT);  // the runtime's report: all goroutines
}

void watch(const std::string& name, int workers, const std::vector<fault>& faults) {
  std::snprintf(step_name.data(), step_name.size(),
                "faults: %s with %d workers does not end; the first fault is at %lld\n", name.c_str(),
                workers, static_cast<long long>(faults.empty() ? -1 : faults.front().nth));
  ::alarm(patience * (scale() > 1 ? 5 : 1));
}

/// The hook is there as long as the program: only the plan comes and goes, while others make calls.
class all_sweeps : public ::testing::Environment {
 public:
  void SetUp() override {
    std::signal(SIGALRM, step_hangs);
    runtime::sys::set_fault(consult_for_call, nullptr);
  }
  void TearDown() override {
    ::alarm(0);
    std::printf("faults: %lld faults injected in %lld sweeps\n", static_cast<long long>(faults_in_all),
                static_cast<long long>(sweeps_in_all));
    std::fflush(stdout);
  }
};

[[maybe_unused]] ::testing::Environment* const the_environment =
    ::testing::AddGlobalTestEnvironment(new all_sweeps);

// --- steps

/// Shorter than the time-outs that would end a wait here.
constexpr std::int64_t longest_step_ns = 8'000'000'000;

const std::function<void()>* body_of_step = nullptr;

void run_step(int workers, const std::function<void()>& body, bool whole_run) {
  body_of_step = &body;
  const std::int64_t begin = runtime::monotonic_ns();
  {
    std::optional<under_faults> now;
    if (whole_run) now.emplace();
    run_and_look_for_leaks(workers, [] { (*body_of_step)(); });
  }
  EXPECT_LT(runtime::monotonic_ns() - begin, longest_step_ns)
      << "somebody was not told, but waited for a time-out";
}

struct leftovers {
  int files = open_files();
  std::int64_t memory = live_allocations();
};

void expect_no_leftovers(const leftovers& before, bool memory_too) {
  EXPECT_LE(open_files(), before.files) << "descriptors are left open";
  if (memory_too) {
    EXPECT_LE(live_allocations(), before.memory) << "blocks of memory are left";
  }
}

/// Returns: how many faults there were.
std::int64_t sweep_with(const std::string& name, std::vector<fault> faults, const std::function<void()>& body,
                        const sweep_options& o, int workers) {
  constexpr int warm_ups = 2;  // for what is made once and kept
  set_plan({});
  watch(name, workers, {});
  for (int i = 0; i < warm_ups; ++i) run_step(workers, body, false);
  const leftovers before;
  std::int64_t sum = 0;
  for (std::int64_t n = 0; n < o.most && !::testing::Test::HasFailure(); ++n) {
    faults.front().nth = n;
    set_plan(faults);
    watch(name, workers, faults);
    run_step(workers, body, o.whole_run);
    expect_no_leftovers(before, o.same_memory && workers == 1);
    const std::int64_t now = faults_of_plan();
    sum += now;
    if (::testing::Test::HasFailure()) {
      std::printf("faults: %s with %d workers, at the %lldth place\n", name.c_str(), workers,
                  static_cast<long long>(n));
    }
    if (now == 0) break;
  }
  return sum;
}

}  // namespace

void sweep(const std::string& name, const fault& swept, const std::function<void()>& body,
           const sweep_options& o) {
  std::vector<fault> faults{swept};
  faults.insert(faults.end(), o.beside.begin(), o.beside.end());
  std::int64_t sum = 0;
  for (const int workers : o.workers) sum += sweep_with(name, faults, body, o, workers);
  ::alarm(0);
  // Sanitized programs are slow: what has to wait elsewhere may not have to there.
  if (tests::scaled(2) == 2) {
    EXPECT_GT(sum, 0) << name << " never comes to a place where that can fail";
  }
  faults_in_all += sum;
  ++sweeps_in_all;
}

namespace {

std::string text_of(const fault& f) {
  static constexpr std::string_view names[] = {
      "map",         "unmap",         "advise",       "protect",         "futex_wait",       "futex_wake",
      "write",       "open",          "read",         "close",           "list_threads",     "create_thread",
      "affinity",    "signal_action", "signal_stack", "thread_cpu_time", "entropy",          "poller_create",
      "bell_create", "poller_add",    "poller_wait",  "receive",         "transmit",         "socket",
      "bind",        "listen",        "accept",       "connect",         "connection_state", "shutdown",
      "socket_name", "socket_option", "lookup"};
  static_assert(std::size(names) == static_cast<std::size_t>(system_call::lookup) + 1,
                "as in runtime/system.hpp");
  std::string text(names[static_cast<std::size_t>(f.which)]);
  text += f.what > 0 ? std::string(" fails with ") + ::strerrorname_np(f.what)
                     : " moves " + std::to_string(-f.what);
  if (f.times > 1) text += f.times == ever ? ", always" : ", " + std::to_string(f.times) + " times";
  return text;
}

}  // namespace

void sweep(const fault& swept, const std::function<void()>& body, const sweep_options& o) {
  sweep(text_of(swept), swept, body, o);
}

std::int64_t run_with_faults(const std::string& name, const std::vector<fault>& faults, int workers,
                             const std::function<void()>& body) {
  set_plan(faults);
  watch(name, workers, faults);
  const leftovers before;
  run_step(workers, body, false);
  expect_no_leftovers(before, false);
  ::alarm(0);
  faults_in_all += faults_of_plan();
  return faults_of_plan();
}

bool eventually(const std::function<bool()>& holds) {
  const std::int64_t end = runtime::monotonic_ns() + 5'000'000'000;
  while (!holds()) {
    if (runtime::monotonic_ns() > end) return holds();
    runtime::sleep_until_ns(runtime::now_ns() + 200'000);
  }
  return true;
}

}  // namespace warren::tests
