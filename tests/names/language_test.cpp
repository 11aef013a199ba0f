// SPDX-License-Identifier: MIT
// Goroutines, channels, select, time, context, errors and sync, as programs write them.
#include "names.hpp"

#include <any>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "test.hpp"

namespace {

error operation1(context) {
  sleep(5ms);
  return errors::make("failed");
}

string operation2(context ctx) {
  string what;
  select(
      recv(time_after(10s), [&] { what = "done"; }),
      recv(ctx.done(), [&] { what = "halted operation2"; }));
  return what;
}

WARREN_TEST(names, of_the_seed_operations) {
  context bg = context::background();
  auto [ctx, cancel] = context::with_cancel(bg);
  sync::wait_group wg;
  string what;
  wg.go([ctx, &what] { what = operation2(ctx); });
  error err = operation1(ctx);
  if (err != nil) cancel();
  wg.wait();
  EXPECT_EQ(what, "halted operation2");
}

struct fav_context_key {
  string name;
  bool operator==(const fav_context_key&) const = default;
};

WARREN_TEST(names, of_the_seed_with_value) {
  auto f = [](context ctx, fav_context_key k) {
    if (auto v = ctx.value(k)) return "found value: " + v.as<string>();
    return "key not found: " + k.name;
  };
  fav_context_key k{"language"};
  context ctx = context::with_value(context::background(), k, "Go");
  EXPECT_EQ(f(ctx, k), "found value: Go");
  EXPECT_EQ(f(ctx, fav_context_key{"color"}), "key not found: color");
}

struct stack_free {
  int n = 0;
  void add(int by) { n += by; }
};

WARREN_TEST(names, of_goroutines) {
  auto done = make_chan<int>(8);
  go([=] { done.send(1); });
  go(go_options{.name = "reader", .stack_size = 1 << 16}, [=] { done << 2; });
  go([](chan<int> c, unique_ptr<int> v) { c.send(*v); }, done, make_unique<int>(3));
  stack_free counted;
  go([&] {
    counted.add(4);
    done.send(counted.n);
    goexit();
  });
  int sum = 0;
  for (int i = 0; i < 4; ++i) sum += done.recv();
  EXPECT_EQ(sum, 10);
  gosched();
  EXPECT_GE(num_cpu(), 1);
  EXPECT_GE(gomaxprocs(), 1);
  EXPECT_GE(num_goroutine(), 1);
  lock_os_thread();
  unlock_os_thread();
  int file = blocking([] { return ::dup(0); });
  EXPECT_GE(file, 0);
  close(file);
  try {
    panic("text");
  } catch (const panic_error& e) {
    EXPECT_STREQ(e.what(), "text");
  }
  try {
    panic(errors::make("an error"));
  } catch (const panic_error& e) {
    EXPECT_EQ(e.err().message(), "an error");
  }
  {
    defer _ = [&] { sum = 0; };
    defer _2 = [&] { sum += 1; };
    WARREN_DEFER { sum += 1; };
    EXPECT_EQ(sum, 10);
  }
  EXPECT_EQ(sum, 0);
}

WARREN_TEST(names, of_channels) {
  chan<int> none;
  EXPECT_TRUE(none == nil);
  chan<int> c = make_chan<int>(3);
  c << 1;
  c.send(2);
  EXPECT_TRUE(c.try_send(3));
  EXPECT_EQ(c.len(), 3);
  EXPECT_EQ(c.cap(), 3);
  int v = c.recv();
  EXPECT_TRUE(c >> v);
  auto [v2, ok] = c.recv_ok();
  EXPECT_EQ(v2, 3);
  EXPECT_TRUE(ok);
  recv_status s = c.try_recv(v);
  EXPECT_EQ(s, recv_status::empty);
  send_chan<int> out = c;
  recv_chan<int> in = c;
  go([=] {
    for (int i = 0; i < 3; ++i) out.send(i);
    out.close();
  });
  int sum = 0;
  for (int x : in) sum += x;
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(in.recv_opt(), nullopt);
  unordered_map<chan<int>, int> by_chan{{c, 1}};
  EXPECT_EQ(by_chan[c], 1);
  chan<void> signal = make_chan<void>(1);
  signal.send();
  EXPECT_TRUE(signal.recv());
  EXPECT_TRUE(signal.try_send());
  EXPECT_EQ(signal.try_recv(), recv_status::value);
  chan<any> anything = make_chan<any>(1);
  anything.send(string("any"));
  EXPECT_EQ(any_cast<string>(anything.recv()), "any");
  try {
    out.send(1);
  } catch (const channel_error& e) {
    EXPECT_STREQ(e.what(), "send on closed channel");
  }
}

WARREN_TEST(names, of_select) {
  chan<int> a = make_chan<int>(1), b, d = make_chan<int>(1);
  a << 1;
  string ran;
  select(recv(a, [&](int v) { ran = "a" + to_string(v); }),
         recv(b, [&](int, bool) { ran = "b"; }),
         otherwise([&] { ran = "none"; }));
  EXPECT_EQ(ran, "a1");
  int v = 0;
  bool ok = false;
  switch (select(recv(a, v), recv(b, v, ok), send(d, 5), otherwise)) {
    case 2: ran = "sent"; break;
    case 3: ran = "otherwise"; break;
  }
  EXPECT_EQ(ran, "sent");
  vector<select_case> cases;
  cases.push_back(recv(d, v));
  cases.push_back(send(b, 1));
  EXPECT_EQ(select(cases), 0);
  EXPECT_EQ(v, 5);
  a = nil;
  EXPECT_EQ(select(recv(a), otherwise), 1);
}

WARREN_TEST(names, of_time) {
  auto began = warren::clock::now();
  sleep(1ms);
  sleep_until(clock::now() + 1ms);
  EXPECT_GE(since(began), 2ms);
  EXPECT_LE(until(began), 0ms);
  timer t(1ms);
  t.c().recv();
  EXPECT_FALSE(t.stop());
  t.reset(1h);
  EXPECT_TRUE(t.stop());
  ticker k(1ms);
  int n = 0;
  for ([[maybe_unused]] auto at : k.c()) {
    if (++n == 2) break;
  }
  k.stop();
  k.reset(1h);
  chan<int> c = make_chan<int>(1);
  timer after = after_func(1ms, [=] { c.send(1); });
  EXPECT_EQ(c.recv(), 1);
  after = nil;
  EXPECT_TRUE(after == nil);
  recv_chan<warren::clock::time_point> ticks = tick(1ms);
  ticks.recv();
}

WARREN_TEST(names, of_context) {
  auto [ctx, cancel] = context::with_timeout(context::background(), 1h);
  context below = context::without_cancel(ctx);
  error err;
  cancel_func c2;
  tie(below, c2) = context::with_deadline(ctx, warren::clock::now() + 1h);
  tie(below, ignore) = context::with_timeout_cause(ctx, 1h, errors::make("too late"));
  auto [cctx, with_cause] = context::with_cancel_cause(ctx);
  with_cause(errors::make("why"));
  EXPECT_EQ(context::cause(cctx).message(), "why");
  chan<int> told = make_chan<int>(1);
  auto stop = context::after_func(ctx, [=] { told.send(1); });
  EXPECT_TRUE(ctx.deadline().has_value());
  cancel();
  EXPECT_EQ(told.recv(), 1);
  EXPECT_FALSE(stop());
  EXPECT_TRUE(ctx.err() == context::canceled);
  EXPECT_EQ(to_string(context::todo()), "context.TODO");
  EXPECT_EQ(context::background().done(), nil);
  c2();
  defer _ = cancel;
}

WARREN_TEST(names, of_sync) {
  sync::mutex mu;
  sync::rw_mutex rw;
  sync::cond cond;
  sync::once once;
  sync::semaphore weighted(2);
  bool ready = false;
  {
    lock_guard guard(mu);
    unique_lock<sync::rw_mutex> writing(rw);
  }
  {
    shared_lock reading(rw);
    scoped_lock both(mu);
  }
  sync::wait_group wg;
  wg.add(1);
  go([&] {
    defer _ = [&] { wg.done(); };
    lock_guard guard(mu);
    ready = true;
    cond.broadcast();
  });
  {
    unique_lock lock(mu);
    cond.wait(lock, [&] { return ready; });
  }
  wg.wait();
  int n = 0;
  once.do_([&] { ++n; });
  once.do_([&] { ++n; });
  auto value = sync::once_value([&] { return ++n; });
  EXPECT_EQ(value() + value(), 4);
  EXPECT_EQ(weighted.acquire(context::background(), 2), nil);
  weighted.release(2);
  errgroup::group g(context::background());
  g.set_limit(2);
  g.go([]() -> error { return nil; });
  g.go([] { return errors::wrap("x", errors::make("y")); });
  error err = g.wait();
  EXPECT_EQ(err.message(), "x: y");
  EXPECT_TRUE(g.ctx().err() != nil);
  atomic<int> counter{0};
  counter.fetch_add(1);
  EXPECT_EQ(counter.load(), 1);
}

TEST(names, of_synctest) {
  synctest::test([] {
    bool done = false;
    go([&] {
      sleep(1h);
      done = true;
    });
    synctest::sleep(1h);
    synctest::wait();
    EXPECT_TRUE(done);
  });
  const synctest::exploration explored = synctest::explore({.seeds = 3}, [] { gosched(); });
  EXPECT_EQ(explored.runs, 3U);
}

WARREN_TEST(names, of_pool_and_map) {
  sync::pool<string> buffers{[] { return string("new"); }};
  string buffer = buffers.get();
  EXPECT_EQ(buffer, "new");
  buffers.put(std::move(buffer));
  sync::pool<unique_ptr<int>> numbers;
  numbers.new_ = [] { return make_unique<int>(1); };
  EXPECT_EQ(*numbers.get(), 1);

  sync::map<string, int> m;
  m.store("one", 1);
  auto [v, ok] = m.load("one");
  EXPECT_TRUE(ok);
  auto [actual, loaded] = m.load_or_store("one", 2);
  EXPECT_TRUE(loaded);
  tie(v, ok) = m.swap("one", 3);
  EXPECT_EQ(v, actual);
  EXPECT_TRUE(m.compare_and_swap("one", 3, 4));
  EXPECT_FALSE(m.compare_and_delete("one", 3));
  m.range([&](const string& key, int value) {
    v = value;
    return key != "one";
  });
  m.range([&](auto& key, auto& value) { EXPECT_EQ(key + to_string(value), "one4"); });
  if (auto [old, there] = m.load_and_delete("one"); there) v += old;
  EXPECT_EQ(v, 8);
  m.delete_("one");
  m.clear();
}

WARREN_TEST(names, of_singleflight) {
  singleflight::group<string> g;
  auto [v, err, shared] = g.do_("key", []() -> result<string> { return {"value", nil}; });
  EXPECT_EQ(v, "value");
  EXPECT_TRUE(err == nil);
  EXPECT_FALSE(shared);
  recv_chan<singleflight::outcome<string>> ch = g.do_chan("key", [] { return "value"s; });
  select(recv(ch, [&](singleflight::outcome<string> r) { tie(v, err, shared) = tie(r.value, r.err, r.shared); }),
         recv(time_after(10s), [] { ADD_FAILURE(); }));
  EXPECT_EQ(v, "value");
  g.forget("key");
  singleflight::group<int, int> numbers;
  EXPECT_EQ(numbers.do_(1, [] { return 2; }).value, 2);
}

// POSIX's functions are still there under their own names.
TEST(names, of_posix_are_still_there) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  char byte = 'x';
  EXPECT_EQ(send(pair[0], &byte, 1, 0), 1);
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(pair[1], &readable);
  timeval now{};
  EXPECT_EQ(select(pair[1] + 1, &readable, nullptr, nullptr, &now), 1);
  EXPECT_EQ(recv(pair[1], &byte, 1, 0), 1);
  EXPECT_EQ(::listen(-1, 1), -1);
  close(pair[0]);
  close(pair[1]);
}

}  // namespace
