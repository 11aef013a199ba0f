// SPDX-License-Identifier: MIT

// The contract of timer channels since Go 1.23, for timers and tickers. Go: TestChan.

#include <chrono>
#include <utility>

#include <warren/channels/channel.hpp>
#include <warren/channels/core.hpp>
#include <warren/channels/select.hpp>
#include <warren/runtime/go.hpp>
#include <warren/runtime/spinlock.hpp>
#include <warren/time/sleep.hpp>
#include <warren/time/ticker.hpp>
#include <warren/time/timer.hpp>

#include "test.hpp"

namespace warren {
namespace {

using namespace std::chrono_literals;
using time_chan = recv_chan<clock::time_point>;

constexpr auto sched = 10ms;
constexpr int tries = 500;

/// A ticker whose stop and reset tell what a timer's do.
struct ticker_timer {
  explicit ticker_timer(std::chrono::seconds d) : k(d) {}
  time_chan c() const { return k.c(); }
  bool stop() {
    k.stop();
    return !std::exchange(stopped, true);
  }
  template <class D>
  bool reset(D d) {
    k.reset(d);
    return !std::exchange(stopped, false);
  }

  ticker k;
  bool stopped = false;
};

template <class Timer>
class contract {
 public:
  static constexpr bool is_ticker = std::is_same_v<Timer, ticker_timer>;

  contract() : tim_(10'000s), c_(tim_.c()) {}

  void check() {
    never_in_heap();
    stopped_and_reset_while_awaited();
    two_receivers();
    receivers_of_a_stopped_one();
    no_old_values();
  }

 private:
  void no_tick() { EXPECT_EQ(select(recv(c_), otherwise), 1) << "extra tick"; }

  void tick() {
    for (int i = 0; i < tries; i++) {
      if (select(recv(c_), otherwise) == 0) return;
      sleep(sched);
    }
    ADD_FAILURE() << "missing tick";
  }

  static void not_done(const chan<bool>& done) { EXPECT_EQ(select(recv(done), otherwise), 1) << "early done"; }

  static void wait_done(const chan<bool>& done) {
    for (int i = 0; i < tries; i++) {
      sleep(sched);
      if (select(recv(done), otherwise) == 0) return;
    }
    FAIL() << "never got done";
  }

  void never_in_heap() {
    tim_.stop();
    no_tick();
    tim_.reset(10'000s);
    no_tick();

    tim_.reset(1ns);
    sleep(sched);
    EXPECT_EQ(c_.len(), 0u);
    EXPECT_EQ(c_.cap(), 0u);
    tick();

    // A second tick must have come if it is a ticker; the reset takes it back.
    sleep(sched);
    tim_.reset(10'000s);
    no_tick();
  }

  void stopped_and_reset_while_awaited() {
    tim_.reset(10'000s);
    auto done = make_chan<bool>();
    not_done(done);
    go([c = c_, done] {
      c.recv();
      done.close();
    });
    sleep(sched);
    not_done(done);

    tim_.reset(20'000s);
    sleep(sched);
    not_done(done);

    tim_.reset(1ns);
    wait_done(done);
    if (is_ticker) {
      tick();
    } else {
      no_tick();
    }
    tim_.stop();
    no_tick();
  }

  void two_receivers() {
    tim_.reset(10'000s);
    auto done = make_chan<bool>(2);
    auto stop = make_chan<bool>();
    chan<bool> ended[2] = {make_chan<bool>(), make_chan<bool>()};
    for (const chan<bool>& end : ended) {
      go([c = c_, done, stop, end] {
        if (select(recv(c), recv(stop)) == 0) done << true;
        end.close();
      });
    }
    sleep(sched);
    not_done(done);
    tim_.reset(sched / 2);
    sleep(sched);
    wait_done(done);
    tim_.stop();
    stop.close();
    wait_done(ended[0]);
    wait_done(ended[1]);
    if (is_ticker) {
      // A second tick may have come to the other receiver, and one after that to nobody.
      select(recv(done), otherwise);
      select(recv(c_), otherwise);
    }
    not_done(done);
  }

  void receivers_of_a_stopped_one() {
    auto stop = make_chan<bool>();
    auto done = make_chan<bool>(2);
    for (int i = 0; i < 2; i++) {
      go([c = c_, stop, done] {
        EXPECT_EQ(select(recv(c), recv(stop)), 1) << "unexpected data";
        done << true;
      });
    }
    sleep(sched);
    stop.close();
    wait_done(done);
    wait_done(done);
  }

  void no_old_values() {
    tim_.reset(1ns);
    sleep(sched);
    EXPECT_TRUE(tim_.stop()) << "expired and not received";
    no_tick();

    tim_.reset(1h);
    no_tick();
    EXPECT_TRUE(tim_.reset(1ns));
    tick();
    sleep(sched);
    if (is_ticker) {
      tick();
      sleep(sched);
    } else {
      no_tick();
    }
    EXPECT_EQ(tim_.reset(1h), is_ticker);
    no_tick();
    tim_.stop();
  }

  Timer tim_;
  time_chan c_;
};

struct plain_timer : timer {
  explicit plain_timer(std::chrono::seconds d) : timer(d) {}
};

WARREN_TEST(timer_channel, TestChan_Timer) { contract<plain_timer>().check(); }
WARREN_TEST(timer_channel, TestChan_Ticker) { contract<ticker_timer>().check(); }

/// Fires while the only receiver is a select that another case has decided already, but which has not left the queue yet:
/// its value goes into the ring.
template <class Timer>
void fire_past_a_decided_select(Timer& t) {
  channels::core* ch = t.c().untyped().get();
  channels::select_claim decided{1};
  channels::channel_waiter w(ch, nullptr, false);
  w.position = 0;
  w.who = nullptr;
  w.claim = &decided;
  {
    const runtime::spin_guard guard(ch->lock);
    ch->enqueue(&w);
  }
  t.reset(1ms);
  while (ch->drained()) sleep(1ms);
  const runtime::spin_guard guard(ch->lock);
  ch->dequeue(&w);
}

WARREN_TEST(timer_channel, what_a_decided_select_left_behind_is_old) {
  timer t(1h);
  fire_past_a_decided_select(t);
  EXPECT_TRUE(t.stop()) << "nobody received it";
  EXPECT_EQ(select(recv(t.c()), otherwise), 1);
  fire_past_a_decided_select(t);
  EXPECT_TRUE(t.reset(1h));
  EXPECT_EQ(select(recv(t.c()), otherwise), 1);
  ticker k(1h);
  fire_past_a_decided_select(k);
  k.reset(1h);
  EXPECT_EQ(select(recv(k.c()), otherwise), 1);
  fire_past_a_decided_select(k);
  k.stop();
  EXPECT_EQ(select(recv(k.c()), otherwise), 1);
}

}  // namespace
}  // namespace warren
