// SPDX-License-Identifier: MIT
// Memory that is not there, and code of users that throws, in everything but sockets: whatever it is that fails once, what
// was asked for has not happened, can be asked for again, and nobody waits who should not.

#include <gtest/gtest.h>

#include <warren/warren.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fault_plan.hpp"
#include "test.hpp"

namespace {

using namespace warren;
using namespace std::chrono_literals;
using tests::again;
using tests::fault;
using tests::sweep;
using tests::sweep_options;
using tests::under_faults;

/// A value whose copies need memory, and may throw besides. Moves do neither, as a channel asks.
class parcel {
 public:
  parcel() = default;
  explicit parcel(int number) : what_(std::make_unique<int>(number)) { tests::may_throw(); }
  parcel(const parcel& other)
      : what_(other.what_ == nullptr ? nullptr : std::make_unique<int>(*other.what_)) {
    tests::may_throw();
  }
  parcel(parcel&&) noexcept = default;
  parcel& operator=(const parcel& other) { return *this = parcel(other); }
  parcel& operator=(parcel&&) noexcept = default;
  bool operator==(const parcel& other) const {
    tests::may_throw();
    return number() == other.number();
  }
  int number() const noexcept { return what_ == nullptr ? -1 : *what_; }

 private:
  std::unique_ptr<int> what_;
};

struct parcel_hash {
  std::size_t operator()(const parcel& p) const {
    tests::may_throw();
    return static_cast<std::size_t>(p.number() % 3);
  }
};

/// The body with each of its allocations failing, then with each place where the user's code may throw.
void sweep_values(const std::string& name, const std::function<void()>& body) {
  const sweep_options o{.workers = {1, 4}, .most = 400, .same_memory = true};
  sweep(name + ", memory", fault::of_new(), body, o);
  sweep(name + ", the user's code", fault::of_users_code(), body, o);
}

void sweep_memory(const std::string& name, const std::function<void()>& body) {
  sweep(name, fault::of_new(), body, {.workers = {1, 4}, .most = 400, .same_memory = true});
}

// --- channels

/// Sends 0, 1, 2, … n - 1, each once.
void send_all(const send_chan<parcel>& to, int n) {
  for (int i = 0; i < n; ++i) {
    again([&] {
      const parcel p(i);
      to.send(p);
    });
  }
}

void expect_all(const recv_chan<parcel>& from, int n) {
  int wanted = 0;
  for (const parcel& p : from) EXPECT_EQ(p.number(), wanted++);
  EXPECT_EQ(wanted, n);
}

TEST(channels, lose_and_double_nothing_when_a_value_cannot_be_copied) {
  for (const std::size_t room : {0u, 1u, 3u}) {
    sweep_values("a channel with room for " + std::to_string(room), [room] {
      constexpr int n = 8;
      const under_faults now;
      const auto c = again([&] { return make_chan<parcel>(room); });
      sync::wait_group sender;
      again([&] {
        sender.go([c] {
          send_all(c, n);
          c.close();
        });
      });
      expect_all(c, n);
      sender.wait();
    });
  }
}

TEST(channels, take_what_is_tried_or_leave_it_whole) {
  sweep_values("try_send, try_recv", [] {
    const under_faults now;
    const auto c = again([] { return make_chan<parcel>(2); });
    const parcel p = again([] { return parcel(7); });
    EXPECT_TRUE(again([&] { return c.try_send(p); }));
    EXPECT_EQ(p.number(), 7);
    EXPECT_TRUE(again([&] { return c.try_send(parcel(8)); }));
    EXPECT_FALSE(again([&] { return c.try_send(p); }));
    EXPECT_EQ(c.len(), 2u);
    EXPECT_EQ(c.recv().number(), 7);
    EXPECT_EQ(c.recv().number(), 8);
    EXPECT_EQ(c.len(), 0u);
    c.close();
  });
}

// --- select

TEST(select_, sends_once_or_not_at_all) {
  sweep_values("a select that sends", [] {
    constexpr int n = 6;
    const under_faults now;
    const auto a = again([] { return make_chan<parcel>(); });
    const auto b = again([] { return make_chan<parcel>(1); });
    std::array<std::atomic<int>, n> got{};
    sync::wait_group receivers;
    for (const auto& c : {a, b}) {
      again([&, c] {
        receivers.go([&got, c] {
          for (const parcel& p : c) got.at(static_cast<std::size_t>(p.number())).fetch_add(1);
        });
      });
    }
    for (int i = 0; i < n; ++i) {
      again([&] {
        const parcel p(i);
        select(send(a, p), send(b, p));
      });
    }
    a.close();
    b.close();
    receivers.wait();
    for (const auto& times : got) EXPECT_EQ(times.load(), 1);
  });
}

/// A handler that throws has been given its value: that one is gone, and it alone.
TEST(select_, is_over_when_a_handler_throws) {
  const auto handle_all = [] {
    constexpr int n = 6;
    const auto c = make_chan<int>(n);
    const auto never = make_chan<int>();
    for (int i = 0; i < n; ++i) c.send(i);
    int handled = 0;
    int thrown = 0;
    const under_faults now;
    for (int i = 0; i < n; ++i) {
      try {
        select(recv(never), recv(c, [&](int v) {
                 tests::may_throw();
                 EXPECT_EQ(v, i);
                 ++handled;
               }));
      } catch (const tests::users_error&) {
        ++thrown;
      }
    }
    EXPECT_EQ(handled + thrown, n);
    EXPECT_LE(thrown, 1);
    EXPECT_EQ(c.len(), 0u);
  };
  sweep("a handler that throws", fault::of_users_code(), handle_all,
        {.workers = {1, 4}, .same_memory = true});
}

TEST(select_, of_cases_known_at_run_time_sends_once_or_not_at_all) {
  sweep_values("a select over twenty channels", [] {
    constexpr std::size_t channels = 20;
    constexpr int n = 4;
    const under_faults now;
    std::vector<chan<parcel>> all;
    again([&] { all.reserve(channels); });
    while (all.size() < channels) all.push_back(again([] { return make_chan<parcel>(n); }));
    for (int i = 0; i < n; ++i) {
      again([&] {
        std::vector<select_case> cases;
        for (const auto& c : all) cases.push_back(send(c, parcel(i)));
        select(cases);
      });
    }
    int sum = 0;
    std::size_t buffered = 0;
    for (const auto& c : all) buffered += c.len();
    EXPECT_EQ(buffered, static_cast<std::size_t>(n));
    again([&] {
      std::vector<select_case> cases;
      for (const auto& c : all) cases.push_back(recv(c, [&sum](parcel p) { sum += p.number(); }));
      cases.push_back(otherwise);
      while (select(cases) != static_cast<int>(channels)) {
      }
    });
    EXPECT_EQ(sum, 0 + 1 + 2 + 3);
  });
}

// --- goroutines and timers

TEST(goroutines, begin_or_do_not) {
  sweep_values("go", [] {
    constexpr int n = 5;
    const under_faults now;
    std::atomic<int> ran{0};
    const auto done = again([] { return make_chan<void>(n); });
    const std::array<char, 300> much{};  // has no room in a control block
    for (int i = 0; i < n; ++i) {
      const auto count = [&ran, i, done](const parcel& p) {
        EXPECT_EQ(p.number(), i);
        ran.fetch_add(1, std::memory_order_relaxed);
        done.send();
      };
      again([&] { go({.name = "counts"}, count, parcel(i)); });
      again([&] {
        go([done, much, p = parcel(i)] {
          static_cast<void>(much);
          static_cast<void>(p);
          done.send();
        });
      });
    }
    for (int i = 0; i < 2 * n; ++i) done.recv();
    EXPECT_EQ(ran.load(), n);
  });
}

TEST(timers, are_armed_or_are_not) {
  sweep_values("timers", [] {
    const under_faults now;
    const timer t = again([] { return timer(1ms); });
    const ticker k = again([] { return ticker(1ms); });
    const auto done = again([] { return make_chan<int>(1); });
    const timer f = again([&] { return after_func(1ms, [done, p = parcel(3)] { done.send(p.number()); }); });
    const auto late = again([] { return time_after(1h); });
    t.c().recv();
    k.c().recv();
    k.stop();
    EXPECT_EQ(done.recv(), 3);
    EXPECT_FALSE(f.stop());
    EXPECT_EQ(select(recv(late), otherwise), 1);
  });
}

// --- contexts

TEST(contexts, are_made_or_are_not) {
  sweep_values("contexts", [] {
    const under_faults now;
    const auto [root, cancel] = again([] { return context::with_cancel(context::background()); });
    const context with = again([&, root = root] { return context::with_value(root, parcel(1), parcel(2)); });
    const auto [child, cancel_child] = again([&] { return context::with_cancel_cause(with); });
    const auto [late, cancel_late] = again([&, child = child] { return context::with_timeout(child, 1h); });
    const context apart = again([&, late = late] { return context::without_cancel(late); });
    std::atomic<int> called{0};
    const auto stop = again([&, late = late] { return context::after_func(late, [&called] { ++called; }); });
    const auto kept = again([&, late = late] { return context::after_func(late, [&called] { ++called; }); });
    EXPECT_TRUE(kept());
    EXPECT_EQ(again([&, late = late] { return late.value(parcel(1)).as<parcel>().number(); }), 2);
    const auto ended = again([&, late = late] { return late.done(); });
    cancel();
    ended.recv();
    EXPECT_EQ(late.err(), context::canceled);
    EXPECT_EQ(apart.err(), nil);
    EXPECT_TRUE(tests::eventually([&] { return called.load() == 1; }));
    EXPECT_FALSE(stop());
    cancel_child(nil);
    cancel_late();
  });
}

// --- sync

TEST(sync_, map_changes_or_does_not) {
  sweep_values("map", [] {
    constexpr int n = 12;
    const under_faults now;
    sync::map<parcel, parcel, parcel_hash> m;
    for (int i = 0; i < n; ++i) again([&] { m.store(parcel(i), parcel(10 * i)); });
    again([&] { m.store(parcel(3), parcel(31)); });
    EXPECT_FALSE(again([&] { return m.load_or_store(parcel(n), parcel(10 * n)); }).second);
    EXPECT_TRUE(again([&] { return m.compare_and_swap(parcel(4), parcel(40), parcel(41)); }));
    again([&] { m.delete_(parcel(5)); });
    again([&] { m.delete_(parcel(77)); });
    EXPECT_EQ(again([&] { return m.load(parcel(3)); }).first.number(), 31);
    EXPECT_EQ(again([&] { return m.load(parcel(4)); }).first.number(), 41);
    EXPECT_FALSE(again([&] { return m.load(parcel(5)); }).second);
    const int sum = again([&] {
      int s = 0;
      m.range([&](const parcel& k, const parcel& v) {
        tests::may_throw();
        s += 1000 * k.number() + v.number();
      });
      return s;
    });
    EXPECT_EQ(sum, 1010 * (0 + 1 + 2 + 3 + 4 + 6 + 7 + 8 + 9 + 10 + 11 + 12) + 1 + 1);
  });
}

TEST(sync_, pool_gives_what_there_is_or_makes_one) {
  sweep_values("pool", [] {
    const under_faults now;
    sync::pool p([] { return parcel(1); });
    for (int i = 0; i < 3; ++i) {
      parcel a = again([&] { return p.get(); });
      parcel b = again([&] { return p.get(); });
      EXPECT_EQ(a.number() + b.number(), 2);
      p.put(std::move(a));
      p.put(std::move(b));
    }
  });
}

TEST(sync_, once_and_its_kin_call_once) {
  sweep_values("once", [] {
    const under_faults now;
    int calls = 0;
    sync::once o;
    again([&] {
      o.do_([&] {
        ++calls;
        tests::may_throw();
      });
    });
    EXPECT_EQ(calls, 1) << "one that throws counts as made";
    // The same exception for all who ask: a second function is needed where the first has thrown.
    EXPECT_EQ(again([] { return sync::once_value([] { return parcel(5); })().number(); }), 5);
    again([] { sync::once_func([] { tests::may_throw(); })(); });
  });
}

TEST(sync_, groups_wait_for_those_that_have_begun) {
  sweep_values("wait_group, errgroup", [] {
    const under_faults now;
    std::atomic<int> sum{0};
    sync::wait_group w;
    for (int i = 1; i <= 3; ++i) {
      again([&] { w.go([&sum, p = parcel(i)] { sum += p.number(); }); });
    }
    w.wait();
    EXPECT_EQ(sum.load(), 6);
    const auto [ctx, cancel] = again([] { return context::with_cancel(context::background()); });
    again([&, ctx = ctx] {
      errgroup::group g(ctx);
      g.set_limit(2);
      for (int i = 1; i <= 3; ++i) {
        again(
            [&] { g.go([p = parcel(i)]() -> error { return p.number() == 2 ? context::canceled : nil; }); });
      }
      EXPECT_EQ(g.wait(), context::canceled);
    });
    cancel();
  });
}

TEST(sync_, singleflight_gives_to_all_or_throws_to_all) {
  sweep_values("singleflight", [] {
    const under_faults now;
    const auto g = again([] { return std::make_unique<singleflight::group<parcel>>(); });
    EXPECT_EQ(again([&] { return g->do_("a", [] { return parcel(4); }); }).value.number(), 4);
    sync::wait_group all;
    std::atomic<int> got{0};
    for (int i = 0; i < 4; ++i) {
      again([&] {
        all.go([&] {
          const auto ask = [&] {
            return g->do_("b", [] {
              gosched();
              return parcel(5);
            });
          };
          // One exception may reach several of them.
          for (;;) {
            try {
              got += ask().value.number();
              return;
            } catch (const std::exception&) {
            }
          }
        });
      });
    }
    all.wait();
    EXPECT_EQ(got.load(), 20);
  });
}

TEST(sync_, semaphores_are_taken_or_are_not) {
  sweep_memory("semaphore", [] {
    const under_faults now;
    sync::semaphore s(2);
    std::atomic<int> held{0};
    sync::wait_group all;
    for (int i = 1; i <= 4; ++i) {
      again([&] {
        all.go([&s, &held, tokens = i / 2] {
          again([&] { EXPECT_EQ(s.acquire(context::background(), tokens), nil); });
          EXPECT_LE(held += tokens, 2);
          gosched();
          held -= tokens;
          s.release(tokens);
        });
      });
    }
    all.wait();
    EXPECT_TRUE(s.try_acquire(2));
  });
}

TEST(waiting, asks_for_no_memory) {
  const std::int64_t before = tests::live_allocations();
  tests::set_plan({fault::of_new(tests::ever)});
  run(run_options{.max_procs = 4}, [] {
    sync::mutex m;
    sync::rw_mutex rw;
    sync::cond changed;
    bool ready = false;
    int sum = 0;
    sync::wait_group all;
    const auto c = make_chan<int>(1);
    for (int i = 0; i < 4; ++i) {
      all.go([&] {
        m.lock();
        while (!ready) changed.wait(m);
        ++sum;
        m.unlock();
        rw.lock();
        ++sum;
        rw.unlock();
        c.send(1);
        c.recv();
        select(send(c, 2), recv(c));
        select(recv(c), otherwise);
        sleep(100us);
      });
    }
    const under_faults now;  // an exception would leave a goroutine, and end all
    m.lock();
    ready = true;
    changed.broadcast();
    m.unlock();
    all.wait();
    EXPECT_EQ(sum, 8);
  });
  EXPECT_LE(tests::live_allocations(), before + 50) << "beside what the runtime makes once";
}

TEST(pipes, and_signals_are_there_or_are_not) {
  sweep_memory("pipe", [] {
    const under_faults now;
    auto [a, b] = again([] { return net::pipe(); });
    sync::wait_group reader;
    again([&, b = b] {
      reader.go([b] {
        char some[10];
        std::size_t n = 0;
        while (n < 5) n += b.read(some).value();
        again([&] { b.close(); });
      });
    });
    EXPECT_EQ(again([&, a = a] { return a.write("hello").value(); }), 5u);
    reader.wait();
    again([&, a = a] { a.close(); });
  });
  const auto notified = [] {
    const auto c = make_chan<int>(1);
    {
      const under_faults now;
      again([&] { signals::notify(c, SIGUSR1); });
    }
    // Without memory for its record the thread that delivers would end the program.
    ::raise(SIGUSR1);
    EXPECT_EQ(c.recv(), SIGUSR1);
    const under_faults now;
    signals::stop(c);
    const auto [ctx, stop] = again([] { return signals::notify_context(context::background(), SIGUSR1); });
    EXPECT_EQ(ctx.err(), nil);
    again([&, stop = stop] { stop(); });
    EXPECT_EQ(ctx.err(), context::canceled);
  };
  // The thread that delivers ends by itself, and with it what it has.
  sweep("notify, memory", fault::of_new(), notified, {.workers = {1, 4}});
  // The thread of the round before may live still, and then none is started.
  std::int64_t met = 0;
  for (int i = 0; i < 1000 && met == 0; ++i) {
    met =
        tests::run_with_faults("notify", {fault::of(tests::system_call::create_thread, EAGAIN)}, 1, notified);
  }
  EXPECT_EQ(met, 1);
}

}  // namespace
