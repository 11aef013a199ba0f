// SPDX-License-Identifier: MIT
#include "../test.hpp"
#include "network.hpp"

#include <warren/runtime/clock.hpp>
#include <warren/runtime/system.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::must;
using list = std::vector<std::string>;

const context background = context::background();

WARREN_TEST(lookup, of_an_address_is_the_address) {
  EXPECT_EQ(must(net::lookup_host(background, "127.0.0.1")), list{"127.0.0.1"});
  EXPECT_EQ(must(net::lookup_host(background, "::1")), list{"::1"});
}

WARREN_TEST(lookup, finds_this_machine) {
  const list found = must(net::lookup_host(background, "localhost"));
  EXPECT_TRUE(std::find(found.begin(), found.end(), "127.0.0.1") != found.end());
}

WARREN_TEST(lookup, of_what_can_never_be_found_says_so) {
  for (const std::string name : {"", ".", "host.invalid", "host.invalid.", "invalid"}) {
    const error err = net::lookup_host(background, name).err();
    EXPECT_EQ(to_string(err), "lookup " + name + ": no such host");
    ASSERT_NE(errors::as<net::dns_error>(err), nullptr);
    EXPECT_TRUE(errors::as<net::dns_error>(err)->is_not_found());
    EXPECT_EQ(errors::as<net::dns_error>(err)->name(), name);
  }
  EXPECT_THROW(net::lookup_host(nil, "localhost"), panic_error);
}

WARREN_TEST(lookup, with_a_done_context_begins_nothing) {
  const auto [ctx, cancel] = context::with_cancel(background);
  cancel();
  const error err = net::lookup_host(ctx, "localhost").err();
  EXPECT_EQ(to_string(err), "lookup localhost: operation was canceled");
  EXPECT_TRUE(errors::is(err, context::canceled));
}

/// A resolver that takes its time, counts those inside it, and then fails.
struct slow_resolver {
  std::chrono::milliseconds takes{0};
  int error = EIO;
  std::atomic<int> calls{0};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};

  static int look_up(runtime::sys::call c, void* state) noexcept {
    auto& r = *static_cast<slow_resolver*>(state);
    if (c != runtime::sys::call::lookup) return 0;
    ++r.calls;
    const int now = ++r.inside;
    int most = r.most;
    while (most < now && !r.most.compare_exchange_weak(most, now)) {
    }
    runtime::sys::sleep_ns(std::chrono::nanoseconds(r.takes).count());
    --r.inside;
    return r.error;
  }
};

/// Runs the body with that resolver; the fault is set while nothing else calls.
template <class Body>
void with_resolver(slow_resolver& r, Body body) {
  runtime::sys::set_fault(&slow_resolver::look_up, &r);
  run(run_options{.max_procs = 2}, [&] {
    body();
    while (r.inside != 0) sleep(1ms);
    sleep(5ms);  // the last thread is on its way out
  });
  runtime::sys::set_fault(nullptr, nullptr);
}

TEST(lookup_slow, reports_what_the_resolver_says) {
  slow_resolver r;
  with_resolver(r, [] {
    const error err = net::lookup_host(background, "a.test").err();
    EXPECT_EQ(to_string(err), "lookup a.test: input/output error");
    EXPECT_FALSE(net::is_temporary(err));
  });
  r.error = EMFILE;
  with_resolver(r, [] {
    const error err = net::dial("tcp", "a.test:80").err();
    EXPECT_EQ(to_string(err), "dial tcp: lookup a.test: too many open files");
    EXPECT_TRUE(net::is_temporary(err));
  });
}

TEST(lookup_slow, holds_nobody_else_up) {
  slow_resolver r{.takes = 300ms};
  with_resolver(r, [] {
    sync::wait_group lookups;
    for (int i = 0; i < 8; ++i) {
      lookups.go([i] { net::lookup_host(background, "h" + std::to_string(i) + ".test"); });
    }
    clock::duration longest{};
    const auto start = clock::now();
    while (since(start) < 200ms) {
      const auto before = clock::now();
      sleep(1ms);
      longest = std::max(longest, since(before));
    }
    EXPECT_LT(longest, 150ms);
    lookups.wait();
  });
  EXPECT_EQ(r.calls, 8);
}

TEST(lookup_slow, is_given_up_with_the_context) {
  slow_resolver r{.takes = 300ms};
  with_resolver(r, [] {
    const auto [ctx, cancel] = context::with_timeout(background, 10ms);
    const auto start = clock::now();
    const error err = net::lookup_host(ctx, "late.test").err();
    EXPECT_LT(since(start), 200ms);
    EXPECT_EQ(to_string(err), "lookup late.test: i/o timeout");
    EXPECT_TRUE(errors::is_timeout(err));
    EXPECT_TRUE(errors::is(err, context::deadline_exceeded));
    const auto [other, give_up] = context::with_timeout(background, 10ms);
    EXPECT_EQ(to_string(net::dial(other, "tcp", "late.test:80").err()), "dial tcp: lookup late.test: i/o timeout");
  });
}

TEST(lookup_slow, is_shared_by_all_who_ask_for_one_host) {
  slow_resolver r{.takes = 50ms};
  with_resolver(r, [] {
    sync::wait_group all;
    for (int i = 0; i < 100; ++i) {
      all.go([] { EXPECT_EQ(to_string(net::lookup_host(background, "one.test").err()), "lookup one.test: input/output error"); });
    }
    all.wait();
  });
  EXPECT_EQ(r.calls, 1);
}

TEST(lookup_slow, goes_on_64_times_at_once) {
  const int hosts = static_cast<int>(std::max<std::int64_t>(tests::scaled(500), 200));
  slow_resolver r{.takes = 20ms};
  with_resolver(r, [hosts] {
    sync::wait_group all;
    for (int i = 0; i < hosts; ++i) {
      all.go([i] { EXPECT_NE(net::lookup_host(background, "h" + std::to_string(i) + ".test").err(), nil); });
    }
    all.wait();
  });
  EXPECT_EQ(r.calls, hosts);
  EXPECT_LE(r.most, 64);
  EXPECT_GT(r.most, 8);
}

TEST(lookup_slow, that_outlasts_its_run_answers_the_next) {
  slow_resolver r{.takes = 100ms};
  runtime::sys::set_fault(&slow_resolver::look_up, &r);
  run([] {
    const auto [ctx, cancel] = context::with_timeout(background, 10ms);
    EXPECT_NE(net::lookup_host(ctx, "old.test").err(), nil);
  });
  run([] {
    EXPECT_EQ(to_string(net::lookup_host(background, "old.test").err()), "lookup old.test: input/output error");
    sleep(5ms);  // its thread is on its way out
  });
  runtime::sys::set_fault(nullptr, nullptr);
}

int refuse_threads(runtime::sys::call c, void* on) noexcept {
  return c == runtime::sys::call::create_thread && static_cast<std::atomic<bool>*>(on)->load() ? EAGAIN : 0;
}

TEST(lookup_slow, without_a_thread_says_so) {
  error err;
  std::atomic<bool> refuses{false};
  runtime::sys::set_fault(&refuse_threads, &refuses);
  run(run_options{.max_procs = 1}, [&] {
    sleep(1ms);
    refuses = true;
    err = net::lookup_host(background, "a.test").err();
    refuses = false;
  });
  runtime::sys::set_fault(nullptr, nullptr);
  EXPECT_EQ(to_string(err), "lookup a.test: resource temporarily unavailable");
  EXPECT_TRUE(net::is_temporary(err));
}

}  // namespace
